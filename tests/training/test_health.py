"""A run that goes wrong is noticed."""

from __future__ import annotations

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.health import TOO_LONG, CollapseWatch, LossLog, explained_memory_errors


def log_of(*values: float) -> LossLog:
    log = LossLog(("a", "b"))
    for value in values:
        log.add({"b": torch.tensor(-value), "a": torch.tensor(value)})
    return log


def test_means_of_the_interval_and_of_the_epoch() -> None:
    log = log_of(1, 2)
    assert log.read(2) == ""
    assert log.interval.take() == {"a": 1.5, "b": -1.5}
    log.add({"a": torch.tensor(6.0), "b": torch.tensor(0.0)})
    assert log.read(3) == ""
    assert log.interval.take() == {"a": 6, "b": 0}
    assert log.epoch.take() == {"a": 3, "b": -1}
    assert log.epoch.take() == {"a": 0, "b": 0}


def test_the_sum_does_not_depend_on_how_often_it_was_asked_for() -> None:
    """Otherwise a run that was stopped and one that was not would part in the last bit."""
    values = torch.rand(50, generator=torch.Generator().manual_seed(0)).tolist()
    whole, often = log_of(*values), LossLog(("a", "b"))
    whole.read(50)
    for step, value in enumerate(values, 1):
        often.add({"a": torch.tensor(value), "b": torch.tensor(-value)})
        if step % 7 == 0:
            often.read(step)
            state = often.state_dict()
            often = LossLog(("a", "b"))
            often.load_state_dict(state)
    often.read(50)
    assert whole.epoch.take() == often.epoch.take()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [1, 3, 5])
def test_the_very_step_is_named(wrong: float, place: int) -> None:
    """Reports come every hundred pictures; the step says which ones to look at."""
    log = log_of(*(wrong if step == place else 1.0 for step in range(1, 6)))
    assert log.read(105) == f"a, b became NaN or infinite at step {100 + place}"


def test_only_the_loss_that_went_wrong_is_named() -> None:
    log = LossLog(("a", "b"))
    log.add({"a": torch.tensor(1.0), "b": torch.tensor(float("nan"))})
    assert log.read(1).startswith("b became")


def test_a_discriminator_at_zero_for_long_warns_once() -> None:
    watch = CollapseWatch(["D_A", "D_B"])
    warnings = [watch.check({"D_A": 0.0005, "D_B": 0.2}) for _ in range(3 * TOO_LONG)]
    assert [bool(warning) for warning in warnings] == [n == TOO_LONG for n in range(1, 3 * TOO_LONG + 1)]
    assert "D_A has been below" in warnings[TOO_LONG - 1]


@pytest.mark.parametrize("other", [0.002, -0.5])
def test_a_discriminator_that_recovers_does_not_warn(other: float) -> None:
    watch = CollapseWatch(["D"])
    losses = ([0.0] * (TOO_LONG - 1) + [other]) * 3
    assert not any(watch.check({"D": value}) for value in losses)


def test_torchs_own_words_for_no_memory_are_understood() -> None:
    """They differ by system and version; here is what this torch says."""
    with pytest.raises(UserError, match="out of memory: lower --batch_size"), explained_memory_errors():
        torch.empty(10**15)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
    ],
    ids=str,
)
def test_no_memory_says_what_to_lower(error: Exception) -> None:
    with pytest.raises(UserError, match="--crop_size"), explained_memory_errors():
        raise error


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="shapes"), explained_memory_errors():
        raise RuntimeError("shapes do not match")
