"""`--compile`: the same training from compiled networks, and a run that goes on where compiling fails."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.networks.settings import DiscriminatorSettings, ResidualUnetSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.execution import wants_compiling
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

CPU = torch.device("cpu")
SETTINGS = CycleGANSettings(
    generator=ResidualUnetSettings(filters=(2,), kernels=(3,)),
    discriminator=DiscriminatorSettings("pixel", filters=2),
    pool_size=0,
    compile="off",
)


def trained(**changes: Any) -> tuple[list[dict[str, float]], dict[str, Any]]:
    """The losses of two steps, and the state after them."""
    torch.manual_seed(0)
    model = CycleGAN(replace(SETTINGS, **changes), Precision("fp32", CPU))
    rng = torch.Generator().manual_seed(1)
    batch: dict[str, Tensor] = {side: torch.rand(2, 3, 24, 24, generator=rng) * 2 - 1 for side in "AB"}
    losses = [{name: value.item() for name, value in model.step(batch).items()} for _ in range(2)]
    return losses, model.state_dict()["networks"]


def test_a_network_that_cannot_be_compiled_trains_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, one_thread: None
) -> None:
    """A machine without a compiler would lose its run; a rehearsal that moved anything would change it."""

    def broken(network: nn.Module, **_: Any) -> Any:
        def fail(_: Tensor) -> Tensor:
            raise RuntimeError("no compiler\nand a long story")

        return fail

    monkeypatch.setattr(torch, "compile", broken)
    with caplog.at_level(logging.WARNING):
        losses, networks = trained(compile="on")
    said = [record.getMessage() for record in caplog.records]
    assert said[-1] == "the networks run uncompiled, since compiling failed: no compiler"
    assert len(said) == 2 and "--compile off" in said[0]
    wanted, as_they_are = trained()
    assert losses == wanted
    for name, weights in as_they_are.items():
        assert networks[name].keys() == weights.keys()
        assert all(torch.equal(networks[name][key], value) for key, value in weights.items())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_compiled_networks_train_the_same_and_keep_their_names(
    caplog: pytest.LogCaptureFixture, float64: None
) -> None:
    with caplog.at_level(logging.WARNING):
        losses, networks = trained(compile="on")
    assert "uncompiled" not in caplog.text and "--compile off" in caplog.text
    wanted, as_they_are = trained()
    for found, expected in zip(losses, wanted, strict=True):
        assert found == pytest.approx(expected, rel=1e-10)
    assert {name: list(weights) for name, weights in networks.items()} == {
        name: list(weights) for name, weights in as_they_are.items()
    }


@pytest.mark.parametrize(
    ("word", "device", "wanted"),
    [("on", "cpu", True), ("off", "cuda", False), ("auto", "cuda", True), ("auto", "cpu", False)],
)
def test_when_it_pays(word: str, device: str, wanted: bool) -> None:
    assert wants_compiling(word, torch.device(device)) is wanted
