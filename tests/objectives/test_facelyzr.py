"""The stages of facelyzr's training, its noise and its losses."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cyclegan_glasses.attributes.weights import without_decoder
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.losses import balanced_cross_entropy, known_smooth_l1
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.objectives.facelyzr import FacelyzrObjective
from cyclegan_glasses.objectives.faces import corrupt
from cyclegan_glasses.objectives.settings.base import AdamSettings
from cyclegan_glasses.objectives.settings.faces import FacelyzrSettings

CPU = torch.device("cpu")


def objective(**changes: Any) -> FacelyzrObjective:
    torch.manual_seed(0)
    settings = FacelyzrSettings(ReaderSettings(16, (4, 6), 8), **changes)
    return FacelyzrObjective(settings, Precision("fp32", CPU))


def batch(missing: bool = False) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(1)
    faces = torch.rand(8, 3, 16, 16, generator=rng) * 2 - 1
    return {
        "A": faces,
        "glasses": torch.arange(8) % 4 if not missing else torch.full((8,), -1),
        "gender": torch.full((8,), -1),
        "age": torch.full((8,), torch.nan),
        "landmarks": torch.full((8, 5, 2), torch.nan),
    }


def moved(model: FacelyzrObjective, progress: float) -> set[str]:
    """The parts of the network that a step moves."""
    before = {name: value.clone() for name, value in model.network.named_parameters()}
    model.step(batch(), progress)
    return {
        ".".join(name.split(".")[: 2 if name[0] in "ed" and "embed" not in name else 1])
        for name, value in model.network.named_parameters()
        if not torch.equal(value, before[name])
    }


def test_stages_are_trained_one_by_one_then_together_then_the_heads() -> None:
    """The order of Vincent et al. 2010: otherwise `layers` is a name for something else."""
    model = objective(pretraining_share=0.6)
    assert moved(model, 0.0) == {"encoder.0", "decoder.0"}
    assert moved(model, 0.25) == {"encoder.1", "decoder.1"}
    assert moved(model, 0.5) == {"encoder.0", "encoder.1", "decoder.0", "decoder.1"}
    assert moved(model, 0.7) >= {"encoder.0", "encoder.1", "embed", "heads"}


def test_joint_training_moves_everything_and_none_leaves_the_decoder() -> None:
    assert moved(objective(pretraining="joint"), 0.0) >= {"encoder.0", "decoder.0", "decoder.1", "heads"}
    assert not [part for part in moved(objective(pretraining="none"), 0.0) if part.startswith("decoder")]


def test_a_judge_that_has_lost_its_decoder_may_begin_a_run() -> None:
    """The weights that ship are such a judge; without this they could not be trained on."""
    trained, started = objective(), objective()
    with torch.no_grad():
        for value in trained.network.parameters():
            value.add_(1)
    before = started.network.state_dict()["decoder.0.1.weight"].clone()
    started.load_weights({"judge": without_decoder(trained.network.state_dict())})
    after = started.network.state_dict()
    assert torch.equal(after["heads.glasses.bias"], trained.network.state_dict()["heads.glasses.bias"])
    assert torch.equal(after["decoder.0.1.weight"], before)
    with pytest.raises(UserError, match="net_judge"):
        started.load_weights({"judge": {"heads.glasses.bias": torch.zeros(4)}})


def test_heads_learn_what_the_labels_say() -> None:
    model = objective(pretraining="none", adam=AdamSettings(lr=0.01))
    first = model.step(batch())["glasses"].item()
    for _ in range(25):
        last = model.step(batch())["glasses"].item()
    assert math.isclose(first, math.log(4), rel_tol=0.5) and last < 0.5 * first


def test_missing_labels_teach_nothing() -> None:
    """One head's labels may be missing while another's are there."""
    model = objective(pretraining="none")
    losses = model.step(batch(missing=True))
    assert all(value.item() == 0 for value in losses.values())
    losses = model.step(batch() | {"age": torch.tensor([30.0] + [torch.nan] * 7)})
    assert losses["age"] > 0 and losses["gender"] == 0 and losses["landmarks"] == 0


def test_two_domains_are_labels_of_their_own() -> None:
    model = objective(pretraining="none")
    losses = model.step({side: torch.rand(2, 3, 24, 24) for side in "AB"})
    assert losses["glasses"] > 0 and losses["gender"] == 0


def test_rare_classes_weigh_as_much_as_frequent_ones() -> None:
    logits = torch.tensor([[2.0, 0.0]] * 9 + [[2.0, 0.0]])
    labels = torch.tensor([0] * 9 + [1])
    wanted = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2))) / 2
    assert balanced_cross_entropy(logits, labels).item() == pytest.approx(wanted, rel=1e-5)
    with_missing = balanced_cross_entropy(torch.cat([logits, logits]), torch.cat([labels, labels * 0 - 1]))
    assert with_missing.item() == pytest.approx(wanted, rel=1e-5)


def test_missing_targets_leave_no_gradient() -> None:
    values = torch.tensor([1.0, 5.0], requires_grad=True)
    loss = known_smooth_l1(values, torch.tensor([3.0, torch.nan]))
    loss.backward()
    assert loss.item() == pytest.approx(1.5)
    assert values.grad is not None and values.grad.tolist() == [-1.0, 0.0]


@given(st.sampled_from(["mask", "blocks", "gaussian"]), st.floats(0.1, 0.9))
def test_noise_has_the_strength_that_was_asked_for(kind: str, level: float) -> None:
    values = torch.ones(64, 2, 8, 8) + torch.arange(8.0)
    noisy = corrupt(values, kind, level, torch.Generator().manual_seed(0))
    if kind == "gaussian":
        assert ((noisy - values).std() / values.std()).item() == pytest.approx(level, rel=0.1)
    else:
        assert (noisy == 0).float().mean().item() == pytest.approx(level, abs=0.12)
        assert ((noisy == 0) | (noisy == values)).all()


def test_no_noise_is_none() -> None:
    values = torch.rand(1, 3, 4, 4)
    assert corrupt(values, "none", 0.5, torch.Generator()) is values


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"pretraining": "later"}, "pretraining"),
        ({"noise": "hum"}, "noise"),
        ({"noise_level": 2.0}, "--noise_level"),
        ({"pretraining_share": 1.0}, "--pretraining_share"),
        ({"lambda_age": -1.0}, "--lambda_age -1"),
        ({"reader": (18, (4, 6))}, "--crop_size 18"),
        ({"reader": (16, ())}, "--channels"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(UserError, match=word):
        FacelyzrSettings(**{k: ReaderSettings(*v) if k == "reader" else v for k, v in wrong.items()})
