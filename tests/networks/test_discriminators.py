"""The published discriminators: the names of their weights, what a score sees, sizes that suit."""

from __future__ import annotations

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.registry import build_discriminator
from cyclegan_glasses.networks.settings import (
    DiscriminatorSettings,
    GeneratorSettings,
)


def test_names_are_those_of_published_files() -> None:
    """Convolutions at 0, 2, 5, 8, 11; a person who goes on training loads these too."""
    settings = DiscriminatorSettings(filters=2)
    weights = build_discriminator(settings).state_dict()
    assert set(weights) == {f"model.{i}.{word}" for i in (0, 2, 5, 8, 11) for word in ("weight", "bias")}
    widths = [tuple(weights[f"model.{i}.weight"].shape[:2]) for i in (0, 2, 5, 8, 11)]
    assert widths == [(2, 3), (4, 2), (8, 4), (16, 8), (1, 16)]
    batch = build_discriminator(DiscriminatorSettings(filters=2, norm="batch")).state_dict()
    assert "model.2.bias" not in batch and {"model.0.bias", "model.3.bias", "model.11.bias"} < set(batch)
    pixel = build_discriminator(DiscriminatorSettings("pixel", filters=2)).state_dict()
    assert set(pixel) == {f"net.{i}.{word}" for i in (0, 2, 5) for word in ("weight", "bias")}


@pytest.mark.parametrize(
    "kind, layers, field, side",
    [("basic", 9, 70, 14), ("n_layers", 1, 16, 62), ("n_layers", 2, 34, 30), ("pixel", 3, 1, 128)],
)
def test_the_patch_that_a_score_sees(kind: str, layers: int, field: int, side: int) -> None:
    """The 70×70 of the paper decides how much of a pair of glasses one score can see."""
    torch.manual_seed(0)
    network = build_discriminator(DiscriminatorSettings(kind, 1, 2, layers, norm="none"))
    x = torch.rand(1, 1, 128, 128, requires_grad=True)
    scores = network(x)
    assert scores.shape == (1, 1, side, side)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    assert x.grad is not None
    rows, columns = x.grad[0, 0].nonzero().unbind(1)
    assert int(rows.max() - rows.min()) + 1 == field
    assert int(columns.max() - columns.min()) + 1 == field


@pytest.mark.parametrize("kind, layers", [("basic", 3), ("n_layers", 1), ("n_layers", 2), ("pixel", 3)])
def test_the_smallest_side_is_the_smallest(kind: str, layers: int) -> None:
    """The check at the start must refuse exactly what would fail in the first step."""
    settings = DiscriminatorSettings(kind, filters=2, layers=layers)
    network, side = build_discriminator(settings), settings.smallest
    assert network(torch.rand(1, 3, side, side)).numel() >= 1
    with pytest.raises((ValueError, RuntimeError)):
        network(torch.rand(1, 3, side - 1, side - 1))


@pytest.mark.parametrize(
    "side, network, complaint",
    [
        (62, GeneratorSettings("resnet_9blocks"), "resnet_9blocks needs a --crop_size that is a multiple"),
        (62, GeneratorSettings("unet_128"), ""),
        (20, DiscriminatorSettings("basic"), "size 20 leaves --netD basic nothing to score: at least 24"),
        (24, DiscriminatorSettings("basic"), ""),
        (8, DiscriminatorSettings("pixel"), ""),
    ],
)
def test_a_size_that_does_not_suit_is_told_before_training(
    side: int, network: GeneratorSettings | DiscriminatorSettings, complaint: str
) -> None:
    if not complaint:
        network.check_side(side)
        return
    with pytest.raises(UserError, match=complaint):
        network.check_side(side)


@pytest.mark.parametrize("field", ["kind", "norm"])
def test_unknown_choices_are_refused(field: str) -> None:
    with pytest.raises(UserError, match="choose one of"):
        DiscriminatorSettings(**{field: "gothic"})
    with pytest.raises(UserError, match="choose one of"):
        GeneratorSettings(**{field: "gothic"})
