"""Generators from a run's folder, ready to translate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.domains import GENERATOR_NAMES, opposite
from cyclegan_glasses.editing.rims import PRESENT
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.faces.eye_region import at_the_eyes
from cyclegan_glasses.networks.registry import build_generator, infer_generator
from cyclegan_glasses.networks.settings import AnyGeneratorSettings
from cyclegan_glasses.networks.weights import network_from
from cyclegan_glasses.pixels import luminance, to_levels, to_tensor
from cyclegan_glasses.training.checkpoint import weights_path
from cyclegan_glasses.weight_files import load_network_weights

MOST_PASSES, MOST_SIZE, MOST_ZOOM = 20, 4096, 8
_SAVED = re.compile(r"(?P<label>.+)_net_G(?P<suffix>.*)\.pth")


@dataclass(frozen=True, slots=True)
class Generator:
    """One direction.

    Attributes:
        network: in evaluation mode.
        size: side in pixels of the aligned faces that it was trained on.
        framing: where the eyes lie in them.
        passes: how often it best goes over a face.

    Raises:
        UserError: a size, framing or number that no generator has.
    """

    network: nn.Module
    settings: AnyGeneratorSettings
    size: int = 256
    framing: Framing = field(default_factory=Framing)
    passes: int = 1

    def __post_init__(self) -> None:
        if not 8 <= self.size <= MOST_SIZE:
            raise UserError(f"faces of {self.size} pixels: 8 to {MOST_SIZE} are known")
        if not (abs(self.framing.eye_height) < MOST_ZOOM and 0 < self.framing.eye_distance < MOST_ZOOM):
            raise UserError(f"the eyes lie in no picture ({self.framing}): it is damaged")
        if not 1 <= self.passes <= MOST_PASSES:
            raise UserError(f"{self.passes} passes: 1 to {MOST_PASSES} are of use")


@dataclass(frozen=True, slots=True, eq=False)
class Translated:
    """What a generator made of one aligned face.

    Attributes:
        picture: float32 (size, size, 3), levels of 0 to 255.
        frame: float32 (size, size), 0 to 1: how much of a pixel the frame that was there takes, its arms
            included; None where the generator does not say.
    """

    picture: np.ndarray
    frame: np.ndarray | None = None


def translate(generator: Generator, crops: np.ndarray, precision: Precision, passes: int) -> list[Translated]:
    """What `generator` makes of `crops`, uint8 RGB (n, size, size, 3), each by itself.

    Args:
        passes: how often it goes over them; the frame is what the first pass saw.
    """
    if not len(crops):
        return []
    photo = to_tensor(crops, precision.device)
    inputs = luminance(photo) if generator.settings.input_nc == 1 else photo
    frame = None
    if generator.settings.locates_frame:
        with torch.inference_mode(), precision.autocast():
            first = generator.network(inputs, frame=True).float()
        inputs, passes = first[:, :-1].clamp(-1, 1), passes - 1
        covers = torch.sigmoid(first[:, -1]).cpu().numpy()
        frame = [np.where(at_the_eyes(one > PRESENT), one, np.float32(0)) for one in covers]
    edited = apply_generator(generator.network, inputs, precision, passes)
    if edited.shape[1] == 1:  # a model of grey faces: the photo keeps its colours
        edited = (photo + edited - luminance(photo)).clamp(-1, 1)
    pictures = to_levels(edited).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return [Translated(one, None if frame is None else frame[n]) for n, one in enumerate(pictures)]


def apply_generator(network: nn.Module, faces: Tensor, precision: Precision, passes: int = 1) -> Tensor:
    """What a generator makes of `faces` (N, C, H, W) in [-1, 1], then of its own results."""
    with torch.inference_mode(), precision.autocast():
        for _ in range(passes):
            faces = network(faces.contiguous()).float().clamp(-1, 1)
    return faces


def load_generator(
    path: Path,
    device: torch.device,
    asked: Mapping[str, Any] | None = None,
    weights: Mapping[str, Tensor] | None = None,
) -> Generator:
    """The generator of a plain state dict, on `device`; its architecture is read off the weights.

    Args:
        asked: fields of `GeneratorSettings` that a person insists on.
        weights: of the file, where they have been read.

    Raises:
        UserError: the file is not there, not whole, of an unknown architecture, or not of the one asked for.
    """
    weights = load_network_weights(path) if weights is None else weights
    asked = dict(asked or {})
    if asked.get("norm") == "syncbatch":  # the same in use, and in the file
        asked["norm"] = "batch"
    found = infer_generator(weights)
    if found is None:
        raise UserError(
            f"{path} is not a generator of this toolkit: give the *_net_G_A.pth or *_net_G_B.pth of a run"
        )
    wrong = [
        f"{name} is {value!r}, not {asked[name]!r}"
        for name, value in (asdict(found) | {"kind": found.kind}).items()
        if name in asked and asked[name] != value
    ]
    if wrong:
        raise UserError(f"{path} holds another architecture ({'; '.join(wrong)}): leave those options out")
    network = network_from(partial(build_generator, found), weights, str(path))
    return Generator(network.to(device).eval(), found)


def saved_labels(folder: Path, direction: str) -> list[str]:
    """The epochs whose generator of a direction is in the folder of a run."""
    ending = f"_net_{GENERATOR_NAMES[direction]}.pth"
    return sorted(file.name.removesuffix(ending) for file in folder.glob(f"*{ending}"))


def find_generator(folder: Path, label: str, suffix: str) -> Path:
    """The weights `<label>_net_G<suffix>.pth` of a run, as `--model test` names them.

    Raises:
        UserError: the run or the weights are not there; says which suffixes and epochs are.
    """
    _check_run(folder)
    path = weights_path(folder, label, f"G{suffix}")
    if path.exists():
        return path
    saved = [_SAVED.fullmatch(file.name) for file in sorted(folder.glob("*_net_G*.pth"))]
    there = [(match["label"], match["suffix"]) for match in saved if match]
    suffixes = [other for epoch, other in there if epoch == label]
    epochs = [epoch for epoch, other in there if other == suffix]
    if suffixes:
        advice = f"--model test needs --model_suffix {' or '.join(suffix or repr('') for suffix in suffixes)}"
        advice += " (_A takes glasses off, _B puts them on)" if "_A" in suffixes else ""
    else:
        advice = f"--epoch can be {', '.join(epochs)}" if epochs else "the run has not saved a generator yet"
    raise UserError(f"{path} is not there: {advice}")


def find_generators(folder: Path, label: str, direction: str) -> tuple[Path, Path | None]:
    """The weights that translate in `direction`, and those of the way back if they are there.

    G_A removes glasses (`AtoB`), G_B adds them (`BtoA`).

    Raises:
        UserError: the run or the weights are not there; says which epochs are.
    """
    path, other = (
        weights_path(folder, label, GENERATOR_NAMES[way]) for way in (direction, opposite(direction))
    )
    _check_run(folder)
    if not path.exists():
        saved = ", ".join(saved_labels(folder, direction))
        advice = f"--epoch can be {saved}" if saved else "the run has not saved a generator yet"
        raise UserError(f"{path} is not there: {advice}")
    return path, other if other.exists() else None


def _check_run(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError(f"there is no run {folder}: check --name and --checkpoints_dir")
