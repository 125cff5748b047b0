"""How weights start: the statistics that the names promise."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import INITS, GeneratorSettings, InitSettings
from cyclegan_glasses.networks.weights import initialise

FAN = 32 * 9  # of the 3×3 convolution below, in and out


def drawn(kind: str, gain: float = 0.02) -> nn.Conv2d:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(32, 32, 3), nn.BatchNorm2d(512))
    initialise(network.requires_grad_(False), InitSettings(kind, gain))
    (convolution, norm) = network
    assert convolution.bias.abs().max() == 0
    assert norm.bias.abs().max() == 0
    assert abs(float(norm.weight.mean()) - 1) < 0.2 * gain
    assert abs(float(norm.weight.std()) / gain - 1) < 0.1
    return convolution


@pytest.mark.parametrize(
    "kind, deviation",
    [
        ("normal", 0.02),
        ("xavier", 0.02 * math.sqrt(2 / (2 * FAN))),
        ("kaiming", math.sqrt(2 / FAN)),
        ("orthogonal", 0.02 / math.sqrt(FAN)),
    ],
)
def test_the_spread_of_every_initialisation(kind: str, deviation: float) -> None:
    """A recipe such as "Kaiming" means the same here as where it was published."""
    weight = drawn(kind).weight
    assert abs(float(weight.mean())) < 0.05 * deviation
    assert abs(float(weight.std()) / deviation - 1) < 0.05


def test_orthogonal_rows_are_orthogonal() -> None:
    rows = drawn("orthogonal", gain=0.5).weight.flatten(1)
    torch.testing.assert_close(rows @ rows.T, 0.25 * torch.eye(32), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", INITS)
def test_every_convolution_is_drawn_and_the_seed_repeats_it(kind: str) -> None:
    settings = GeneratorSettings("resnet_6blocks", filters=2)
    torch.manual_seed(1)
    first = initialise(build_generator(settings), InitSettings(kind)).state_dict()
    torch.manual_seed(1)
    again = initialise(build_generator(settings), InitSettings(kind)).state_dict()
    other = initialise(build_generator(settings), InitSettings(kind)).state_dict()
    for key, value in first.items():
        assert torch.equal(value, again[key])
        assert torch.equal(value, other[key]) == key.endswith("bias")
