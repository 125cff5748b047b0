"""The model that ships: it works right after installation, without a network, and as ONNX it is the same."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.export import export
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.settings import SHIPPED
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.portraits.aligned import drawn_faces, drawn_portrait
from tests.commands import ROOT
from tests.editing.helpers import Known

CORNER = (60, 90)  # where the portrait lies in the photo


@pytest.fixture
def no_network(monkeypatch) -> None:
    def refuse(*_):
        raise AssertionError("something asked for the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def photo(number: int, glasses: bool) -> tuple[np.ndarray, Face]:
    """A drawn portrait in a photo of a wall, with grain, and where its face is."""
    portrait, face = drawn_portrait(number, 160, glasses=glasses)
    image = np.random.default_rng(number).normal((150, 140, 120), 4, (300, 280, 3)).astype(np.uint8)
    left, top = CORNER
    image[top : top + 160, left : left + 160] = portrait
    box = (face.box[0] + left, face.box[1] + top, *face.box[2:])
    return image, Face(box, 1.0, face.landmarks + np.array(CORNER))


@pytest.mark.parametrize("number", [1, 4])
def test_glasses_come_off_right_after_installation(number, tmp_path, monkeypatch, no_network) -> None:
    """No checkpoint, no network: nearer to the truth at the glasses, and elsewhere every bit as it was."""
    (worn, face), (bare, _) = photo(number, True), photo(number, False)
    Image.fromarray(worn).save(tmp_path / "in.png")
    monkeypatch.setattr("cyclegan_glasses.editing.editor.make_detector", lambda *_: Known([face]))
    monkeypatch.setattr("cyclegan_glasses.attributes.classifier.load_classifier", lambda: None)
    monkeypatch.chdir(tmp_path)
    assert run_command(lambda: parse(["remove", "in.png", "-o", "out.png"])()) == 0
    result = np.asarray(Image.open("out.png")).astype(int)
    glasses = np.abs(worn.astype(int) - bare).max(2) > 12
    before, after = (np.abs(picture - bare)[glasses].mean() for picture in (worn.astype(int), result))
    assert after < 0.8 * before
    changed = (result != worn).any(2)
    left, top = CORNER
    outside = np.ones(changed.shape, bool)
    outside[top : top + 160, left : left + 160] = False
    assert 0.005 < changed.mean() < 0.2 and not changed[outside].any()


def test_it_is_small_and_goes_both_ways(no_network) -> None:
    model = load_model(None, torch.device("cpu"))
    assert set(model.generators) == {REMOVE, ADD} and model.source == str(SHIPPED)
    assert Path(model.source).stat().st_size < 12e6 and load_classifier() is not None


@pytest.mark.parametrize("direction", [REMOVE, ADD])
def test_as_onnx_it_is_the_same(direction, tmp_path) -> None:
    model = load_model(None, torch.device("cpu"))
    faces = drawn_faces(4, model.get(direction).size, model.get(direction).framing)
    done = export(model, direction, "onnx", "fp32", tmp_path / "x.onnx", faces)
    assert done.largest < 1e-3 and done.change > 0.1, "measured on faces that it changes"


def test_loading_it_does_not_load_torchs_compiler():
    """That takes as long as all the rest of an edit of one photo."""
    code = (
        "import sys, torch; from cyclegan_glasses.editing.package import load_model;"
        " load_model(None, torch.device('cpu')); print([m for m in sys.modules if m == 'torch._dynamo'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"
