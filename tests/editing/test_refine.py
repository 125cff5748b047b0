"""A model that is shown the frame that a person chose: drawn first, then made real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.data import frames
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing import editor as editor_module
from cyclegan_glasses.editing.drawing import Drawing
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.export import export
from cyclegan_glasses.editing.models import EditingModel
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.trained import TorchNetwork
from cyclegan_glasses.editing.trained_models import save_model
from cyclegan_glasses.errors import UserError, run_command
from cyclegan_glasses.evaluation.editors import conditioned_editor
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import ResidualUnetSettings
from cyclegan_glasses.overlays.frames import Frame
from tests.editing.helpers import FP32, SIZE, Known, make_editor, portrait, torch_generator

CONDITIONED = ResidualUnetSettings(6, 3, (2, 4), (3, 3), composite=True)
ROUND = Frame("round", lens_width=48, lens_height=46)


class Lit(nn.Module):
    """Gives back the drawing, with light on a patch of the cheek."""

    def forward(self, pictures: Tensor) -> Tensor:
        drawn = pictures[:, 3:].clone()
        drawn[:, :, 26:34, 12:20] += 0.5
        return drawn


def model_with(network: nn.Module) -> EditingModel:
    generators = {ADD: torch_generator(network, CONDITIONED, SIZE), REMOVE: make_editor([]).model.get(REMOVE)}
    return EditingModel(generators, "conditioned")


def test_the_model_changes_the_drawing_and_leaves_its_rims_sharp() -> None:
    image, face = portrait(400)
    drawing = Drawing(ROUND, "round")
    plain = make_editor([face]).edit(image, ADD, drawing=drawing)
    lit = GlassesEditor(model_with(Lit()), Known([face])).edit(image, ADD, drawing=drawing)
    assert lit.faces[0].frame == plain.faces[0].frame and lit.faces[0].area >= plain.faces[0].area
    change = lit.picture.astype(int) - plain.picture
    lighter = (change > 20).any(2)
    assert 0.005 < lighter.mean() < 0.1 and change.min() > -10, "light, and nothing but light"
    drawn = (plain.picture != image).any(2)
    assert (drawn & (change == 0).all(2)).sum() > 0.6 * drawn.sum(), "the drawing stays to the bit"


def test_a_frame_that_suits_is_drawn_where_none_was_chosen() -> None:
    image, face = portrait(200)
    conditioned = GlassesEditor(model_with(Lit()), Known([face]))
    for edit in (conditioned.edit(image, ADD), conditioned.edit(image, ADD, drawing=Drawing())):
        assert edit.faces[0].frame and edit.faces[0].frame["name"] == "square"
    learned = conditioned.add(image, frame="learned")
    assert np.array_equal(learned, conditioned.edit(image, ADD).picture)
    removed = conditioned.edit(image, REMOVE)
    assert not removed.faces[0].frame


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo and a packed conditioned model; the detector knows the face."""
    image, face = portrait()
    Image.fromarray(image).save(tmp_path / "a.png")
    torch.manual_seed(0)
    model = model_with(build_generator(CONDITIONED).eval())
    save_model(replace(model, generators={ADD: model.get(ADD)}), tmp_path / "x.pt")
    monkeypatch.setattr(editor_module, "make_detector", lambda *_: Known([face]))
    monkeypatch.setattr(editor_module.attribute_classifier, "load_classifier", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv: str) -> int:
    return run_command(lambda: parse(argv)())


def test_a_packed_model_adds_the_frame_that_is_asked_for(
    packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_model("x.pt").conditioned
    shapes = ("round", "aviator", "learned")
    for shape in shapes:
        assert run("add", "a.png", "--name", "x.pt", "--frame", shape, "-o", f"{shape}.png") == 0
    made = [np.asarray(Image.open(f"{shape}.png")).astype(int) for shape in shapes]
    assert np.abs(made[0] - made[1]).mean() > 0.5
    assert run("add", "a.png", "--name", "x.pt", "-o", "suits.png") == 0
    assert np.array_equal(np.asarray(Image.open("suits.png")), made[2])
    capsys.readouterr()
    assert run("add", "a.png", "--name", "x.pt", "--frame", "all", "-o", "all.png") == 2
    assert "--frame all draws every frame and needs no model" in capsys.readouterr().err


def test_other_programs_do_not_draw(packed: Path) -> None:
    faces = np.zeros((2, SIZE, SIZE, 3), np.uint8)
    with pytest.raises(UserError, match="is shown a drawn frame"):
        export(load_model("x.pt"), ADD, "torchscript", "fp32", packed / "x.ts", faces)


def test_an_evaluation_draws_the_same_frame_on_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checkpoints are compared on the same frames; where there is no face there is no score."""
    image, face = portrait(SIZE)
    monkeypatch.setattr(frames, "make_detector", lambda: Known([face] if image.any() else []))
    edit = conditioned_editor(TorchNetwork(Lit(), FP32), None)
    one, other = edit(image, None), edit(image.copy(), None)
    assert one is not None and other is not None
    assert np.array_equal(one[0], other[0]) and (one[0] != image).any()
    monkeypatch.setattr(frames, "make_detector", lambda: Known([]))
    assert edit(np.zeros_like(image), None) is None
