"""Scores of generators while they are still trained."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from cyclegan_glasses.data.settings import FRAME, DataSettings
from cyclegan_glasses.devices import choose_precision
from cyclegan_glasses.domains import ADD, DIRECTIONS, GENERATOR_NAMES, REMOVE
from cyclegan_glasses.editing.trained import TorchNetwork
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.editors import conditioned_editor, network_editor
from cyclegan_glasses.evaluation.inputs import Input, Inputs
from cyclegan_glasses.evaluation.measure import score, translated
from cyclegan_glasses.evaluation.settings import InputSettings, Protocol
from cyclegan_glasses.evaluation.statistics import mean_of
from cyclegan_glasses.objectives.protocol import Objective

PICTURES = 32
#: Of all scores those that tell a run apart from its neighbours, by direction, and their names in curves.
SHORT_NAMES = {
    REMOVE: {"rims off": "off", "frame left": "left", "PSNR inside": "PSNR", "L1 elsewhere": "changed"},
    ADD: {"rims on": "on", "PSNR inside": "PSNR", "L1 elsewhere": "changed"},
}


class Examiner:
    """Scores an objective's generators on at most 32 test pictures a direction: `examiner()`.

    Args:
        objective: with generators `G_A` (removes) or `G_B` (adds) among its weights.
        data: of the training; test pictures are `testA` and `testB` beside it, at its size.
        device: that the generators are on.
    """

    def __init__(self, objective: Objective, data: DataSettings, device: torch.device) -> None:
        self._objective, self._data, self._device = objective, data, device
        self._inputs: dict[str, tuple[Inputs, list[Input]]] = {}

    def __call__(self) -> dict[str, float]:
        """Mean scores by name, such as `rims off (A)`; nothing that training depends on is moved.

        Raises:
            UserError: there are no test pictures, or no generators.
        """
        found: dict[str, float] = {}
        networks = self._objective.weights
        if not networks.keys() & GENERATOR_NAMES.values():
            raise UserError("only generators, G_A and G_B, can be scored")
        for direction in DIRECTIONS:
            if network := networks.get(GENERATOR_NAMES[direction]):
                found |= self._scores(network, direction)
        return found

    def _scores(self, network: nn.Module, direction: str) -> dict[str, float]:
        grey = self._data.channels[direction[0]] == 1
        precision = choose_precision("fp32", self._device)
        if direction == ADD and self._data.condition == FRAME:
            edit = conditioned_editor(TorchNetwork(network, precision), None)
        else:
            edit = network_editor(TorchNetwork(network, precision), None, grey)
        training = network.training
        network.eval()
        try:
            inputs, items = self._pictures(direction)
            made = translated(inputs, items, edit)
            rows = [score(item, after, None, direction) for item, after, _ in made]
        finally:
            network.train(training)
        return {
            f"{short}_{direction[0]}": mean_of([row[name] for row in rows if name in row])
            for name, short in SHORT_NAMES[direction].items()
            if any(name in row for row in rows)
        }

    def _pictures(self, direction: str) -> tuple[Inputs, list[Input]]:
        if direction not in self._inputs:
            data = self._data
            fit = "scale_width_and_crop" if data.preprocess == "crop" else data.preprocess
            size = Protocol(preprocess=fit, load_size=data.crop_size, crop_size=data.crop_size)
            grey = 1 in data.channels.values()
            root = Path(data.dataroot)
            inputs = Inputs(InputSettings(root, direction, limit=PICTURES, protocol=size, grey=grey))
            self._inputs[direction] = inputs, list(inputs)
        return self._inputs[direction]
