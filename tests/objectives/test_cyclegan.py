"""The training step of CycleGAN, part by part."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.losses import gradient_penalty
from cyclegan_glasses.networks.settings import (
    CoarseToFineSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.base import AdamSettings
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
GENERATOR = GeneratorSettings("resnet_6blocks", filters=4)
RESIDUAL_UNET = ResidualUnetSettings(filters=(4, 6), kernels=(5, 3), composite=True)
SETTINGS = CycleGANSettings(generator=GENERATOR, discriminator=DiscriminatorSettings(filters=4), pool_size=0)


def make(precision: str = "fp32", seed: int = 0, **changes: Any) -> CycleGAN:
    torch.manual_seed(seed)
    return CycleGAN(replace(SETTINGS, **changes), Precision(precision, CPU), seed)


def batch(number: int = 0, channels: tuple[int, int] = (3, 3), count: int = 2) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(number)
    shapes = {name: (count, c, 32, 32) for name, c in zip("AB", channels, strict=True)}
    return {name: torch.rand(shape, generator=rng) * 2 - 1 for name, shape in shapes.items()}


def gradients(model: CycleGAN) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": parameter.grad.clone()
        for name, network in model.weights.items()
        for key, parameter in network.named_parameters()
        if parameter.grad is not None
    }


class Straightforward:
    """CycleGAN with lsgan as the paper and the reference implementation write it down, a line a term."""

    def __init__(self, model: CycleGAN) -> None:
        nets = {name: copy.deepcopy(network) for name, network in model.weights.items()}
        self.nets = nets
        self.g_a, self.g_b, self.d_a, self.d_b = (nets[name] for name in ("G_A", "G_B", "D_A", "D_B"))
        both_g = itertools.chain(self.g_a.parameters(), self.g_b.parameters())
        both_d = itertools.chain(self.d_a.parameters(), self.d_b.parameters())
        self.of_g = torch.optim.Adam(both_g, lr=0.0002, betas=(0.5, 0.999))
        self.of_d = torch.optim.Adam(both_d, lr=0.0002, betas=(0.5, 0.999))

    def step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        fake_b = self.g_a(a)
        rec_a = self.g_b(fake_b)
        fake_a = self.g_b(b)
        rec_b = self.g_a(fake_a)
        losses = {
            "idt_A": (self.g_a(b) - b).abs().mean() * 10 * 0.5,
            "idt_B": (self.g_b(a) - a).abs().mean() * 10 * 0.5,
            "G_A": ((self.d_a(fake_b) - 1) ** 2).mean(),
            "G_B": ((self.d_b(fake_a) - 1) ** 2).mean(),
            "cycle_A": (rec_a - a).abs().mean() * 10,
            "cycle_B": (rec_b - b).abs().mean() * 10,
        }
        self.of_g.zero_grad()
        sum(losses.values(), torch.zeros(())).backward()
        self.of_g.step()
        self.of_d.zero_grad()
        for name, judge, real, fake in (("D_A", self.d_a, b, fake_b), ("D_B", self.d_b, a, fake_a)):
            losses[name] = (((judge(real) - 1) ** 2).mean() + (judge(fake.detach()) ** 2).mean()) / 2
            losses[name].backward()
        self.of_d.step()
        return {name: value.item() for name, value in losses.items()}


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "merged"])
def test_five_lsgan_steps_agree_with_a_straightforward_implementation(plain: bool, float64: None) -> None:
    """Recipes that people bring along mean the same here."""
    model = make(plain=plain)
    other = Straightforward(model)
    for number in range(5):
        data = batch(number)
        losses, expected = model.step(data), other.step(data["A"], data["B"])
        assert {name: value.item() for name, value in losses.items()} == pytest.approx(expected, rel=1e-11)
    for name, network in model.weights.items():
        for key, ours in network.state_dict().items():
            torch.testing.assert_close(ours, other.nets[name].state_dict()[key], rtol=0, atol=5e-9)


@pytest.mark.parametrize("identity", [0.0, 0.5])
@pytest.mark.parametrize("gpu", [False, True], ids=["cpu", "gpu"])
@pytest.mark.parametrize(
    "generator", [GENERATOR, replace(GENERATOR, composite=True), RESIDUAL_UNET], ids=lambda g: g.kind
)
def test_shared_passes_change_nothing(
    identity: float, gpu: bool, generator: GeneratorSettings | ResidualUnetSettings, float64: None
) -> None:
    """They make a step faster; were they not exact, speed would be paid with another model."""
    models = [make(lambda_identity=identity, generator=generator, plain=plain) for plain in (True, False)]
    models[1]._share_identity = gpu
    losses = [model.step(batch()) for model in models]
    for name, value in losses[0].items():
        assert losses[1][name].item() == pytest.approx(value.item(), rel=1e-12)
    plain, merged = (gradients(model) for model in models)
    assert plain.keys() == merged.keys()
    for network in models[0].weights:
        keys = [key for key in plain if key.startswith(network)]
        scale = torch.stack([plain[key].norm() for key in keys]).norm().item()
        difference = torch.stack([(plain[key] - merged[key]).norm() for key in keys]).norm().item()
        assert difference < 1e-12 * scale


@pytest.mark.parametrize(
    "change, shared",
    [
        ({}, True),
        ({"plain": True}, False),
        ({"generator": replace(GENERATOR, norm="none")}, True),
        ({"generator": replace(GENERATOR, norm="batch")}, False),
        ({"generator": replace(GENERATOR, dropout=True)}, False),
        ({"discriminator": DiscriminatorSettings(filters=4, norm="batch")}, False),
    ],
    ids=str,
)
def test_passes_are_shared_only_where_that_is_exact(change: dict[str, Any], shared: bool) -> None:
    """Batch norm over real and fake pictures together would train something else."""
    model = make(**change)
    sizes: dict[str, list[int]] = {"G_A": [], "G_B": [], "D_A": []}
    for name, seen in sizes.items():
        model.weights[name].register_forward_hook(lambda _, x, __, seen=seen: seen.append(len(x[0])))
    model.step(batch())
    separate = {"G_A": [2, 2, 2], "G_B": [2, 2, 2]}
    assert sizes == separate | {"D_A": [2, 4] if shared else [2, 2, 2]}
    if shared:  # as on a GPU
        model._share_identity = True
        for seen in sizes.values():
            seen.clear()
        model.step(batch())
        assert sizes == {"G_A": [4, 2], "G_B": [2, 4], "D_A": [2, 4]}


def test_bfloat16_stays_near_float32() -> None:
    """`--precision auto` takes bfloat16 where the machine has it, without being asked."""
    single, half = make(), make("bf16")
    for number in range(3):
        a, b = single.step(batch(number)), half.step(batch(number))
        for name, value in a.items():
            assert b[name].dtype == torch.float32
            assert b[name].item() == pytest.approx(value.item(), rel=0.05)
    assert all(parameter.dtype == torch.float32 for parameter in half.weights["G_A"].parameters())


def test_the_average_follows_with_its_share(float64: None) -> None:
    model = make(ema=0.75, generator=replace(GENERATOR, norm="batch"))
    start = {key: value.clone() for key, value in model.gen_ab.named_parameters()}
    expected = start
    for number in range(2):
        model.step(batch(number))
        new = dict(model.gen_ab.named_parameters())
        expected = {key: 0.75 * value + 0.25 * new[key].detach() for key, value in expected.items()}
    average = model.weights["G_A"]
    assert average is not model.gen_ab
    for key, value in average.named_parameters():
        torch.testing.assert_close(value, expected[key], rtol=0, atol=1e-14)
        assert not value.requires_grad
    for key, value in average.named_buffers():
        assert torch.equal(value, dict(model.gen_ab.named_buffers())[key])
    assert model.weights["D_A"] is model.discriminator_b


def test_no_average_unless_asked_for() -> None:
    model = make()
    assert model.weights["G_A"] is model.gen_ab
    assert model.state_dict()["averages"] == {}


def test_a_run_can_take_up_averaging_later() -> None:
    """The average then begins with the weights of that moment."""
    model, later = make(), make(seed=3, ema=0.9)
    model.step(batch())
    later.load_state_dict(model.state_dict())
    for key, value in later.weights["G_B"].state_dict().items():
        assert torch.equal(value, model.gen_ba.state_dict()[key])


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_cycle_and_identity_weights_fall_in_a_straight_line(progress: float, float64: None) -> None:
    """`--lambda_decay`: the losses of the same weights and pictures, at three moments."""
    plain = make().step(batch())
    faded = make(lambda_decay=(0.5, 0.2)).step(batch(), progress)
    cycle, identity = 1 - 0.5 * progress, 1 - 0.8 * progress
    for side in "AB":
        assert faded[f"cycle_{side}"].item() == pytest.approx(
            cycle * plain[f"cycle_{side}"].item(), rel=1e-12
        )
        assert faded[f"idt_{side}"].item() == pytest.approx(identity * plain[f"idt_{side}"].item(), rel=1e-12)
        assert faded[f"G_{side}"].item() == pytest.approx(plain[f"G_{side}"].item(), rel=1e-12)


@pytest.mark.parametrize("channels", [(1, 3), (3, 1)])
def test_different_channels_without_identity(channels: tuple[int, int]) -> None:
    """Grey on one side: each generator and discriminator has the channels of its own domain."""
    generator = replace(GENERATOR, input_nc=channels[0], output_nc=channels[1])
    with pytest.raises(UserError, match="--lambda_identity 0"):
        make(generator=generator)
    model = make(generator=generator, lambda_identity=0.0)
    losses = model.step(batch(channels=channels))
    assert losses["idt_A"] == losses["idt_B"] == 0
    pictures = model.pictures
    assert list(pictures) == ["real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B"]
    for label, picture in pictures.items():
        assert picture.shape[1] == channels["AB".index(label[-1])]


def test_pictures_come_in_the_order_of_the_reference() -> None:
    model = make()
    model.step(batch())
    assert list(model.pictures) == "real_A fake_B rec_A idt_B real_B fake_A rec_B idt_A".split()


def test_discriminators_may_learn_first() -> None:
    """Generators that know something would lose it to discriminators that know nothing yet."""
    model = make(discriminators_first=2, ema=0.9)
    for step in range(3):
        if step == 1:  # the count goes on where a run stopped
            state, model = model.state_dict(), make(discriminators_first=2, ema=0.9, seed=5)
            model.load_state_dict(state)
        before = {name: copy.deepcopy(network.state_dict()) for name, network in model.weights.items()}
        model.step(batch(step))
        moved = {
            name
            for name, network in model.weights.items()
            if any(not torch.equal(value, before[name][key]) for key, value in network.state_dict().items())
        }
        assert moved == ({"D_A", "D_B"} if step < 2 else {"D_A", "D_B", "G_A", "G_B"})


@pytest.mark.parametrize("plain", [True, False])
def test_real_pictures_of_the_other_domain_may_count_as_fakes(plain: bool, float64: None) -> None:
    """Without, a generator that leaves faces as they are is judged by who never saw such faces."""
    model = make(mismatched=True, plain=plain)
    data = batch()
    nets = {name: copy.deepcopy(network) for name, network in model.weights.items()}
    losses = model.step(data)
    for name, real, other, generator in (("D_A", "B", "A", "G_A"), ("D_B", "A", "B", "G_B")):
        judge, fake = nets[name], nets[generator](data[other])
        on_fakes = (judge(fake).square().mean() + judge(data[other]).square().mean()) / 2
        wanted = ((judge(data[real]) - 1).square().mean() + on_fakes) / 2
        assert losses[name].item() == pytest.approx(wanted.item(), rel=1e-12)


@pytest.mark.parametrize("plain", [True, False])
def test_wgangp_pays_for_the_critics_gradient(plain: bool, float64: None) -> None:
    """Without the penalty the critic's scores would run away."""
    model = make(gan_mode="wgangp", plain=plain, lambda_gp=4.0, seed=7)
    other = make(gan_mode="wgangp", seed=7)
    data = batch()
    losses = model.step(data)
    with torch.no_grad():
        fake_b = other.gen_ab(data["A"])
        means = other.discriminator_b(fake_b).mean() - other.discriminator_b(data["B"]).mean()
        assert losses["G_A"].item() == pytest.approx(-other.discriminator_b(fake_b).mean().item(), rel=1e-12)
    fraction = torch.rand(2, 1, 1, 1, generator=torch.Generator().manual_seed(9))
    penalty = gradient_penalty(other.discriminator_b, data["B"], fake_b, fraction)
    assert penalty > 0.1
    assert losses["D_A"].item() == pytest.approx((means / 2 + 4 * penalty).item(), rel=1e-12)


def test_wgangp_trains() -> None:
    """The critic learns to tell black from white, and its gradient comes near 1."""
    model = make(gan_mode="wgangp", adam=AdamSettings(lr=0.002), generator=replace(GENERATOR, filters=2))
    data = {"A": -torch.ones(2, 3, 32, 32), "B": torch.ones(2, 3, 32, 32)}
    losses = [model.step(data)["D_A"].item() for _ in range(12)]
    assert all(value == value for value in losses)
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("clip", [0.0, 0.001])
def test_gradients_are_clipped_together(clip: float) -> None:
    model = make(adam=AdamSettings(clip=clip))
    model.step(batch())
    for optimizer in model.optimizers.values():
        squares = [float(p.grad.square().sum()) for group in optimizer.param_groups for p in group["params"]]
        norm = sum(squares) ** 0.5
        assert norm == pytest.approx(clip, rel=1e-3) if clip else norm > 0.01


def test_the_discriminators_see_the_pool() -> None:
    """A full pool hands out old fakes: the loss is then not that of the fakes of this step."""
    fresh, pooled = make(pool_size=0, seed=2), make(pool_size=1, seed=2)
    differ = [
        not torch.equal(fresh.step(batch(number, count=1))["D_A"], pooled.step(batch(number, count=1))["D_A"])
        for number in range(6)
    ]
    assert differ[0] is False
    assert any(differ)


@pytest.mark.parametrize(
    "change",
    [
        {"gan_mode": "hinge"},
        {"lambda_A": -1.0},
        {"pool_size": -1},
        {"ema": 1.0},
        {"lambda_decay": (-0.1,)},
        {"lambda_decay": (1.0, float("nan"))},
    ],
    ids=str,
)
def test_settings_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        replace(SETTINGS, **change)


@pytest.mark.parametrize("change", [{"lr": 0.0}, {"beta1": 1.0}, {"beta2": 1.0}, {"clip": -1.0}], ids=str)
def test_adam_that_cannot_be(change: dict[str, float]) -> None:
    with pytest.raises(UserError):
        AdamSettings(**change)


def test_another_seed_starts_elsewhere() -> None:
    first, second = (make(seed=seed).gen_ab.state_dict()["model.1.weight"] for seed in (0, 1))
    assert not torch.equal(first, second)


def paired(number: int = 0) -> dict[str, Tensor]:
    return batch(number) | {f"pair_{name}": value for name, value in batch(number + 50).items()}


def test_pairs_draw_each_generator_to_the_truth(float64: None) -> None:
    """`--lambda_pair`: the loss is the distance to the bare face, weighed, and moves G_A alone."""
    model, data = make(lambda_pair=4.0), paired()
    with torch.no_grad():
        distance = (model.gen_ab(data["pair_A"]) - data["pair_B"]).abs().mean().item()
    losses = model.step(data)
    assert list(losses)[-1] == "pair_A" and losses["pair_A"].item() == pytest.approx(4 * distance, rel=1e-12)
    assert list(model.pictures)[-3:] == ["pair_A", "pair_fake_B", "pair_B"]
    plain, with_pairs = gradients(make_and_step({})), gradients(model)
    changed = {
        key.split(".")[0]
        for key in plain
        if not torch.allclose(plain[key], with_pairs[key], rtol=1e-9, atol=1e-12)
    }
    assert changed >= {"G_A"} and "G_B" not in changed


def test_the_way_back_is_supervised_only_when_asked_for() -> None:
    model = make_and_step({"lambda_pair_B": 2.0})
    assert model.loss_names[-1] == "pair_B" and list(model.pictures)[-1] == "pair_fake_A"
    assert "pair_B" not in make(lambda_pair=2.0).loss_names


def make_and_step(change: dict[str, Any]) -> CycleGAN:
    model = make(**change)
    model.step(paired())
    return model


def test_a_little_truth_is_learnt_from() -> None:
    """Removal of the drawn pairs gets nearer to the bare faces within some steps."""
    model, data = make(lambda_pair=100.0, adam=AdamSettings(lr=0.002)), paired()
    losses = [model.step(data)["pair_A"].item() for _ in range(15)]
    assert losses[-1] < 0.85 * losses[0]


def test_two_networks_in_one_are_generators_too() -> None:
    """Their coarse part stays; the fine one learns the game."""
    fine = CoarseToFineSettings((8, 8), (3, 3), (4, 4), (3, 3), 10, 22)
    torch.manual_seed(0)
    settings = CycleGANSettings(
        generator=fine, discriminator=DiscriminatorSettings("pixel", filters=2), lambda_identity=0.0
    )
    model = CycleGAN(settings, Precision("fp32", torch.device("cpu")))
    before = {key: value.clone() for key, value in model.gen_ab.state_dict().items()}
    batch = {name: torch.rand(2, 3, 16, 24) * 2 - 1 for name in "AB"}
    for _ in range(2):
        assert all(loss.isfinite() for loss in model.step(batch).values())
    for key, value in model.gen_ab.state_dict().items():
        moved = not torch.equal(value, before[key])
        assert moved == key.startswith("fine."), key
    with pytest.raises(UserError, match="another --netG"):
        replace(settings, condition="frame")
