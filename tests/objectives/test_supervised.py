"""Removal learnt from pairs: what is descended, what is judged, and what validation leaves alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.losses import distance
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import (
    CoarseToFineSettings,
    DiscriminatorSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.settings.base import AdamSettings
from cyclegan_glasses.objectives.settings.supervised import DISTANCES, Mask2FaceSettings
from cyclegan_glasses.objectives.supervised import Supervised

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
UNET = ResidualUnetSettings(filters=(4, 4), kernels=(3, 3))
FINE = CoarseToFineSettings((8, 8), (3, 3), (4, 4), (3, 3), 10, 22)
SETTINGS = Mask2FaceSettings(UNET, adam=AdamSettings(0.01, 0.9))


def make(**changes: Any) -> Supervised:
    torch.manual_seed(0)
    return Supervised(replace(SETTINGS, **changes), Precision("fp32", CPU))


def pairs() -> dict[str, Tensor]:
    """Smooth faces, and the same with a dark bar."""
    rows = torch.linspace(-0.8, 0.8, 24)
    bare = (rows[:, None] + rows[None]).div(2).expand(2, 3, 24, 24).clone()
    bare[1] = -bare[1]
    worn = bare.clone()
    worn[:, :, 8:12] = -1
    return {"A": worn, "B": bare}


@pytest.mark.parametrize("kind", DISTANCES)
@pytest.mark.parametrize(
    "network", [UNET, replace(UNET, composite=True, refine=True), IseeSettings(3, 3, 8), FINE]
)
def test_it_comes_nearer_to_the_truth(kind: str, network: Any, float64: None) -> None:
    model, data = make(distance=kind, generator=network), pairs()
    losses = [model.step(data)["truth"].item() for _ in range(40)]
    assert min(losses[-5:]) < 0.8 * losses[0]
    with torch.no_grad():
        first = make(distance=kind, generator=network)
        expected = distance(first.generator(data["A"]), data["B"], kind).item()
    assert losses[0] == pytest.approx(expected, rel=1e-12)


def test_a_page_shows_input_result_and_truth() -> None:
    model, data = make(), pairs()
    model.step(data)
    assert list(model.pictures) == ["real_A", "fake_B", "real_B"]
    assert torch.equal(model.pictures["real_B"], data["B"])


def test_the_other_way_learns_what_is_drawn() -> None:
    model, data = (
        make(direction="BtoA", lambda_gan=1.0, discriminator=DiscriminatorSettings("pixel")),
        pairs(),
    )
    losses = [model.step(data) for _ in range(40)]
    assert list(losses[0]) == ["truth", "G_B", "D_B"] and list(model.weights) == ["G_B", "D_B"]
    assert losses[-1]["truth"] < 0.8 * losses[0]["truth"]
    assert list(model.pictures) == ["real_B", "fake_A", "real_A"]
    assert torch.equal(model.pictures["real_A"], data["A"])


def test_the_adversarial_term_is_weighed_and_learns(float64: None) -> None:
    judge = DiscriminatorSettings("pixel", filters=2)
    light, heavy = (make(lambda_gan=weight, discriminator=judge) for weight in (1.0, 3.0))
    one, three = light.step(pairs()), heavy.step(pairs())
    assert list(one) == ["truth", "G_A", "D_A"] and list(make().weights) == ["G_A"]
    assert three["G_A"].item() == pytest.approx(3 * one["G_A"].item(), rel=1e-12)
    losses = [light.step(pairs())["D_A"].item() for _ in range(20)]
    assert losses[-1] < losses[0]


def test_photos_without_a_truth_are_played_for_too(float64: None) -> None:
    """Where something was changed alone: bare faces, which the generator leaves, teach nothing."""
    judge = DiscriminatorSettings("pixel", filters=4)
    model, data = make(lambda_gan=1.0, discriminator=judge), pairs()
    without = model.step(data)
    data["unpaired_A"] = data["A"].flip(0) + 0.1
    before = copy.deepcopy(model.weights["D_A"].state_dict())
    losses = [model.step(data) for _ in range(30)]
    assert list(losses[0]) == list(without) and losses[-1]["D_A"] < losses[0]["D_A"]
    assert any(not torch.equal(v, before[k]) for k, v in model.weights["D_A"].state_dict().items())
    other = make(lambda_gan=1.0, discriminator=judge)
    other.step(pairs())
    assert other.step(data | {"unpaired_A": data["A"]})["G_A"] != losses[0]["G_A"]

    class Still(torch.nn.Module):
        def forward(self, picture: Tensor) -> Tensor:
            return picture

    model = make(lambda_gan=1.0, discriminator=judge)
    model.execution._calls["G_A"] = Still()
    inputs = {"source": data["B"], "target": data["B"], "unpaired": data["B"]}
    ((terms, images),) = model._generator_graphs(inputs)
    assert terms["G_A"] == 0 and not images["output_where"].any()
    ((terms, _),) = model._discriminator_graphs({"real": data["B"], **images})
    assert terms["D_A"] == 0


def test_the_frame_is_found_beside_the_picture() -> None:
    """And the coarse network, which knows its work already, stays as it came."""
    weights = {
        "lambda_frame": 1.0,
        "lambda_changed": 3.0,
        "lambda_rim": 2.0,
        "lambda_gradient": 1.0,
        "lambda_chroma": 2.0,
    }
    model, data = make(generator=FINE, ema=0.9, **weights), pairs()
    data["F"] = ((data["A"] - data["B"]).abs().amax(1, keepdim=True) > 0.03).float()
    coarse = {key: value.clone() for key, value in model.generator.coarse.state_dict().items()}
    losses = [model.step(data) for _ in range(60)]
    assert list(losses[0]) == ["truth", "changed", "gradient", "chroma", "frame"] == list(model.loss_names)
    assert all(losses[-1][name] < 0.8 * losses[0][name] for name in ("truth", "changed", "frame"))
    after = model.generator.coarse.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in coarse.items())
    assert model.pictures["fake_B"].shape == data["B"].shape
    shared, trained = model.weights["G_A"].state_dict(), model.generator.state_dict()
    assert shared.keys() == trained.keys()
    assert not torch.equal(shared["fine.out.weight"], trained["fine.out.weight"])


def test_a_share_of_the_inputs_is_the_generators_own_work(float64: None) -> None:
    """Where a first pass took the glasses off, a second is to see what is left, and no frame."""
    weights = {"lambda_frame": 1.0, "lambda_changed": 2.0, "generator": FINE}
    plain, finishing = make(**weights), make(**weights, own_share=0.5)
    data = pairs()
    data["F"] = torch.zeros(2, 1, 24, 24).double()
    data["F"][:, :, 8:12] = 1
    with torch.no_grad():
        again = finishing.generator(data["A"][1:]).clamp(-1, 1)
        found = finishing.generator(data["A"][:1], frame=True)
        expected = distance(finishing.generator(again), data["B"][1:], "l1").item()
    losses, first = finishing.step(data), plain.step({name: value[:1] for name, value in data.items()})
    assert torch.equal(finishing.pictures["real_A"], data["A"])
    made = finishing.pictures["fake_B"]
    assert distance(made[1:], data["B"][1:], "l1").item() == pytest.approx(expected, rel=1e-12)
    assert torch.allclose(made[:1], found[:, :3].clamp(-1, 1), rtol=0, atol=1e-12)
    assert losses["frame"].item() == pytest.approx(first["frame"].item() / 2, rel=1e-12)
    rows = slice(6, 14)  # where the pair differs before, and two pixels around it
    error = (made - data["B"]).abs()[:, :, rows].sum() / made.numel()
    assert losses["changed"].item() == pytest.approx(2 * error.item(), rel=1e-9)


def test_a_run_goes_on_with_its_averages() -> None:
    model, data = make(ema=0.9), pairs()
    for _ in range(3):
        model.step(data)
    again = make(ema=0.9)
    again.load_state_dict(copy.deepcopy(model.state_dict()))
    for one in (model, again):
        one.step(data)
    before, after = model.weights["G_A"].state_dict(), again.weights["G_A"].state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


def test_it_begins_with_a_coarse_network_alone() -> None:
    """What ships may be that; a finer network of the same run must then begin from its work."""
    torch.manual_seed(5)
    known = build_generator(FINE.coarse).state_dict()
    model = make(generator=FINE, ema=0.9)
    model.load_weights({"G_A": known})
    for network in (model.generator, model.weights["G_A"]):
        coarse = network.coarse.state_dict()
        assert all(torch.equal(value, coarse[key]) for key, value in known.items())
    whole = make(generator=replace(FINE, filters=(6, 8)))
    with pytest.raises(UserError, match="another architecture"):
        whole.load_weights({"G_A": model.generator.state_dict()})


def test_validation_changes_nothing() -> None:
    """Were it to move statistics or weights, a validated run would be another one."""
    model = make(generator=replace(UNET, norm="batch"))
    model.step(pairs())
    before = {key: value.clone() for key, value in model.generator.state_dict().items()}
    loss = model.validate(pairs())
    assert loss.shape == () and 0 < float(loss) < 3 and not loss.requires_grad
    after = model.generator.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


@pytest.mark.parametrize(
    "change",
    [
        {"distance": "l3"},
        {"lambda_gan": -1.0},
        {"direction": "AtoA"},
        {"lambda_frame": 1.0},
        {"lambda_rim": 1.0},
        {"lambda_frame": 1.0, "generator": FINE, "direction": "BtoA"},
        {"lambda_chroma": 1.0, "generator": replace(UNET, input_nc=1, output_nc=1)},
    ],
    ids=str,
)
def test_settings_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        replace(SETTINGS, **change)
