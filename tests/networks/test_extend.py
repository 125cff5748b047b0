"""A new generator as CONTRIBUTING describes it: its network, its settings, a line in the registry."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.editing.trained import load_generator, module_of
from cyclegan_glasses.networks import registry
from cyclegan_glasses.networks.layers import make_norm
from cyclegan_glasses.networks.settings import AnyGeneratorSettings, DiscriminatorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from tests.networks import test_registry as common

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class SketchSettings(AnyGeneratorSettings):
    """Two convolutions; pictures of any size."""

    input_nc: int = 3
    output_nc: int = 3
    filters: int = 32
    kind, norm = "sketch", "instance"
    balanced = False
    exports_any_size = True


class Sketch(nn.Module):
    """(N, input_nc, H, W) in [-1, 1] → (N, output_nc, H, W) in [-1, 1]."""

    def __init__(self, settings: SketchSettings) -> None:
        super().__init__()
        norm, bias = make_norm(settings.norm)
        self.outline = nn.Conv2d(settings.input_nc, settings.filters, 5, padding=2, bias=bias)
        self.norm = norm(settings.filters)
        self.colour = nn.Conv2d(settings.filters, settings.output_nc, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.colour(torch.relu(self.norm(self.outline(x)))).to(x.dtype))


def infer_sketch(weights: Mapping[str, Tensor]) -> SketchSettings:
    """The settings of the network that `weights` belong to; raises LookupError for another's."""
    first, last = weights["outline.weight"], weights["colour.weight"]
    return SketchSettings(first.shape[1], last.shape[0], first.shape[0])


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = registry.Entry(SketchSettings, Sketch, infer_sketch)
    monkeypatch.setitem(registry.GENERATORS, "sketch", entry)


def test_it_passes_the_common_tests(one_thread: None) -> None:
    common.test_a_file_alone_says_what_it_holds("sketch")
    common.test_weights_of_one_network_are_never_taken_for_anothers()
    common.test_a_picture_goes_in_and_one_of_its_size_comes_out("sketch")
    common.test_a_gradient_reaches_every_weight("sketch")
    common.test_layouts_agree("sketch", None)
    common.test_a_picture_comes_out_alike_alone_and_in_a_batch("sketch")


def test_it_trains_and_what_was_saved_is_known_again(tmp_path: Path) -> None:
    generator = SketchSettings(filters=4)
    torch.manual_seed(0)
    objective = CycleGAN(
        CycleGANSettings(generator=generator, discriminator=DiscriminatorSettings(filters=2)),
        Precision("fp32", CPU),
    )
    before = copy.deepcopy(objective.weights["G_A"].state_dict())
    losses = objective.step({side: torch.rand(1, 3, 24, 24) * 2 - 1 for side in "AB"})
    assert torch.stack([*losses.values()]).isfinite().all()
    trained = objective.weights["G_A"]
    assert all(not torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    torch.save(trained.state_dict(), tmp_path / "latest_net_G_A.pth")
    loaded = load_generator(tmp_path / "latest_net_G_A.pth", Precision("fp32", CPU))
    network, settings = module_of(loaded), loaded.settings
    assert settings == generator
    x = torch.rand(1, 3, 30, 20, dtype=torch.float64) * 2 - 1
    torch.testing.assert_close(network.double()(x), trained.eval().double()(x), rtol=0, atol=1e-12)
