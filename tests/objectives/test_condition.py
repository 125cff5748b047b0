"""CycleGAN whose generator of glasses is shown a frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.registry import build_generator, infer_generator
from cyclegan_glasses.networks.settings import (
    AnyGeneratorSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.condition import taken_off
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.options.train import parse

GENERATOR = ResidualUnetSettings(filters=(4, 6), kernels=(3, 3), composite=True)
SETTINGS = CycleGANSettings(
    GENERATOR, DiscriminatorSettings(filters=4), pool_size=0, condition="frame", lambda_identity=0.5
)


def make(**changes: Any) -> CycleGAN:
    torch.manual_seed(0)
    return CycleGAN(replace(SETTINGS, **changes), Precision("fp32", torch.device("cpu")))


def batch(count: int = 2) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(0)
    return {name: torch.rand((count, 3, 32, 32), generator=rng) * 2 - 1 for name in ("A", "B", "drawn_B")}


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "merged"])
@pytest.mark.parametrize("gpu", [True, False])
def test_a_step_agrees_with_a_straightforward_implementation(plain: bool, gpu: bool, float64: None) -> None:
    """A line a term: what `G_B` is shown in each direction, and what its losses are."""
    model = make(plain=plain)
    model._share_identity = gpu and not plain
    data = {name: images.double() for name, images in batch().items()}
    a, b, drawn = (data[name] for name in ("A", "B", "drawn_B"))
    with torch.no_grad():
        fake_b, fake_a = model.gen_ab(a), model.gen_ba(torch.cat([b, drawn], 1))
        rec_a = model.gen_ba(torch.cat([fake_b, taken_off(a, fake_b)], 1))
        expected = {
            "G_A": (model.discriminator_b(fake_b) - 1).square().mean(),
            "G_B": (model.discriminator_a(fake_a) - 1).square().mean(),
            "cycle_A": 10 * (rec_a - a).abs().mean(),
            "cycle_B": 10 * (model.gen_ab(fake_a) - b).abs().mean(),
            "idt_A": 5 * (model.gen_ab(b) - b).abs().mean(),
            "idt_B": 5 * (model.gen_ba(torch.cat([a, a], 1)) - a).abs().mean(),
            "drawn_B": 5 * ((fake_a - drawn).abs() - 0.1).clamp_min(0).mean(),
        }
    losses = model.step(data)
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-12), name
    assert set(losses) == {*expected, "D_A", "D_B"}
    assert {"drawn_A", "drawn_B"} <= set(model.pictures)


def test_both_generators_learn_in_both_directions() -> None:
    model = make()
    before = {n: [w.clone() for w in net.parameters()] for n, net in model.weights.items()}
    model.step(batch())
    for name, network in model.weights.items():
        assert any(
            not torch.equal(old, new) for old, new in zip(before[name], network.parameters(), strict=True)
        )


def test_the_untrained_adder_copies_the_frame_that_it_is_shown() -> None:
    """What it learns is a change of the drawing, so that the choice stays the person's."""
    conditioned, plain = make(), make(condition="none")
    data = batch()
    with torch.no_grad():
        made = conditioned.gen_ba(torch.cat([data["B"], data["drawn_B"]], 1))
    assert (made - data["drawn_B"]).abs().mean() < 0.1 < (made - data["B"]).abs().mean()
    assert plain.gen_ba(data["B"]).shape == made.shape


def test_without_the_option_nothing_of_it_is_there() -> None:
    model = make(condition="none")
    losses = model.step({name: images for name, images in batch().items() if name != "drawn_B"})
    assert not {"drawn_A", "drawn_B"} & (set(losses) | set(model.pictures))


def test_what_was_taken_off_is_told_as_a_drawing_tells_it() -> None:
    """Its place and mean colour; were its details told, too, the cycle would be closed by copying."""
    torch.manual_seed(0)
    bare = torch.rand(2, 3, 64, 64) * 0.2
    real = bare.clone()
    texture = torch.rand(2, 3, 6, 40) * 0.2 - 0.9
    real[:, :, 20:26, 12:52] = texture
    drawn = taken_off(real, bare)
    bar = drawn[:, :, 22:24, 16:48]
    assert (bar - texture.mean((2, 3), keepdim=True)).abs().max() < 0.05
    assert bar.flatten(2).std(2).max() < 0.01, "one colour, not the texture"
    assert torch.equal(drawn[:, :, 34:], bare[:, :, 34:])
    assert torch.equal(taken_off(bare, bare), bare)
    faint = bare + 0.01
    assert torch.equal(taken_off(faint, bare), bare)


def test_what_was_taken_off_teaches_the_remover_nothing_but_the_face() -> None:
    """A gradient through place and colour would reward it for hiding the glasses in its own picture."""
    torch.manual_seed(0)
    bare, real = (torch.rand(1, 3, 64, 64) * 0.2).requires_grad_(True), torch.rand(1, 3, 64, 64) * 0.2
    real[:, :, 20:26, 12:52] = -0.9
    taken_off(real, bare).sum().backward()
    assert bare.grad is not None
    assert (bare.grad[:, :, 22:24, 16:48] == 0).all() and (bare.grad[:, :, 34:] == 1).all()


@pytest.mark.parametrize(
    "settings",
    [
        GENERATOR,
        replace(GENERATOR, composite=False, refine=True),
        GeneratorSettings("resnet_6blocks", filters=2, composite=True),
        GeneratorSettings("unet_128", filters=2, composite=True),
    ],
    ids=lambda s: s.kind,
)
def test_a_conditioned_generator_is_known_by_its_weights(settings: AnyGeneratorSettings) -> None:
    """test.py, export and the editor have nothing but the file."""
    conditioned = replace(settings, input_nc=6, output_nc=3)  # type: ignore[call-arg]
    found = infer_generator(build_generator(conditioned).state_dict())
    assert found is not None and found.conditioned and found.picture_nc == 3
    assert (found.output_nc, found.composite) == (3, settings.composite)


def test_stopped_and_continued_it_takes_the_same_steps() -> None:
    whole, first, second = make(), make(), make()
    for _ in range(2):
        whole.step(batch())
    first.step(batch())
    second.load_state_dict(first.state_dict())
    second.step(batch())
    for one, other in zip(whole.weights.values(), second.weights.values(), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    "args, complaint",
    [
        ("--paired_dataroot p --lambda_pair_B 1", "--lambda_pair_B teaches G_B what --condition frame shows"),
        ("--input_nc 1 --output_nc 1", "--condition frame draws on aligned faces in colour"),
        ("--preprocess crop", "--condition frame draws on aligned faces in colour"),
        ("--dataset_mode single", "--dataset_mode single has one domain"),
    ],
)
def test_what_makes_no_sense_is_one_line(args: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        parse(["--dataroot", "d", "--condition", "frame", *args.split()])
