"""Learning rates over epochs."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.schedule import LRSchedule, rate_factor
from cyclegan_glasses.training.settings import POLICIES, LoopSettings, LRScheduleSettings


def make(policy: str, *rates: float, **changes: int) -> tuple[LRSchedule, list[torch.optim.Optimizer]]:
    optimizers = [torch.optim.SGD([torch.zeros(1)], lr=rate) for rate in rates or (0.0002,)]
    return LRSchedule(LRScheduleSettings(policy, **changes), optimizers), list(optimizers)


def rates_over(schedule: LRSchedule, epochs: int) -> list[float]:
    rates = []
    for epoch in range(1, epochs + 1):
        schedule.begin_epoch(epoch)
        rates.append(schedule.rate)
    return rates


@pytest.mark.parametrize(
    "epoch, factor",
    [(1, 1.0), (100, 1.0), (101, 1 - 1 / 101), (150, 1 - 50 / 101), (199, 1 - 99 / 101), (200, 1 / 101)],
)
def test_linear_as_the_reference(epoch: int, factor: float) -> None:
    """1 − max(0, epoch + 1 − n_epochs) / (n_epochs_decay + 1), with the epoch counted from 0: the last epoch
    still trains.
    """
    settings = LRScheduleSettings("linear", 100, 100)
    assert rate_factor(settings, epoch) == pytest.approx(factor, rel=1e-12)


def test_linear_without_decay_keeps_the_rate() -> None:
    assert rates_over(make("linear", n_epochs=3, n_epochs_decay=0)[0], 3) == [0.0002] * 3


def test_linear_that_falls_from_the_start() -> None:
    rates = rates_over(make("linear", 1.0, n_epochs=0, n_epochs_decay=3)[0], 3)
    assert rates == pytest.approx([0.75, 0.5, 0.25])


def test_step_takes_a_tenth() -> None:
    rates = rates_over(make("step", 1.0, n_epochs=5, n_epochs_decay=0, decay_every=2)[0], 5)
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_cosine_is_half_a_wave_over_the_run() -> None:
    rates = rates_over(make("cosine", 1.0, n_epochs=2, n_epochs_decay=2)[0], 4)
    assert rates == pytest.approx([1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2])


@pytest.mark.parametrize("policy", POLICIES)
def test_every_optimizer_keeps_its_own_start(policy: str) -> None:
    schedule, optimizers = make(policy, 0.4, 0.1, n_epochs=1, n_epochs_decay=5, decay_every=1)
    for epoch in range(1, 7):
        schedule.begin_epoch(epoch)
        schedule.end_epoch(1.0)
        assert optimizers[0].param_groups[0]["lr"] == pytest.approx(4 * optimizers[1].param_groups[0]["lr"])
        assert schedule.rate > 0


@pytest.mark.parametrize("seed", range(5))
def test_plateau_as_torch_does_it(seed: int) -> None:
    """A fifth when the metric has not fallen by 1 % for five epochs; it must see the metric at all."""
    rng = random.Random(seed)
    schedule, _ = make("plateau", 1.0, n_epochs=60, n_epochs_decay=0)
    other = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    torchs = torch.optim.lr_scheduler.ReduceLROnPlateau(other, factor=0.2, threshold=0.01, patience=5, eps=0)
    metric = 10.0
    for epoch in range(1, 61):
        schedule.begin_epoch(epoch)
        assert schedule.rate == pytest.approx(other.param_groups[0]["lr"])
        metric *= rng.choice([0.97, 1.0, 0.995, 1.02])
        schedule.end_epoch(metric)
        torchs.step(metric)
    assert schedule.rate < 1


def test_plateau_goes_on_from_its_state() -> None:
    first, second = make("plateau", 1.0)[0], make("plateau", 1.0)[0]
    for epoch in range(1, 6):
        first.begin_epoch(epoch)
        first.end_epoch(1.0)
    second.load_state_dict(first.state_dict())
    for schedule in (first, second):
        for epoch in (6, 7):
            schedule.begin_epoch(epoch)
            schedule.end_epoch(1.0)
        schedule.begin_epoch(8)
        assert schedule.rate == pytest.approx(0.2)


@pytest.mark.parametrize("policy", POLICIES)
def test_rates_still_change_after_an_optimizer_was_restored(policy: str) -> None:
    """Torch gives a restored optimizer new groups; a schedule that held on to the old ones would go on
    changing those, and the run would train at one rate to its end.
    """
    schedule, (optimizer,) = make(policy, 1.0, n_epochs=1, n_epochs_decay=9, decay_every=1)
    optimizer.load_state_dict(optimizer.state_dict())
    for epoch in range(1, 10):
        schedule.begin_epoch(epoch)
        schedule.end_epoch(1.0)
        assert schedule.rate == optimizer.param_groups[0]["lr"]
    assert optimizer.param_groups[0]["lr"] < 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"policy": "zigzag"},
        {"n_epochs": -1},
        {"n_epochs": 0, "n_epochs_decay": 0},
        {"decay_every": 0},
    ],
    ids=str,
)
def test_schedules_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        LRScheduleSettings(**change)


@pytest.mark.parametrize("name", ["max_steps", "print_freq", "save_latest_freq", "save_epoch_freq"])
def test_periods_that_cannot_be(name: str) -> None:
    with pytest.raises(UserError, match=f"--{name} -1 is invalid: must be at least 0"):
        LoopSettings(**{name: -1})
