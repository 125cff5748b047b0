"""A new generator as CONTRIBUTING describes it (the example): its network, its settings, a registry line."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.editing.trained import load_generator, module_of
from cyclegan_glasses.networks import registry
from cyclegan_glasses.networks.settings import DiscriminatorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from examples.own_generator import Sketch, SketchSettings, infer_sketch
from tests.networks import test_registry as common

CPU = torch.device("cpu")


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
