"""The network that reads a frame of spectacles off the eye region of a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

HEIGHT, WIDTH = 80, 160
"""Of the eye region, in pixels."""
CHANNELS = (20, 40, 72, 112)


class FrameAnswers(NamedTuple):
    """What the heads say of N eye regions.

    Attributes:
        logits: (N, classes) by the name of the choice.
        values: (N, V), standardised.
        log_scales: (N, V), the logarithm of the error that each value is expected to have.
    """

    logits: dict[str, Tensor]
    values: Tensor
    log_scales: Tensor

    def float(self) -> FrameAnswers:
        """The same in float32."""
        logits = {name: values.float() for name, values in self.logits.items()}
        return FrameAnswers(logits, self.values.float(), self.log_scales.float())


class FrameNetwork(nn.Module):
    """Four stages that halve the sides, then one linear layer that all heads share.

    Args:
        choices: how many classes each choice has.
        values: how many numbers are read.
        features: width of the shared layer.
    """

    def __init__(self, choices: Mapping[str, int], values: int, features: int = 96) -> None:
        super().__init__()
        stages = [_stage(*widths) for widths in pairwise((3, *CHANNELS))]
        self.encoder = nn.Sequential(*stages, nn.Conv2d(CHANNELS[-1], 32, 1), nn.ReLU())
        places = (HEIGHT >> len(CHANNELS)) * (WIDTH >> len(CHANNELS))
        self.embed = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), nn.Linear(32 * places, features), nn.ReLU())
        self.choices = nn.ModuleDict({name: nn.Linear(features, count) for name, count in choices.items()})
        self.values = nn.Linear(features, 2 * values)

    def forward(self, regions: Tensor) -> FrameAnswers:
        """What the heads say of `regions` (N, 3, `HEIGHT`, `WIDTH`) in [-1, 1]."""
        features = self.embed(self.encoder(regions))
        values, log_scales = self.values(features).chunk(2, 1)
        logits = {name: head(features) for name, head in self.choices.items()}
        return FrameAnswers(logits, values, log_scales.clamp(-4, 2))


def mean_answers(answers: Sequence[FrameAnswers]) -> FrameAnswers:
    """The mean of what is said of several views of the same faces."""
    return FrameAnswers(
        {name: torch.stack([a.logits[name] for a in answers]).mean(0) for name in answers[0].logits},
        torch.stack([a.values for a in answers]).mean(0),
        torch.stack([a.log_scales for a in answers]).mean(0),
    )


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    """(N, inputs, H, W) → (N, outputs, H/2, W/2), not below zero."""
    layers = [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    if inputs > 3:
        layers += [nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)
