"""A new loss term of CycleGAN: a function, a line in `TERMS`, and its weight in the settings."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives import cyclegan
from cyclegan_glasses.objectives.cyclegan import TERMS, CycleGAN, Term
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.models import MODELS
from cyclegan_glasses.option import option
from cyclegan_glasses.options.train import parse


def brightness_loss(fake: Tensor, real: Tensor) -> Tensor:
    """What stands in `losses.py`: squared difference of the mean levels of two batches; a scalar."""
    return (fake.mean((1, 2, 3)) - real.mean((1, 2, 3))).square().mean()


@dataclass(frozen=True, slots=True)
class WithBrightness(CycleGANSettings):
    """What stands in `CycleGANSettings`."""

    lambda_brightness: float = option(0.0, "weight of the brightness of fakes", least=0)


BRIGHTNESS = Term(
    "brightness",
    lambda s, side, progress: s.lambda_brightness,
    lambda t, s: brightness_loss(t.fake, t.real),
)


def make(weight: float) -> CycleGAN:
    torch.manual_seed(0)
    generator, discriminator = (
        GeneratorSettings("resnet_6blocks", filters=2),
        DiscriminatorSettings(filters=2),
    )
    settings = WithBrightness(generator, discriminator, lambda_brightness=weight)
    return CycleGAN(settings, Precision("fp32", torch.device("cpu")))


def test_a_new_term_is_trained_and_logged(monkeypatch: pytest.MonkeyPatch, float64: None) -> None:
    """CONTRIBUTING promises three files: a term that needed more would be tried by nobody."""
    monkeypatch.setattr(cyclegan, "TERMS", (*TERMS, BRIGHTNESS))
    monkeypatch.setitem(MODELS, "cyclegan", WithBrightness)
    parsed = parse(["--dataroot", "d", "--lambda_brightness", "3"]).objective
    assert isinstance(parsed, WithBrightness) and parsed.lambda_brightness == 3
    batch = {side: torch.rand(2, 3, 32, 32) * 2 - 1 for side in "AB"}
    without, model = make(0.0), make(3.0)
    unlike = brightness_loss(model.gen_ab(batch["A"]), batch["A"]).item()
    assert unlike > 0
    assert tuple(without.step(batch)) == without.loss_names
    assert not any("brightness" in name for name in without.loss_names)
    losses = model.step(batch)
    assert tuple(losses) == (*without.loss_names, "brightness_A", "brightness_B")
    assert losses["brightness_A"].item() == pytest.approx(3 * unlike, rel=1e-12)
    weights, plain = (next(m.gen_ab.parameters()) for m in (model, without))
    assert not torch.equal(weights, plain)
