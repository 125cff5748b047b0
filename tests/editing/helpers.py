"""An editor without training: it knows where the faces are, and its model paints a bar over the eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cyclegan_glasses.attributes.verdicts import AttributeClassifier, Verdict
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.editing import package, trained_models
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.models import EditingModel, Generator
from cyclegan_glasses.editing.trained import TorchNetwork
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.networks.settings import AnyGeneratorSettings, GeneratorSettings
from cyclegan_glasses.portraits.aligned import drawn_portrait

SIZE = 48
FP32 = Precision("fp32", torch.device("cpu"))


class Bar(nn.Module):
    """Paints a bar at the height of the eyes: `level` of -1 to 1, and shifts all colours by `shift`."""

    def __init__(self, level: float, shift: float = 0.0) -> None:
        super().__init__()
        self.level, self.shift = level, shift

    def forward(self, photo: Tensor) -> Tensor:
        edited = photo + self.shift
        edited[:, :, 16:22, 10:38] = self.level
        return edited


class Known:
    """Finds the faces that it was told of, wherever it looks, larger ones first."""

    name = "known"

    def __init__(self, faces: Sequence[Face]) -> None:
        self.faces = sorted(faces, key=lambda face: -face.area)

    def find_faces(self, image: np.ndarray) -> list[Face]:
        assert image.dtype == np.uint8 and image.shape[2] == 3
        return [face for face in self.faces if face.box[0] + face.box[2] / 2 < image.shape[1]]


class Says:
    """A classifier that says one thing of dark crops and another of bright ones."""

    name = "says"

    def __init__(self, dark: str, bright: str) -> None:
        self.dark, self.bright = dark, bright
        self.asked: list[int] = []

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        assert faces.dtype == np.uint8 and faces.shape[1:] == (128, 128, 3)
        self.asked.append(len(faces))
        middle = faces[:, 42:58, 40:90].mean((1, 2, 3))
        return [Verdict(self.dark if level < 60 else self.bright, 0.9) for level in middle]


def failing(check: Callable[..., None], *axes: Iterable[object]) -> list[str]:
    """The combinations of values for which `check` fails, and how."""
    found = []
    for case in product(*axes):
        try:
            check(*case)
        except AssertionError as error:
            found.append(f"{case}: {error}")
    return found


def portrait(size: int = 120, number: int = 1) -> tuple[np.ndarray, Face]:
    """A drawn face without glasses, and where it is."""
    return drawn_portrait(number, size, glasses=False)


def make_editor(
    faces: Sequence[Face],
    classifier: AttributeClassifier | None = None,
    level: float = -1.0,
    shift: float = 0.0,
) -> GlassesEditor:
    """An editor whose model paints a black bar for removing and a white one for adding."""
    settings = GeneratorSettings()
    bars = {"AtoB": Bar(level, shift), "BtoA": Bar(1.0)}
    model = EditingModel({way: torch_generator(bar, settings, SIZE) for way, bar in bars.items()}, "a bar")
    return GlassesEditor(model, Known(faces), classifier)


def torch_generator(module: nn.Module, settings: AnyGeneratorSettings, size: int = 256) -> Generator:
    """A generator that torch runs on the CPU."""
    return Generator(TorchNetwork(module, FP32, settings.locates_frame), settings, size)


def ships(monkeypatch: pytest.MonkeyPatch, model: EditingModel) -> None:
    """As if `model` were the one that ships, which torch runs then."""
    monkeypatch.setattr(package, "load_shipped", lambda: model)
    monkeypatch.setattr(trained_models, "_load_shipped", lambda precision: model)
