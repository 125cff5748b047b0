"""What the training of facemath begins with."""

from __future__ import annotations

import io

import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.networks.settings import AutoencoderSettings
from cyclegan_glasses.objectives.facemath import LOOKS, FacemathObjective
from cyclegan_glasses.objectives.settings.faces import FacemathSettings

CPU = torch.device("cpu")
LATENT = 4


def make() -> FacemathObjective:
    torch.manual_seed(0)
    settings = FacemathSettings(AutoencoderSettings(16, (2, 4), LATENT))
    return FacemathObjective(settings, Precision("fp32", CPU))


def batch(number: int) -> dict[str, torch.Tensor]:
    """Faces that four numbers tell apart."""
    rng = torch.Generator().manual_seed(number)
    ways = torch.rand(LATENT, 3, 16, 16, generator=torch.Generator().manual_seed(99)) - 0.5
    return {
        side: torch.einsum("nk,kchw->nchw", torch.rand(4, LATENT, generator=rng) - 0.5, ways) for side in "AB"
    }


def test_training_begins_with_eigenfaces():
    """Weights rest while faces are looked at; then faces come back as well as four numbers can tell."""
    objective, steps = make(), LOOKS * LATENT // 8
    first = {name: value.clone() for name, value in objective.network.named_parameters()}
    black = [float(objective.step(batch(number))["picture"]) for number in range(steps - 1)]
    assert all(torch.equal(value, first[name]) for name, value in objective.network.named_parameters())
    assert float(objective.network.spread.sum()) == 0
    sharp = float(objective.step(batch(steps))["picture"])
    assert sharp < 0.2 * min(black)
    objective.step(batch(steps + 1))
    assert any(not torch.equal(value, first[name]) for name, value in objective.network.named_parameters())


def test_a_run_that_stops_while_it_looks_goes_on():
    whole, first, second = make(), make(), make()
    for number in range(5):
        whole.step(batch(number))
    for number in range(2):
        first.step(batch(number))
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)
    second.load_state_dict(torch.load(buffer, weights_only=True))
    for number in range(2, 5):
        second.step(batch(number))
    found = second.network.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in whole.network.state_dict().items())
    assert float(found["spread"].min()) > 0
