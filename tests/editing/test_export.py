"""What other programs get is the same network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.editing import export as exporting
from cyclegan_glasses.editing.export import export
from cyclegan_glasses.editing.models import EditingModel
from cyclegan_glasses.editing.trained import module_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.registry import GENERATORS
from cyclegan_glasses.networks.settings import GeneratorSettings
from cyclegan_glasses.portraits.aligned import drawn_faces, drawn_portrait
from tests.editing.helpers import torch_generator
from tests.editing.test_package import generator, tiny_model
from tests.networks.small import build, pictures, small

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return drawn_faces(4, 24)


def session(path: Path):
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_onnx_is_the_network_at_every_batch_and_size(direction, faces, tmp_path) -> None:
    model = tiny_model()
    done = export(model, direction, "onnx", "fp32", tmp_path / "x.onnx", faces)
    assert done.largest < 1e-4 and done.faces == 2 and done.change > 0
    loaded, network = session(done.path), module_of(model.get(direction))
    for shape in ((1, 3, 24, 24), (3, 3, 32, 20)):
        photo = torch.rand(shape) * 2 - 1
        (edited,) = loaded.run(None, {"photo": photo.numpy()})
        assert np.abs(edited - network(photo).detach().numpy()).max() < 1e-4
    facts = loaded.get_modelmeta().custom_metadata_map
    assert (facts["direction"], facts["size"], facts["passes"]) == (direction, "24", "1")
    assert json.loads(facts["framing"]) == {"eye_height": 0.39, "eye_distance": 0.4}


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_generator_can_be_exported(kind, tmp_path) -> None:
    """For batches of any size; for other sides too where its settings say so."""
    settings = small(kind)
    network = build(settings).eval()
    photo = pictures(settings, 3)
    side = photo.shape[-1]
    model = EditingModel({"AtoB": torch_generator(network, settings, side)}, kind)
    done = export(model, "AtoB", "onnx", "fp32", tmp_path / "x.onnx", drawn_faces(2, side))
    sizes = [photo, photo[..., : side - 4]] if settings.exports_any_size else [photo]
    for photo in sizes:
        edited, *_ = session(done.path).run(None, {"photo": photo.numpy()})
        assert np.abs(edited - network(photo).detach().numpy()).max() < 1e-4


@pytest.mark.parametrize("upsample", ["transpose", "resize"])
def test_smaller_variants_are_smaller_and_say_what_they_lose(upsample, faces, tmp_path) -> None:
    larger = generator(0, GeneratorSettings("resnet_6blocks", filters=8, upsample=upsample))
    model = EditingModel({"AtoB": larger}, "x")
    sizes, losses = [], []
    for precision in ("fp32", "fp16", "int8"):
        done = export(model, "AtoB", "onnx", precision, tmp_path / f"{precision}.onnx", faces)
        sizes.append(done.size)
        losses.append(done.mean)
    assert sizes[0] > 1.6 * sizes[1] > 1.6 * sizes[2]
    assert losses[0] < 1e-4 < losses[1] < 0.5 and losses[1] < losses[2] < 12


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_torchscript_is_the_network(precision, faces, tmp_path) -> None:
    model = tiny_model()
    done = export(model, "AtoB", "torchscript", precision, tmp_path / "x.ts", faces)
    assert done.largest < (1e-5 if precision == "fp32" else 0.05)
    photo = torch.rand(2, 3, 32, 20) * 2 - 1
    wanted = module_of(model.get("AtoB"))(photo)
    assert (torch.jit.load(str(done.path))(photo) - wanted).abs().max() < 0.05


def test_a_wrong_export_is_not_written(faces, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(exporting, "_session", lambda data: lambda photo: photo + 0.01)
    with pytest.raises(UserError, match="nothing was written"):
        export(tiny_model(), "AtoB", "onnx", "fp32", tmp_path / "x.onnx", faces)
    assert not (tmp_path / "x.onnx").exists()


def test_the_example_runs_without_this_package(faces, tmp_path) -> None:
    """It edits by the eyes' places, with onnxruntime, numpy and Pillow alone."""
    export(tiny_model(), "AtoB", "onnx", "fp32", tmp_path / "x.onnx", faces)
    portrait, face = drawn_portrait(1, 90, glasses=True)
    image = np.full((220, 200, 3), 128, np.uint8)
    image[60:150, 50:140] = portrait
    Image.fromarray(image).save(tmp_path / "in.png")
    eyes = [f"{value:.1f}" for value in (face.landmarks[:2] + np.array([50, 60])).ravel()]
    code = (
        "import sys, runpy; sys.modules |= dict.fromkeys(('torch', 'cv2', 'cyclegan_glasses'));"
        f"sys.argv = ['x', 'x.onnx', 'in.png', 'out.png', *{eyes}];"
        f"runpy.run_path({str(ROOT / 'examples' / 'onnx_glasses.py')!r}, run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != image).any(2)
    assert changed[70:130, 60:130].mean() > 0.3 and not changed[:20].any() and not changed[200:].any()


def test_a_model_of_grey_faces_is_compared_on_the_grey_that_the_editor_gives_it(tmp_path, monkeypatch):
    """Luminance; a plain mean of the colours would calibrate and compare on pictures it never sees."""
    seen, trace = [], exporting._torchscript

    def spy(network, example):
        seen.append(example)
        return trace(network, example)

    monkeypatch.setattr(exporting, "_torchscript", spy)
    grey = generator(0, GeneratorSettings("resnet_6blocks", filters=2, input_nc=1, output_nc=1))
    faces = np.full((2, 24, 24, 3), (200, 100, 50), np.uint8)
    model = EditingModel({"AtoB": grey}, "x")
    export(model, "AtoB", "torchscript", "fp32", tmp_path / "x.ts", faces)
    assert seen[0].shape == (1, 1, 24, 24)
    assert seen[0].numpy() == pytest.approx((0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 127.5 - 1, abs=1e-5)
