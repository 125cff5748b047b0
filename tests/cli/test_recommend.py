"""`recommend` as a person types it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.attributes import classifier
from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.editing.recommending import _lines, _sheet
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.overlays.face_traits import read_traits
from cyclegan_glasses.overlays.recommend import recommend
from tests.editing.helpers import Known, portrait, ships
from tests.editing.test_package import tiny_model


class Always:
    """A classifier that says one thing when it is asked first, and from then on the same or another."""

    name = "always"

    def __init__(self, label: str, then: str = "") -> None:
        self.label, self.then = label, then or label

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        label, self.label = self.label, self.then
        return [Verdict(label, 0.9)] * len(faces)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo of a bare face; the tiny model ships, and the detector knows the face."""
    image, face = portrait(240)
    Image.fromarray(image).save(tmp_path / "me.png")
    ships(monkeypatch, tiny_model(48))
    find(monkeypatch, [face])
    monkeypatch.setattr(classifier, "load_classifier", lambda: Always("none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find(monkeypatch: pytest.MonkeyPatch, faces: list[Face]) -> None:
    monkeypatch.setattr("cyclegan_glasses.editing.editor.make_detector", lambda *_: Known(faces))


def run(*argv: str) -> int:
    return run_command(lambda: parse(argv)())


def test_six_frames_on_a_sheet_with_their_reasons(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "me.png") == 0
    printed = capsys.readouterr().out
    assert "me.png -> me_recommended.png" in printed and "mm wide" in printed
    assert all(f"\n{number}. " in printed for number in range(1, 7)) and "\n7. " not in printed
    assert "is as" in printed and "(All About Vision" in printed
    sheet = np.asarray(Image.open("me_recommended.png"))
    cells = [sheet[56 + row : 456 + row, left : left + 400] for row in (0, 400, 800) for left in (0, 800)]
    assert len({cell.tobytes() for cell in cells}) == 6, "each cell shows another frame"


def test_a_program_gets_the_frames_as_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "me.png", "-o", "a.png", "--json") == 0
    assert run("recommend", "me.png", "-o", "b.png", "--json", "--pd", "70") == 0
    usual, wide = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert usual["target"] == "a.png" and len(usual["frames"]) == 6
    assert {"frame", "colour", "width", "reasons"} <= usual["frames"][0].keys()
    assert usual["frames"][0]["reasons"][0].keys() == {"text", "source", "url"}
    assert wide["face"]["width"] == pytest.approx(usual["face"]["width"] * 70 / 63, abs=0.2)


def test_glasses_that_are_worn_are_taken_off_first(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two frames on one nose would show neither."""
    monkeypatch.setattr(classifier, "load_classifier", lambda: Always("glasses"))
    assert run("recommend", "me.png", "-o", "worn.png") == 2
    assert "do not come off" in capsys.readouterr().err
    monkeypatch.setattr(classifier, "load_classifier", lambda: Always("glasses", then="none"))
    assert run("recommend", "me.png", "-o", "worn.png") == 0
    assert (place / "worn.png").exists()


def test_what_is_wrong_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("recommend", "me.png") == 0
    for argv, expected in (
        (("me.png",), "me_recommended.png is there already: add --overwrite"),
        (("none.jpg",), "none.jpg is not there"),
        (("me.png", "-o", "x.png", "--pd", "20"), "--pd"),
        (("me.png", "-o", "x.png", "--face", "0"), "--face counts from 1"),
        (("me.png", "-o", "x.png", "--face", "3"), "me.png: no face was found"),
    ):
        capsys.readouterr()
        assert run("recommend", *argv) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert expected in line
    find(monkeypatch, [])
    assert run("recommend", "me.png", "-o", "x.png") == 2
    assert "no face was found" in capsys.readouterr().err
    assert not (place / "x.png").exists()


def test_one_bad_photo_of_several_is_skipped(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "bad.png").write_bytes(b"no picture")
    assert run("recommend", "me.png", "bad.png", "-o", "out") == 1
    assert "skipped" in capsys.readouterr().err
    assert [path.name for path in (place / "out").iterdir()] == ["me.png"]


def test_a_turned_head_is_not_drawn_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, face = portrait(240)
    landmarks = face.landmarks.copy()
    landmarks[2] = landmarks[1] + np.array([0, 20])
    find(monkeypatch, [replace(face, landmarks=landmarks)])
    assert run("recommend", "me.png") == 2
    assert "turned by" in capsys.readouterr().err


def test_reasons_never_run_into_the_next_picture() -> None:
    """A row is as high as the longest of its texts."""
    image, face = portrait(240)
    traits = read_traits(image, face.landmarks)
    frames = recommend(traits)
    wordy = [replace(frame, reasons=frame.reasons * 4) for frame in frames]
    low, high = (_sheet(image, face, traits, advice, 63.0).height for advice in (frames, wordy))
    tallest = max(sum(line.height for line in _lines(1, frame)) for frame in wordy)
    assert high >= 3 * tallest > low
