"""The glasses of another photo: if these fail, `--like` takes them off the wrong face, or off a bare one."""

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
from cyclegan_glasses.editing.like import glasses_of
from cyclegan_glasses.errors import UserError, run_command
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.overlays.fit import FACE
from cyclegan_glasses.overlays.frames import ACETATE, Frame
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait
from tests.editing.helpers import Known, make_editor, ships
from tests.editing.test_package import tiny_model

ROUND = Frame("round", lens_width=48, lens_height=47, bridge=21, rim=3.5)


class Sees:
    """A classifier that calls the faces of a photo what it was told, in order."""

    name = "sees"

    def __init__(self, *labels: str) -> None:
        self.labels = labels

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        return [Verdict(label, 0.9) for label in self.labels[: len(faces)]]


def worn(frame: Frame | None, size: int = 352) -> tuple[np.ndarray, Face]:
    """A portrait that wears a frame, or none, and its face."""
    drawing = draw_portrait(replace(random_portrait(5, 1), yaw=0.0), size)
    image = drawing.with_glasses(frame)[0] if frame else drawing.image
    landmarks = drawing.pose.project(FACE) + 0.5
    return image, Face((0.2 * size, 0.2 * size, 0.6 * size, 0.7 * size), 1.0, landmarks)


def test_the_frame_of_a_photo_is_read(tmp_path: Path) -> None:
    image, face = worn(ROUND)
    Image.fromarray(image).save(tmp_path / "friend.png")
    found = glasses_of(tmp_path / "friend.png", make_editor([face], Sees("glasses")))
    assert {"round", "panto"} & {*list(found.probabilities["shape"])[:2]}
    assert found.frame.lens_width == pytest.approx(48, abs=4)
    assert found.lens == "clear"


def test_it_is_the_face_that_wears_glasses(tmp_path: Path) -> None:
    """On a photo of two the larger face may be bare."""
    (bare, first), (other, second) = worn(None), worn(ROUND)
    Image.fromarray(np.hstack([bare, other])).save(tmp_path / "two.png")
    beside = replace(second, box=(second.box[0] + 352, *second.box[1:3], second.box[3] - 10),
                     landmarks=second.landmarks + np.array([352, 0]))  # fmt: skip
    editor = make_editor([first, beside], Sees("none", "broken"))
    found = glasses_of(tmp_path / "two.png", editor)
    assert {"round", "panto"} & {*list(found.probabilities["shape"])[:2]}


def test_a_photo_without_glasses_is_refused(tmp_path: Path) -> None:
    image, face = worn(None)
    Image.fromarray(image).save(tmp_path / "bare.png")
    with pytest.raises(UserError, match=r"bare\.png: the face wears no glasses"):
        glasses_of(tmp_path / "bare.png", make_editor([face], Sees("none")))
    unsure = Verdict("none", 0.6, {"none": 0.6, "glasses": 0.3, "sunglasses": 0.0, "broken": 0.1}, False)
    editor = make_editor([face], Sees("none"))
    editor.classifier.classify = lambda faces: [unsure] * len(faces)
    with pytest.raises(UserError, match="the face wears no glasses"):
        glasses_of(tmp_path / "bare.png", editor)
    with pytest.raises(UserError, match="no face was found"):
        glasses_of(tmp_path / "bare.png", make_editor([], Sees()))
    with pytest.raises(UserError):
        glasses_of(tmp_path / "none.png", make_editor([face], Sees("glasses")))


def test_like_draws_what_the_other_photo_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its name and sizes are told, and what else is asked of it holds."""
    (friend, face), (me, _) = worn(ROUND), worn(None)
    Image.fromarray(friend).save(tmp_path / "friend.png")
    Image.fromarray(me).save(tmp_path / "me.png")
    ships(monkeypatch, tiny_model(48))
    monkeypatch.setattr("cyclegan_glasses.editing.editor.make_detector", lambda *_: Known([face]))
    monkeypatch.setattr(classifier, "load_classifier", lambda: None)
    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> int:
        return run_command(lambda: parse(["add", "me.png", *argv, "--json"])())

    assert run("-o", "a.png", "--like", "friend.png") == 0
    assert run("-o", "b.png", "--like", "friend.png", "--size", "130", "--colour", "red") == 0
    one, other = (json.loads(line)["faces"][0]["frame"] for line in capsys.readouterr().out.splitlines())
    assert one["name"] == "like friend.png" and one["lens_width"] == pytest.approx(48, abs=4)
    assert other["shape"] == one["shape"] and other["colour"] == [*ACETATE["red"]]
    assert run("-o", "c.png", "--like", "friend.png", "--frame", "round") == 2
    monkeypatch.setattr(classifier, "load_classifier", lambda: Sees("none"))
    capsys.readouterr()
    assert run("-o", "c.png", "--like", "me.png") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the face wears no glasses" in line
