"""Generators that torch runs, from the files of weights of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.domains import GENERATOR_NAMES, opposite
from cyclegan_glasses.editing.models import Generator
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.registry import build_generator, infer_generator
from cyclegan_glasses.networks.weights import network_from
from cyclegan_glasses.training.checkpoint import weights_path
from cyclegan_glasses.weight_files import load_network_weights

_SAVED = re.compile(r"(?P<label>.+)_net_G(?P<suffix>.*)\.pth")


@dataclass(frozen=True, slots=True, eq=False)
class TorchNetwork:
    """A `models.Network` that torch runs.

    Attributes:
        module: in evaluation mode, on the device of `precision`.
        locates_frame: it also says how much of each pixel the frame takes.
    """

    module: nn.Module
    precision: Precision
    locates_frame: bool = False

    def __call__(self, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        inputs = torch.from_numpy(np.ascontiguousarray(faces)).to(self.precision.device)
        with torch.inference_mode(), self.precision.autocast():
            made = (self.module(inputs, frame=True) if self.locates_frame else self.module(inputs)).float()
        if not self.locates_frame:
            return made.cpu().numpy(), None
        return made[:, :-1].cpu().numpy(), torch.sigmoid(made[:, -1]).cpu().numpy()


def module_of(generator: Generator) -> nn.Module:
    """The network of a generator that torch runs.

    Raises:
        TypeError: onnxruntime runs it, see `trained_models`.
    """
    if not isinstance(generator.network, TorchNetwork):
        raise TypeError("torch does not run this generator: load it by trained_models.load_model")
    return generator.network.module


def load_generator(
    path: Path,
    precision: Precision,
    asked: Mapping[str, Any] | None = None,
    weights: Mapping[str, Tensor] | None = None,
) -> Generator:
    """The generator of a plain state dict; its architecture is read off the weights.

    Args:
        precision: that it computes in, and on which device.
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
    module = network.to(precision.device).eval()
    return Generator(TorchNetwork(module, precision, found.locates_frame), found)


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
