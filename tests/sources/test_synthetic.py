"""Synthetic portraits: if these fail, sets cannot be repeated, or tones and people are not as promised."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from cyclegan_glasses.collect.synthetic import draw_set, is_complete
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.overlays.settings import PUPILS
from cyclegan_glasses.photo import latest_photos, manifest_hash
from cyclegan_glasses.portraits.beard import STYLES
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.head import pose_of
from cyclegan_glasses.portraits.palette import hair_weights
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait
from cyclegan_glasses.sources.synthetic import SyntheticSource

pytestmark = pytest.mark.slow

SMALL = SyntheticSource(count=6, size=48, seed=4, test=2)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set, drawn by one process."""
    out = tmp_path_factory.mktemp("synthetic") / "set"
    list(draw_set(SMALL, out, workers=1))
    return out


def pixels(path: Path) -> np.ndarray:
    """A picture as it lies on disk."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def test_a_portrait_depends_on_its_seed_and_number_alone(drawn: Path) -> None:
    alone = draw_portrait(random_portrait(4, 1_000_002), 48).image
    assert (pixels(drawn / "trainB" / "1000002.png")[..., ::-1] == alone).all()
    assert (draw_portrait(random_portrait(5, 1_000_002), 48).image != alone).mean() > 0.5


def test_the_bytes_do_not_depend_on_the_number_of_processes(drawn: Path, tmp_path: Path) -> None:
    list(draw_set(SMALL, tmp_path / "two", workers=2))
    assert bytes_of(tmp_path / "two") == bytes_of(drawn)


def test_a_larger_set_keeps_the_portraits_of_a_smaller_one(drawn: Path, tmp_path: Path) -> None:
    list(draw_set(SyntheticSource(7, 48, 4, 2), tmp_path / "more", workers=1))
    more = bytes_of(tmp_path / "more")
    assert all(more[name] == data for name, data in bytes_of(drawn).items() if name.endswith(".png"))


def test_parts_and_counts(drawn: Path) -> None:
    counts = Counter(path.parent.name for path in drawn.rglob("*.png"))
    assert counts == {"trainA": 3, "trainB": 3, "trainM": 3, "testA": 2, "testB": 2, "testM": 2}
    photos = latest_photos(drawn)
    assert len(photos) == 10
    for path, photo in photos.items():
        assert photo.label == ("glasses" if "A/" in path else "none")
        assert photo.split == path[: len(photo.split)] and photo.width == 48
        assert ("frame" in photo.facts) == (photo.label == "glasses")
    assert json.loads(photos["trainA/0000000.png"].to_json())["facts"]["frame"]["lens_width"] > 40


def test_people_differ_between_the_domains_and_test_pairs_are_of_one_person(drawn: Path) -> None:
    people: dict[str, set[str]] = {}
    for path, photo in latest_photos(drawn).items():
        people.setdefault(path.split("/")[0], set()).add(photo.person)
    assert not people["trainA"] & people["trainB"]
    assert not (people["trainA"] | people["trainB"]) & people["testA"]
    assert people["testA"] == people["testB"]


def test_pairs_differ_exactly_inside_their_mask(drawn: Path) -> None:
    for mask in sorted((drawn / "testM").iterdir()):
        worn, bare = (pixels(drawn / part / mask.name) for part in ("testA", "testB"))
        assert ((worn != bare).any(axis=2) == (pixels(mask) > 0)).all()
        assert 0.05 < (pixels(mask) > 127).mean() < 0.4


def test_each_ten_portraits_have_the_ten_tones() -> None:
    tones = [random_portrait(0, k).tone for k in range(100)]
    assert Counter(tones) == dict.fromkeys(range(1, 11), 10)
    assert tones[:10] != tones[10:20]
    assert all(sorted(tones[k : k + 10]) == list(range(1, 11)) for k in range(0, 100, 10))


def test_skin_gets_darker_with_the_tone() -> None:
    """A model that is fair over tones needs portraits that have them."""
    seen: dict[int, float] = {}
    for number in range(10):
        drawing = draw_portrait(random_portrait(2, number), 64)
        (x, y) = np.round(drawing.pose.project(np.array([0.0, 18.0, 0.0]))).astype(int)
        seen[random_portrait(2, number).tone] = float(drawing.image[y - 2 : y + 3, x - 2 : x + 3].mean())
    levels = [seen[tone] for tone in range(1, 11)]
    assert levels[0] > 170 and levels[9] < 90
    assert np.corrcoef(np.arange(10), levels)[0, 1] < -0.9


def test_eyes_sit_where_aligned_faces_have_them() -> None:
    for number in range(20):
        p = random_portrait(0, number)
        assert 0.37 < p.eye_y < 0.43 and 0.47 < p.eye_x < 0.53 and 0.36 <= p.eye_distance < 0.40
        eyes = pose_of(p, 100).project(np.array([[-PUPILS / 2, 0, 0], [PUPILS / 2, 0, 0]]))
        assert np.hypot(*(eyes[1] - eyes[0])) == pytest.approx(100 * p.eye_distance, abs=0.1)


def test_every_style_of_hair_and_beard_can_be_drawn() -> None:
    """One style in a thousand that fails would stop a whole set."""
    base = random_portrait(0, 3)
    for hair in hair_weights(0.5, 40, 5):
        image = draw_portrait(dataclasses.replace(base, hair=hair), 48).image
        assert image.std() > 10
    bare = draw_portrait(dataclasses.replace(base, hair="bald", beard="none"), 48).image
    for beard in STYLES[1:]:
        image = draw_portrait(dataclasses.replace(base, hair="bald", beard=beard), 48).image
        assert 0.02 < (image != bare).any(axis=2).mean() < 0.6


def test_frames_vary() -> None:
    assert len({frame_of(0, k).shape for k in range(80)}) >= 11


def test_the_same_command_again_changes_nothing(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in drawn.rglob("*")}
    argv = ["--count", "6", "--size", "48", "--seed", "4", "--test", "2", "--jobs", "1"]
    assert parse(["synthetic", "--out", str(drawn), *argv])() is None
    assert "already" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in drawn.rglob("*")}


def test_a_set_that_was_cut_short_is_made_whole(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    list(draw_set(SMALL, out, workers=1))
    whole = manifest_hash(out)
    (out / "testM" / "2000001.png").unlink()
    (out / "trainA" / "0000001.png").write_bytes(b"half")
    assert not is_complete(SMALL, out)
    list(draw_set(SMALL, out, workers=1))
    assert is_complete(SMALL, out) and manifest_hash(out) == whole and bytes_of(out) == bytes_of(drawn)


def test_other_folders_are_refused_in_one_line(drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(UserError, match="holds something else"):
        list(draw_set(SMALL, tmp_path, workers=1))
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
    with pytest.raises(UserError, match=r"begun with other settings \(size 48 → 64\)"):
        list(draw_set(SyntheticSource(6, 64, 4, 2), drawn, workers=1))


@pytest.mark.parametrize(
    "argv", [["--count", "1"], ["--size", "8"], ["--seed", "-1"], ["--test", "-2"], ["--jobs", "-1"]]
)
def test_numbers_out_of_range_are_one_line(argv: list[str], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{argv[0]} {argv[1]} is invalid"):
        parse(["synthetic", "--out", str(tmp_path / "set"), *argv])()
    assert not (tmp_path / "set").exists()
