"""Ways to train with less memory: each gives the results of the plain step, and does take less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    DiscriminatorSettings,
    GeneratorSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.objectives.registry import build_objective
from cyclegan_glasses.objectives.settings.base import AdamSettings
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.supervised import SupervisedSettings

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
PLAIN: dict[str, Any] = {
    "cyclegan": CycleGANSettings(
        generator=GeneratorSettings("resnet_6blocks", filters=4),
        discriminator=DiscriminatorSettings(filters=4),
        pool_size=0,
        plain=True,
    ),
    "mask2face": SupervisedSettings(
        ResidualUnetSettings(filters=(3, 4), kernels=(5, 3), refine=True),
        lambda_gan=0.5,
        discriminator=DiscriminatorSettings(filters=2),
    ),
    "isee": SupervisedSettings(IseeSettings(3, 3, filters=4), "l2"),
}


def make(model: str, settings: Any, precision: str = "fp32") -> Objective:
    torch.manual_seed(0)
    return build_objective(model, settings, Precision(precision, CPU), 0)


def batch(count: int, side: int = 32) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(1)
    names = ("A", "B", "pair_A", "pair_B")
    return {name: torch.rand(count, 3, side, side, generator=rng) * 2 - 1 for name in names}


def gradients(objective: Objective) -> dict[str, Tensor]:
    """Of every network; they are what the optimizers were data."""
    return {
        name: torch.cat([weight.grad.flatten() for weight in network.parameters() if weight.grad is not None])
        for name, network in objective.weights.items()
    }


def assert_equal(one: Objective, other: Objective, data: dict[str, Tensor], within: float) -> None:
    """A step of both gives the same losses, gradients and pictures."""
    losses, others = one.step(data, 0.0), other.step(data, 0.0)
    for name, loss in losses.items():
        assert others[name].item() == pytest.approx(loss.item(), rel=within)
    there = gradients(other)
    for name, gradient in gradients(one).items():
        assert (gradient - there[name]).norm() <= within * gradient.norm()
    pictures = other.pictures
    for label, picture in one.pictures.items():
        torch.testing.assert_close(pictures[label], picture, rtol=0, atol=within)


@pytest.mark.parametrize("count, size", [(4, 2), (3, 2)], ids=str)
@pytest.mark.parametrize(
    "model, change",
    [
        ("cyclegan", {}),
        ("cyclegan", {"plain": False}),
        ("cyclegan", {"plain": False, "lambda_pair": 3.0, "adam": AdamSettings(clip=1)}),
        ("cyclegan", {"gan_mode": "wgangp"}),
        ("mask2face", {}),
        ("isee", {}),
    ],
    ids=str,
)  # fmt: skip
def test_parts_of_a_batch_add_up_to_the_whole(
    model: str, change: dict[str, Any], count: int, size: int, float64: None
) -> None:
    """`--accumulate`: a batch that does not fit trains as if it did, the smaller last part included."""
    settings = replace(PLAIN[model], **change)
    whole, pieces = make(model, settings), make(model, replace(settings, micro_batch=size))
    assert_equal(whole, pieces, batch(count), 1e-11)


@pytest.mark.parametrize(
    "model, change",
    [
        ("cyclegan", {}),
        ("cyclegan", {"plain": False}),
        ("cyclegan", {"generator": GeneratorSettings("resnet_6blocks", filters=4, dropout=True)}),
        ("cyclegan", {"generator": GeneratorSettings(filters=4, upsample="resize", composite=True)}),
        ("cyclegan", {"generator": GeneratorSettings("unet_128", filters=2)}),
        ("mask2face", {}),
    ],
    ids=str,
)  # fmt: skip
def test_recomputing_is_exact(model: str, change: dict[str, Any], one_thread: None) -> None:
    """To the bit, dropout included."""
    settings = replace(PLAIN[model], **change)
    data = batch(2, 128 if "unet" in str(change) else 32)
    steps = []
    for recompute in (False, True):
        objective = make(model, replace(settings, recompute=recompute))
        torch.manual_seed(3)
        steps.append((objective.step(data, 0.0), gradients(objective), torch.get_rng_state()))
    for one, other in zip(*(step[:2] for step in steps), strict=True):
        assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(steps[0][2], steps[1][2])


def most_kept(work: Callable[[], Any]) -> int:
    """The most bytes that graphs keep for their backward passes at any time of `work()`."""
    uses: dict[int, int] = {}
    now = most = 0

    class Saved:
        def __init__(self, tensor: Tensor) -> None:
            nonlocal now, most
            self.tensor, self.place = tensor, tensor.untyped_storage().data_ptr()
            self.size = tensor.untyped_storage().nbytes()
            uses[self.place] = uses.get(self.place, 0) + 1
            now += self.size * (uses[self.place] == 1)
            most = max(most, now)

        def __del__(self) -> None:
            nonlocal now
            uses[self.place] -= 1
            now -= self.size * (uses[self.place] == 0)

    with torch.autograd.graph.saved_tensors_hooks(Saved, lambda kept: kept.tensor):
        work()
    return most


@pytest.mark.parametrize("identity, fraction", [(0.5, 0.45), (0.0, 0.6)])
@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_the_default_keeps_much_less_than_plain(identity: float, fraction: float, norm: str) -> None:
    """The two ways round are independent, so the graph of one is gone before the other begins."""
    generator = replace(PLAIN["cyclegan"].generator, norm=norm)
    plain = replace(PLAIN["cyclegan"], generator=generator, lambda_identity=identity)
    default = replace(plain, plain=False)
    kept = [most_kept(partial(make("cyclegan", way).step, batch(1), 0.0)) for way in (plain, default)]
    assert 0.2 * kept[0] < kept[1] < fraction * kept[0]


@pytest.mark.parametrize(
    "model, change, fraction",
    [
        ("cyclegan", {"recompute": True}, 0.6),
        ("mask2face", {"recompute": True}, 0.6),
        ("mask2face", {"micro_batch": 1}, 0.5),
        ("cyclegan", {"micro_batch": 1, "plain": False}, 0.4),
    ],
    ids=str,
)  # fmt: skip
def test_each_way_keeps_less(model: str, change: dict[str, Any], fraction: float) -> None:
    ways = (PLAIN[model], replace(PLAIN[model], **change))
    kept = [most_kept(partial(make(model, way).step, batch(4), 0.0)) for way in ways]
    assert kept[1] < fraction * kept[0]


@pytest.mark.parametrize("norm", ["batch", "syncbatch"])
@pytest.mark.parametrize("model", ["cyclegan", "mask2face"])
def test_statistics_are_not_counted_twice(model: str, norm: str) -> None:
    generator = replace(PLAIN[model].generator, norm=norm)
    with pytest.raises(UserError, match=f"--norm {norm} twice: take --norm instance"):
        replace(PLAIN[model], generator=generator, recompute=True)
