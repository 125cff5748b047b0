"""Early stopping: a night is not spent on what gets no better, and the best epoch is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.early_stopping import EarlyStopping, make_early_stopping
from cyclegan_glasses.training.loop import Loop
from cyclegan_glasses.training.settings import LoopSettings, LRScheduleSettings
from cyclegan_glasses.training.signals import StopRequest
from tests.training.helpers import Notes, Numbers, OneNumber


def make(losses: list[float], epochs: int = 2, saved: list[str] | None = None) -> tuple[Loop, EarlyStopping]:
    """A loop of twenty epochs whose validation losses are `losses`, the last for ever."""
    objective, left = OneNumber(), list(losses)
    patience = EarlyStopping(lambda: left.pop(0) if len(left) > 1 else left[0], epochs)
    rate = LRScheduleSettings("linear", 20, 0)
    labels = [] if saved is None else saved
    settings = LoopSettings(save_epoch_freq=0)
    loop = Loop(
        objective,
        Numbers(4),
        rate,
        settings,
        lambda label, _: labels.append(label),
        early_stopping=patience,
    )
    return loop, patience


def test_it_ends_after_so_many_epochs_without_a_better_one() -> None:
    saved: list[str] = []
    loop, _ = make([3.0, 2.0, 2.5, 1.0, 1.5, 1.0], saved=saved)
    notes = Notes()
    outcome = loop.run(notes)
    assert (outcome.step, outcome.stopped, loop.epoch) == (12, "", 7)
    assert saved.count("best") == 3 and saved[-1] == "latest"
    assert any("stopping early" in text and "--epoch best" in text for text in notes.messages)


def test_a_resumed_run_remembers_what_was_best() -> None:
    first, _ = make([1.0, 5.0])
    first.settings = LoopSettings(max_steps=5, save_epoch_freq=0)
    first.run(Notes())
    state: dict[str, Any] = first.state_dict()
    second, patience = make([5.0])
    second.load_state_dict(state)
    assert (patience.best, patience.waited) == (1.0, 1)
    assert second.run(Notes()).step == 6


def test_what_a_training_begins_with_counts_among_the_best() -> None:
    """A training that makes a good model worse ended with the worse one."""
    saved: list[str] = []
    loop, patience = make([1.0, 2.0, 3.0], saved=saved)
    loop.trained_before = True
    assert loop.run(Notes()).step == 4
    assert saved.count("best") == 1 and (patience.first, patience.best) == (1.0, 1.0)


def test_the_end_of_the_time_is_no_signal_and_what_was_learnt_till_then_counts() -> None:
    saved: list[str] = []
    loop, _ = make([1.0], saved=saved)
    loop.settings = LoopSettings(max_minutes=1e-9, save_epoch_freq=0)
    loop.monitor = Notes()
    loop._run_epoch(loop_stop := StopRequest(minutes=1e-9))
    assert loop.step == 1 and loop_stop.agreed() and not loop_stop.wanted
    outcome = loop.run(Notes())
    assert (outcome.stopped, outcome.exit_code, loop.step) == ("", 0, 1)
    assert saved == ["best", "latest"]


def judged_by_scores(scores: list[float], saved: list[str], patience: int = 2) -> tuple[Loop, EarlyStopping]:
    """A loop of ten epochs of four pictures that is scored every four pictures; what is not a score fails."""
    left = list(scores)

    def evaluate() -> dict[str, float]:
        if not left:
            raise UserError("there is no testA")
        return {"off_A": 0.5, "overall": left.pop(0)}

    stopping = make_early_stopping(object(), DataSettings("x"), LoopSettings(eval_freq=4, patience=patience))
    assert stopping and stopping.measure is None
    loop = Loop(
        OneNumber(),
        Numbers(4),
        LRScheduleSettings("linear", 10, 0),
        LoopSettings(eval_freq=4, save_epoch_freq=0),
        lambda label, _: saved.append(label),
        evaluate,
        stopping,
        gallery=lambda: {"real_A": np.zeros((2, 12, 3), np.uint8)},
    )
    return loop, stopping


def test_a_model_without_validation_pairs_is_judged_by_its_scores() -> None:
    """CycleGAN trained for a night past its best state, and kept the last one alone."""
    saved: list[str] = []
    loop, stopping = judged_by_scores([9.0, 5.0, 6.0, 7.0, 1.0], saved)
    notes = Notes()
    assert loop.run(notes).step == 8 and stopping.best == 5.0
    assert saved == ["best", "best", "latest"] and notes.hung == [2, 4, 6, 8]
    assert any("--epoch best" in text for text in notes.messages)


def test_what_a_training_begins_with_is_scored_first_and_lost_scores_do_not_end_a_run() -> None:
    saved: list[str] = []
    loop, stopping = judged_by_scores([3.0, 4.0], saved)
    loop.trained_before, notes = True, Notes()
    assert loop.run(notes).step == 20 and (stopping.first, stopping.best) == (3.0, 3.0)
    assert notes.hung[:2] == [0, 2] and any("no more scores" in text for text in notes.messages)


def test_patience_without_scores_is_said_at_once() -> None:
    with pytest.raises(UserError, match="--eval_freq"):
        make_early_stopping(object(), DataSettings("x"), LoopSettings(patience=2))
    with pytest.raises(UserError, match="there is no testA"):
        judged_by_scores([], [])[0].run(Notes())
