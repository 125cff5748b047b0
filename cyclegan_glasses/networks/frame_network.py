"""The network that reads a frame of spectacles off the eye region of a face."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from cyclegan_glasses.networks.settings import EYE_REGION

HEIGHT, WIDTH = EYE_REGION
CHANNELS = (20, 40, 72, 112)
LOOKS = 4
"""Regions whose mean colours are read."""

_OPPONENT = ((0.5, 4.0, 2.0), (0.5, -4.0, 2.0), (0.5, 0.0, -4.0))
"""Red, green and blue as lightness, red against green, and yellow against blue: what colours differ in."""


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
    """Four stages that halve the sides, one layer that all heads share, and colours from where it looks.

    A convolution that must tell shapes forgets colours. So the values are read off the mean colours of a few
    soft regions as well, which the network chooses itself (soft attention, Bahdanau et al. 2015, arXiv
    1409.0473): the rim is one of them.

    Args:
        choices: how many classes each choice has.
        values: how many values are read.
        features: width of the shared layer.
    """

    def __init__(self, choices: Mapping[str, int], values: int, features: int = 96) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_stage(*widths) for widths in pairwise((3, *CHANNELS)))
        places = (HEIGHT >> len(CHANNELS)) * (WIDTH >> len(CHANNELS))
        squeeze = nn.Sequential(nn.Conv2d(CHANNELS[-1], 32, 1), nn.ReLU(), nn.Flatten())
        self.embed = nn.Sequential(squeeze, nn.Dropout(0.1), nn.Linear(32 * places, features), nn.ReLU())
        self.fine, self.coarse = nn.Conv2d(CHANNELS[0], LOOKS, 1), nn.Conv2d(CHANNELS[2], LOOKS, 1)
        self.choices = nn.ModuleDict({name: nn.Linear(features, count) for name, count in choices.items()})
        self.values = nn.Sequential(nn.Linear(features + 3 * LOOKS, 64), nn.ReLU(), nn.Linear(64, 2 * values))

    def forward(self, regions: Tensor) -> FrameAnswers:
        """What the heads say of `regions` (N, 3, `HEIGHT`, `WIDTH`) in [-1, 1]."""
        maps = [regions]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        features = self.embed(maps[-1])
        # The colours of what is looked at, on a grid of half the resolution.
        coarse = functional.interpolate(self.coarse(maps[3]), scale_factor=4.0, mode="bilinear")
        attention = (self.fine(maps[1]) + coarse).flatten(2).softmax(2)
        colours = attention @ functional.avg_pool2d(regions, 2).flatten(2).transpose(1, 2)
        colours = colours @ torch.tensor(_OPPONENT, dtype=colours.dtype, device=colours.device)
        values, log_scales = self.values(torch.cat([features, colours.flatten(1)], 1)).chunk(2, 1)
        logits = {name: head(features) for name, head in self.choices.items()}
        return FrameAnswers(logits, values, log_scales.clamp(-4, 2))


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    """(N, inputs, H, W) → (N, outputs, H/2, W/2), not below zero."""
    layers = [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    if inputs > 3:
        layers += [nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)
