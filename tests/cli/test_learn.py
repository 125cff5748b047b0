"""`cyclegan-glasses learn`: two folders in, a model out, and one line where something is wrong."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.cli import learn
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.evaluation.learnt import Case, count_bare, verdict_of, write_learnt_page
from cyclegan_glasses.portraits.aligned import drawn_portrait
from cyclegan_glasses.training.plan import epochs_within, seconds_of_step

pytestmark = pytest.mark.usefixtures("one_core")


def typed(*argv: object) -> int:
    return run_command(parse([str(word) for word in ("learn", *argv)]))


def portraits(folder: Path, count: int, glasses: bool) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        picture, _ = drawn_portrait(number + 100 * glasses, 320, glasses=glasses)
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


def case(name: str, before: float, after: float) -> Case:
    picture = np.full((8, 8, 3), 90, np.uint8)
    return Case(name, picture, picture, picture, before, after)


def test_the_verdict_takes_a_model_only_where_nothing_speaks_against_it() -> None:
    cases = [case("a.png", 0.9, 0.9), case("b.png", 0.1, 0.9)]
    assert count_bare(cases) == (1, 2)
    text, taken = verdict_of(cases, 0.03, 0.02)
    assert taken and "0.0200 (the model that ships: 0.0300)" in text and "any more on 2" in text
    assert not verdict_of(cases, 0.03, 0.03)[1] and not verdict_of(cases, 0.03, 0.0298)[1]
    worse, taken = verdict_of([case("a.png", 0.9, 0.1)], 0.03, 0.02)
    assert not taken and "the model that ships is kept" in worse


def test_the_page_begins_with_pictures_and_shows_the_worst(tmp_path: Path) -> None:
    cases = [case(f"{number}.png", 0.5, number / 10) for number in range(10)]
    page = write_learnt_page(tmp_path, cases, "It is better.", ["more"]).read_text()
    assert page.index("It is better.") < page.index("<img") < page.index("more")
    assert page.index("Typical") < page.index("Best") < page.index("Worst")
    assert (tmp_path / "pictures/0_learnt.png").is_file() and "pictures/9_photo.png" in page


def test_what_fits_into_the_time_follows_from_a_measured_step() -> None:
    assert epochs_within(100, 1.0, pairs=80, batch=8) == 10
    assert epochs_within(1, 1.0, pairs=80, batch=8) == 1 and epochs_within(1e9, 1.0, 80, 8) == 60
    from torch import nn

    assert 0 < seconds_of_step(nn.Conv2d(3, 3, 3, padding=1), (1, 3, 16, 16)) < 5


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("here", "empty"), "empty holds no pictures"),
        (("nowhere",), "nowhere is not a folder"),
        (("here", "here", "here"), "3 folders: give one with glasses and one without"),
        (("here", "here", "--label_words", "a=none"), "--label_words is for sub-folders"),
        (("here", "--minutes", "0"), "--minutes 0 is invalid"),
        (("here", "here2"), "none of the 1 pictures was kept"),
    ],
)
def test_what_cannot_work_is_one_line_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: tuple[str, ...],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("here", "here2"):
        Path(name).mkdir()
        Image.new("RGB", (80, 80)).save(f"{name}/a.png")
    Path("empty").mkdir()
    assert typed(*argv) == 2
    said = capsys.readouterr().err
    assert complaint in said and said.count("error:") == 1


def test_exchanged_folders_and_too_few_photos_are_said_before_any_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(learn, "_make_pairs", lambda *_: pytest.fail("it went on"))
    glasses, bare = portraits(Path("with"), 4, True), portraits(Path("bare"), 4, False)
    assert typed(bare, glasses, "--out", "one") == 2
    exchanged = capsys.readouterr().err
    assert "4 of 4 in bare show no glasses" in exchanged and "type learn with bare" in exchanged
    assert not Path("one").exists()
    assert typed(glasses, bare, "--out", "two") == 2
    said = capsys.readouterr()
    assert "photos with glasses are left, and 8 are needed" in said.err and "next:" not in said.out


def test_other_minutes_go_on_with_the_pairs_that_were_begun(tmp_path: Path) -> None:
    args, counts = argparse.Namespace(minutes=40), Counter(none=150)
    assert learn._pairs_each(tmp_path, args, counts) == 4
    (tmp_path / "overlay.json").write_text('{"each": 2}')
    assert learn._pairs_each(tmp_path, args, counts) == 2


@pytest.mark.slow
def test_two_folders_become_a_model_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole of it on a few portraits, with one epoch in place of as many as fit into a minute."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cyclegan_glasses.training.plan.epochs_within", lambda *_: 1)
    portraits(Path("mine/Eyeglasses"), 12, True)
    portraits(Path("mine/without_glasses"), 12, False)
    for how in ("--preset fine-tune", "--continue_train"):
        assert typed("mine", "--minutes", "1", "--display_id", "0") == 0
        said = capsys.readouterr().out
        assert "crawl.py folder mine --out learnt/photos --align 224" in said
        assert how in said and "look at learnt/index.html" in said
    assert set(load_model("learnt/model.pt").generators) == {"AtoB", "BtoA"}
