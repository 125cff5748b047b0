"""From a pile to domains: nothing is lost, nothing is done twice, and a person stays on one side."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.collect.folder import collect, domain_of
from cyclegan_glasses.collect.names import file_names
from cyclegan_glasses.collect.settings import FORMATS, CollectSettings
from cyclegan_glasses.collect.splits import split_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import Face, make_detector
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos
from cyclegan_glasses.sources.source import SourcePhoto

SHARES = (("test", 0.1), ("val", 0.2))


def test_split_shares_come_out() -> None:
    sides = [split_of(Photo("x", origin=f"{i}.jpg"), 0, SHARES) for i in range(5000)]
    assert 0.085 < sides.count("test") / 5000 < 0.115
    assert 0.18 < sides.count("val") / 5000 < 0.22


def test_a_person_stays_on_one_side_and_seeds_differ() -> None:
    """A test face that was trained on flatters every score."""
    for person in "abcdefgh":
        sides = {split_of(Photo("x", origin=f"{i}", person=person), 0, SHARES) for i in range(20)}
        assert len(sides) == 1
    by_seed = [[split_of(Photo("x", origin=f"{i}"), seed, SHARES) for i in range(200)] for seed in (0, 1)]
    assert by_seed[0] != by_seed[1]


def test_the_split_never_moves() -> None:
    """Data sets of different days belong together: these sides are fixed for good."""
    sides = [split_of(Photo("x", source="folder", origin=f"{i}.jpg"), 0, SHARES) for i in range(12)]
    assert [number for number, side in enumerate(sides) if side != "train"] == [3, 5, 7]
    assert (sides[3], sides[5], sides[7]) == ("test", "val", "val")


def test_the_source_s_own_split_goes_first() -> None:
    assert split_of(Photo("x", origin="1", split="val"), 0, (("test", 1.0),)) == "val"


@pytest.mark.parametrize(
    ("label", "folder"),
    [("glasses", "testA"), ("none", "testB"), ("sunglasses", "other"), ("", "other")],
)
def test_domains(label, folder) -> None:
    assert domain_of(Photo("x", label=label, split="test")) == folder


def test_file_names_are_flat_and_readable() -> None:
    assert file_names(["a/b.jpg", "c.PNG"]) == {"a/b.jpg": "a_b.jpg", "c.PNG": "c.png"}
    assert file_names(["seed 0, portrait 7"], ".png") == {"seed 0, portrait 7": "seed-0-portrait-7.png"}
    assert file_names(["été (1).jpg"]) == {"été (1).jpg": "été-1-.jpg"}
    assert file_names(["a/b.jpg", "a/b.jpeg"], ".png")["a/b.jpg"] != "a_b.png"


@given(st.lists(st.text("ab_/.-", min_size=1, max_size=6), unique=True, max_size=12))
def test_no_two_photos_share_a_file(origins) -> None:
    names = file_names(origins, ".png")
    assert len({name.casefold() for name in names.values()}) == len(origins)
    assert not any("/" in name for name in names.values())


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """Six pictures, the last of them broken."""
    folder = tmp_path / "pile"
    folder.mkdir()
    for number in range(5):
        Image.new("RGB", (20 + number, 10), (40 * number, 0, 0)).save(folder / f"{number}.png")
    (folder / "5.png").write_bytes((folder / "4.png").read_bytes()[:40])
    return folder


def photos() -> list[Photo]:
    labels = ["glasses", "none", "sunglasses", "", "none", "none"]
    return [
        Photo(f"{i}.png", source="folder", origin=f"{i}.png", label=label) for i, label in enumerate(labels)
    ]


def gathered(
    folder: Path, out: Path, settings: CollectSettings, chosen: list[Photo] | None = None
) -> list[Photo]:
    """The rows of a run in this process."""
    items = files_of(photos() if chosen is None else chosen, folder)
    return [row for rows in collect(items, out, settings, workers=1) for row in rows]


def files_of(photos: list[Photo], folder: Path) -> list[SourcePhoto]:
    return [SourcePhoto(photo, folder / photo.path) for photo in photos]


def test_pictures_are_placed_and_described(pile, tmp_path) -> None:
    rows = gathered(pile, tmp_path / "out", CollectSettings(domains=True, shares=(("test", 0.0),)))
    out = tmp_path / "out"
    assert [row.path for row in rows] == [
        "trainA/0.png",
        "trainB/1.png",
        "other/2.png",
        "other/3.png",
        "trainB/4.png",
        "rejected/5.png",
    ]
    for row in rows[:5]:
        assert row.sha256 == sha256_of(out / row.path) == sha256_of(pile / row.origin)
        assert (row.width, row.height, row.verdict) == (20 + int(row.origin[0]), 10, "")
    assert rows[5].verdict == "rejected" and rows[5].reason.startswith("unreadable: ")
    assert rows[5].sha256 == "" and not (out / rows[5].path).exists()
    assert list(latest_photos(out).values()) == rows


def test_a_stopped_run_goes_on(pile, tmp_path) -> None:
    out, settings = tmp_path / "out", CollectSettings()
    rows = collect(files_of(photos(), pile), out, settings, workers=1)
    first = [*next(rows), *next(rows)]
    rows.close()
    done = (out / "photos/0.png").stat().st_ino
    os.utime(out / "photos/0.png", (1, 1))
    again = gathered(pile, out, settings)
    assert again[:2] == first and len(again) == 6
    assert (out / "photos/0.png").stat().st_ino == done and (out / "photos/0.png").stat().st_mtime == 1
    assert len((out / MANIFEST).read_text().splitlines()) == 6
    assert gathered(pile, out, settings) == again


def test_another_way_of_collecting_is_refused(pile, tmp_path) -> None:
    """Aligned and raw faces in one folder would spoil the training without a word."""
    gathered(pile, tmp_path / "out", CollectSettings())
    with pytest.raises(UserError, match="align 0 → 64.*--out"):
        gathered(pile, tmp_path / "out", CollectSettings(align=64))
    with pytest.raises(UserError, match="something else"):
        gathered(pile, pile, CollectSettings())
    (tmp_path / "out/collect.json").write_text("{")
    with pytest.raises(UserError, match="cannot read"):
        gathered(pile, tmp_path / "out", CollectSettings())


def test_the_same_photos_give_the_same_bytes(pile, tmp_path) -> None:
    settings = CollectSettings(domains=True)
    one = list(collect(files_of(photos(), pile), tmp_path / "one", settings, workers=1))
    two = list(collect(files_of(photos(), pile), tmp_path / "two", settings, workers=2))
    assert one == two
    assert (tmp_path / "one" / MANIFEST).read_bytes() == (tmp_path / "two" / MANIFEST).read_bytes()


class OneFace:
    """Stands in for a detector: one face with the eyes and nose given."""

    name = "drawn"

    def __init__(self, eyes: list[tuple[float, float]] | None, nose: tuple[float, float] = (0, 0)) -> None:
        self.eyes, self.nose = eyes, nose

    def find_faces(self, image: np.ndarray) -> list[Face]:
        if self.eyes is None:
            return []
        points = np.array([*self.eyes, self.nose, (0, 0), (0, 0)], float)
        return [Face((0.0, 0.0, 9.0, 9.0), 0.8, points)]


@pytest.mark.parametrize(
    ("detector", "reason"),
    [
        (OneFace([(40, 30), (60, 30)], (50, 45)), ""),
        (OneFace([(40, 30), (60, 30)], (59, 45)), "align: side view, turned 42 degrees"),
        (OneFace(None), "align: no face found"),
        (OneFace([(40, 30), (40, 30)]), "align: the eyes of the face lie on one point: it cannot be aligned"),
    ],
    ids=["frontal", "side", "none", "one point"],
)
@pytest.mark.parametrize("kind", FORMATS)
def test_aligned_faces_are_written_or_the_reason_is(tmp_path, monkeypatch, detector, reason, kind) -> None:
    Image.new("RGB", (100, 80), (10, 200, 30)).save(tmp_path / "in.png")
    monkeypatch.setattr("cyclegan_glasses.collect.pictures.process_detector", lambda yunet: detector)
    settings = CollectSettings(align=64, image_format=kind, domains=True, shares=())
    photo = Photo("in.png", source="folder", origin="in.png", label="glasses", facts={"p": "1"})
    (row,) = gathered(tmp_path, tmp_path / "out", settings, [photo])
    assert row.reason == reason and row.facts["p"] == "1"
    assert row.path == (f"rejected/in.{kind}" if reason else f"trainA/in.{kind}")
    file = tmp_path / "out" / row.path
    if reason and "side view" not in reason:
        assert not row.sha256 and not file.exists()
        return
    assert row.sha256 == sha256_of(file) and (row.width, row.height) == (64, 64)
    with Image.open(file) as crop:
        assert crop.size == (64, 64) and crop.format == {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}[kind]
        assert np.abs(np.asarray(crop).astype(int) - (10, 200, 30)).max() <= 3
    face = row.facts["face"]
    assert face["detector"] == "drawn" and face["landmarks"][0] == [20.48, 25.6]
    assert face["matrix"][0][0] == pytest.approx(0.36 * 64 / 20, abs=1e-5)
    assert dataclasses.replace(Photo.from_json(row.to_json())) == row


def test_real_faces_from_pile_to_domain(shared, tmp_path) -> None:
    """The whole way in processes of its own: aligned faces whose eyes are in their place."""
    names = sorted(path.name for path in (shared / "data/photos/lfw").iterdir())[::300][:6]
    chosen = [Photo(name, source="folder", origin=name, label="none") for name in names]
    settings = CollectSettings(align=128, domains=True)
    items = files_of(chosen, shared / "data/photos/lfw")
    rows = [row for (row,) in collect(items, tmp_path / "out", settings, workers=1)]
    kept = [row for row in rows if not row.reason]
    assert len(rows) == 6 and len(kept) >= 4
    detector = make_detector()
    off = []
    for row in kept:
        with Image.open(tmp_path / "out" / row.path) as crop:
            eyes = detector.find_faces(np.asarray(crop))[0].landmarks[:2]
        off.append(np.abs(eyes - [(0.32 * 128, 0.4 * 128), (0.68 * 128, 0.4 * 128)]).max())
        assert json.loads(row.to_json())["facts"]["face"]["faces"] >= 1
    assert np.median(off) < 4 and max(off) < 10, off
