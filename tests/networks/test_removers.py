"""The networks of Mask2Face and iSee: sizes, published shapes, settings that are refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.isee import IseeNetwork
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import IseeSettings, ResidualUnetSettings
from tests.networks.small import build, changes


def test_pictures_of_any_size_keep_it() -> None:
    for kind in ("residual_unet", "isee"):
        for settings in changes(kind):
            network = build(settings)
            for shape in ((24, 24), (22, 30), (33, 25)):
                picture = torch.rand(2, settings.input_nc, *shape) * 2 - 1
                assert network(picture).shape == (2, settings.output_nc, *shape), settings


def test_the_published_networks() -> None:
    """Six convolutions of 90 filters, linear after the third and the last; filters and kernels by level."""
    isee = build_generator(IseeSettings())
    assert isinstance(isee, IseeNetwork)
    assert sum(p.numel() for p in isee.parameters()) == 900 + 4 * (90 * 90 * 9 + 90) + 90 * 9 + 1
    assert [type(layer) for layer in isee.layers][1::2] == [nn.ReLU, nn.ReLU, nn.Identity, nn.ReLU, nn.ReLU]
    published = ResidualUnetSettings()
    assert (published.filters, published.kernels) == ((64, 128, 128, 256, 256, 512), (7, 7, 7, 3, 3, 3))


def test_a_composite_begins_near_its_input() -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 24, 24) * 2 - 1
    made = build_generator(ResidualUnetSettings(filters=(4, 4), kernels=(3, 3), composite=True))(picture)
    assert (made - picture).abs().mean() < 0.15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filters": (4,)}, "as many numbers"),
        ({"kernels": (4, 3)}, "odd"),
        ({"filters": (0, 4)}, "at least 1"),
        ({"norm": "layer"}, "norm"),
        ({"composite": True, "output_nc": 1}, "--composite"),
    ],
)
def test_settings_that_cannot_be(change, message) -> None:
    with pytest.raises(UserError, match=message):
        ResidualUnetSettings(**({"filters": (4, 4), "kernels": (3, 3)} | change))


def test_a_size_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="at least 65"):
        ResidualUnetSettings().check_side(64)
    ResidualUnetSettings().check_side(65)
    with pytest.raises(UserError, match="--filters"):
        IseeSettings(filters=0)
