"""What the loop may expect of every model that `--model` knows."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    AutoencoderSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    IseeSettings,
    ReaderSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.objectives.registry import OBJECTIVES, build_objective
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.faces import FacelyzrSettings, FacemathSettings
from cyclegan_glasses.objectives.settings.supervised import SupervisedSettings

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "cyclegan": CycleGANSettings(
        generator=GeneratorSettings("resnet_6blocks", filters=2),
        discriminator=DiscriminatorSettings(filters=2),
        pool_size=3,
        ema=0.9,
    ),
    "facelyzr": FacelyzrSettings(ReaderSettings(16, channels=(2, 4), features=4), pretraining="joint"),
    "facemath": FacemathSettings(AutoencoderSettings(16, channels=(2, 4), latent=1)),
    "mask2face": SupervisedSettings(
        ResidualUnetSettings(filters=(2, 3), kernels=(5, 3), refine=True),
        lambda_gan=0.5,
        discriminator=DiscriminatorSettings(filters=2),
    ),
    "isee": SupervisedSettings(IseeSettings(3, 3, filters=4), "l2"),
}
pytestmark = pytest.mark.parametrize("name", OBJECTIVES)


def make(name: str, seed: int = 0) -> Objective:
    torch.manual_seed(seed)
    return build_objective(name, SMALL[name], Precision("fp32", CPU), seed)


def batch(number: int) -> dict[str, Any]:
    rng = torch.Generator().manual_seed(number)
    sample: dict[str, Any] = {side: torch.rand(2, 3, 24, 24, generator=rng) * 2 - 1 for side in "AB"}
    return sample | {
        "M": torch.rand(2, 1, 24, 24, generator=rng),
        "pair_A": torch.rand(2, 3, 24, 24, generator=rng) * 2 - 1,
        "pair_B": torch.rand(2, 3, 24, 24, generator=rng) * 2 - 1,
        "A_path": ["a", "b"],
        "B_path": ["c", "d"],
    }


def test_a_small_one_is_known(name: str) -> None:
    """A model in the registry that this file does not try is not tested at all."""
    assert SMALL.keys() == OBJECTIVES.keys()


def test_a_step_gives_losses_and_pictures(name: str) -> None:
    objective = make(name)
    losses = objective.step(batch(0), 0.0)
    assert tuple(losses) == objective.loss_names
    for value in losses.values():
        assert value.shape == () and bool(torch.isfinite(value)) and not value.requires_grad
    assert set(objective.metric_names) <= set(losses)
    assert set(objective.score_losses) <= set(losses)
    pictures = objective.pictures
    assert pictures
    for picture in pictures.values():
        assert picture.shape[0] == 2 and picture.shape[1] in (1, 3)
        assert picture.dtype == torch.float32 and not picture.requires_grad
        assert picture.min() >= -1 and picture.max() <= 1


def test_a_step_trains_every_network(name: str) -> None:
    objective = make(name)
    before = {key: value.clone() for key, value in flat(objective).items()}
    for number in range(2):
        objective.step(batch(number), 0.0)
    moved = {
        key.split("/")[0] for key, value in flat(objective).items() if not torch.equal(value, before[key])
    }
    assert moved == set(objective.weights)


def test_a_restored_one_takes_the_same_steps(name: str) -> None:
    """Everything that the next step depends on is in the state, and the state holds no code."""
    first = make(name)
    for number in range(4):
        first.step(batch(number), number / 10)
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)
    second = make(name, seed=5)
    second.load_state_dict(torch.load(buffer, weights_only=True))
    for number in range(4, 8):
        torch.manual_seed(number)
        ours = first.step(batch(number), number / 10)
        torch.manual_seed(number)
        theirs = second.step(batch(number), number / 10)
        assert {key: value.item() for key, value in ours.items()} == {k: v.item() for k, v in theirs.items()}
    weights = flat(second)
    assert all(torch.equal(value, weights[key]) for key, value in flat(first).items())


def test_shared_weights_are_a_start(name: str) -> None:
    first, second = make(name), make(name, seed=5)
    first.step(batch(0), 0.0)
    second.load_weights({key: network.state_dict() for key, network in first.weights.items()})
    weights = flat(second)
    assert all(torch.equal(value, weights[key]) for key, value in flat(first).items())
    key, network = next(iter(first.weights.items()))
    wrong = dict(list(network.state_dict().items())[1:])
    with pytest.raises(UserError, match=f"net_{key} holds another architecture"):
        second.load_weights({key: wrong})


def flat(objective: Objective) -> dict[str, torch.Tensor]:
    return {
        f"{name}/{key}": value
        for name, network in objective.weights.items()
        for key, value in network.state_dict().items()
    }
