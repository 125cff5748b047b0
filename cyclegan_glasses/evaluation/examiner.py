"""Scores of generators while they are still trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from cyclegan_glasses.data.settings import FRAME, DataSettings
from cyclegan_glasses.devices import choose_precision
from cyclegan_glasses.domains import ADD, DIRECTIONS, GENERATOR_NAMES, REMOVE
from cyclegan_glasses.editing.trained import TorchNetwork
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.editors import conditioned_editor, network_editor
from cyclegan_glasses.evaluation.inputs import Input, Inputs, evenly_chosen
from cyclegan_glasses.evaluation.measure import score, translated
from cyclegan_glasses.evaluation.metrics import Picture
from cyclegan_glasses.evaluation.settings import InputSettings, Protocol
from cyclegan_glasses.evaluation.statistics import mean_of
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.training.early_stopping import OVERALL

Made = tuple[Input, Picture, Picture | None]
PICTURES = 32
HUNG, SIDE = 6, 96  # pictures in a row of the gallery, and their width in pixels
_UNTOUCHED = 20.0  # levels of 255 by which a frame differs from the skin below it, about
#: Of all scores those that tell a run apart from its neighbours, by direction, and their names in curves.
SHORT_NAMES = {
    REMOVE: {"rims off": "off", "frame left": "left", "PSNR inside": "PSNR", "L1 elsewhere": "changed"},
    ADD: {"rims on": "on", "PSNR inside": "PSNR", "L1 elsewhere": "changed"},
}


class Examiner:
    """Scores an objective's generators on at most 32 pictures a direction: `examiner()`.

    Args:
        objective: with generators `G_A` (removes) or `G_B` (adds) among its weights.
        data: of the training; the pictures are `valA` and `valB` beside it, else `testA` and `testB`, at its
            size.
        device: that the generators are on.
    """

    def __init__(self, objective: Objective, data: DataSettings, device: torch.device) -> None:
        self._objective, self._data, self._device = objective, data, device
        self._inputs: dict[str, tuple[Inputs, list[Input]]] = {}

    def __call__(self) -> dict[str, float]:
        """Mean scores by name, such as `off_A`, and `OVERALL`; nothing that training depends on is moved.

        Raises:
            UserError: there are no such pictures, or no generators.
        """
        found, overall = dict[str, float](), []
        for direction, network in self._generators().items():
            made = self._made(network, direction, self._pictures(direction)[1])
            rows = [score(item, after, None, direction) for item, after, _ in made]
            names = SHORT_NAMES[direction].items()
            means = {
                short: mean_of([row[name] for row in rows if name in row])
                for name, short in names
                if any(name in row for row in rows)
            }
            overall.append(overall_of(means))
            found |= {f"{name}_{direction[0]}": value for name, value in means.items()}
        return found | {OVERALL: sum(overall) / len(overall)}

    def gallery(self) -> dict[str, np.ndarray]:
        """At most `HUNG` of the pictures in a row, and what is made of them, by label: uint8 (H, W, 3).

        Raises:
            UserError: as when called.
        """
        rows = {}
        for direction, network in self._generators().items():
            _, items = self._pictures(direction)
            made = self._made(network, direction, evenly_chosen(items, HUNG))
            source, target = direction.split("to")
            rows[f"real_{source}"] = _row([item.picture for item, _, _ in made])
            rows[f"fake_{target}"] = _row([after for _, after, _ in made])
        return rows

    def _generators(self) -> dict[str, nn.Module]:
        networks = self._objective.weights
        found = {way: networks[name] for way in DIRECTIONS if (name := GENERATOR_NAMES[way]) in networks}
        if not found:
            raise UserError("only generators, G_A and G_B, can be scored")
        return found

    def _made(self, network: nn.Module, direction: str, items: Sequence[Input]) -> list[Made]:
        """What `network` makes of `items`, see `translated`."""
        grey = self._data.channels[direction[0]] == 1
        precision = choose_precision("fp32", self._device)
        if direction == ADD and self._data.condition == FRAME:
            edit = conditioned_editor(TorchNetwork(network, precision), None)
        else:
            edit = network_editor(TorchNetwork(network, precision), None, grey)
        training = network.training
        network.eval()
        try:
            return list(translated(self._pictures(direction)[0], items, edit))
        finally:
            network.train(training)

    def _pictures(self, direction: str) -> tuple[Inputs, list[Input]]:
        if direction not in self._inputs:
            data = self._data
            fit = "scale_width_and_crop" if data.preprocess == "crop" else data.preprocess
            size = Protocol(preprocess=fit, load_size=data.crop_size, crop_size=data.crop_size)
            grey = 1 in data.channels.values()
            root = Path(data.dataroot)
            phase = "val" if all((root / f"val{domain}").is_dir() for domain in "AB") else "test"
            inputs = Inputs(InputSettings(root, direction, phase, PICTURES, protocol=size, grey=grey))
            self._inputs[direction] = inputs, list(inputs)
        return self._inputs[direction]


def overall_of(means: Mapping[str, float]) -> float:
    """One number of a direction's mean scores, in levels of 255, lower is better: how wrong the glasses are,
    and what changed elsewhere.

    The first is the root mean square error where the truth is known, else 20 levels times the share of the
    frame that is still to go or to come. A network that changes nothing gets about 20, and one that repaints
    the face as much.
    """
    if "PSNR" in means:
        wrong = 255 * 10 ** (-means["PSNR"] / 20)
    else:
        wrong = _UNTOUCHED * (means["left"] if "left" in means else 1 - means["on"])
    return float(wrong + means["changed"])


def _row(pictures: Sequence[Picture]) -> np.ndarray:
    """Pictures of one size side by side, reduced to a width of `SIDE` where they are wider."""
    scale = min(1.0, SIDE / pictures[0].shape[1])
    size = [max(1, round(scale * side)) for side in pictures[0].shape[1::-1]]
    return np.concatenate(
        [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures], 1
    )
