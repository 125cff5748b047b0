"""The training loop, with a model of one number."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.health import LossLog
from cyclegan_glasses.training.progress import Progress
from tests.training.helpers import Notes, Numbers, OneNumber, make_loop

NAN = float("nan")


def test_two_epochs_to_the_end() -> None:
    objective, batches, notes, saved = OneNumber(), Numbers(5, 2), Notes(), []
    loop = make_loop(objective, batches, save=lambda label, state: saved.append((label, state["step"])))
    outcome = loop.run(notes)
    assert (outcome.step, outcome.stopped, outcome.exit_code) == (6, "", 0)
    assert batches.asked == [(1, 0), (2, 0)]
    assert [p.pictures for p in notes.steps] == [2, 4, 5, 2, 4, 5]
    assert [p.seen for p in notes.steps] == [2, 4, 5, 7, 9, 10]
    assert objective.shares == pytest.approx([0, 0.2, 0.4, 0.5, 0.7, 0.9])
    assert saved == [("latest", 6)]


def test_reports_pictures_and_saves_come_when_their_counts_pass() -> None:
    saved: list[str] = []
    notes = Notes()
    loop = make_loop(
        OneNumber(lambda step: (0.5, float(step))),
        Numbers(9, 2),
        save=lambda label, state: saved.append(label),
        print_freq=4,
        display_freq=5,
        update_html_freq=7,
        save_latest_freq=6,
        save_epoch_freq=2,
        save_by_iter=True,
    )
    loop.run(notes)
    assert [progress.seen for progress, _ in notes.reports] == [4, 8, 13, 17]
    assert [losses["G"] for _, losses in notes.reports] == [1.5, 3.5, 6.0, 8.5]
    assert notes.displayed == [6, 11, 15]
    assert notes.paged == [8, 15]
    assert saved == ["iter_6", "latest", "iter_13", "latest", "iter_18", "latest", "2", "latest"]
    assert notes.reports[0][0].step_seconds > 0
    assert notes.reports[0][0].pictures_per_second > 0
    assert notes.messages[0] == "saved iter_6 (epoch 1, step 3, 6 pictures)"


def test_max_steps_stops_and_stays_stopped() -> None:
    """`--max_steps` counts all steps: the same command again must not train on."""
    states: dict[str, Any] = {}
    loop = make_loop(OneNumber(), Numbers(), save=states.__setitem__, max_steps=3)
    assert (loop.run(Notes()).step, loop.pictures) == (3, 6)
    for steps, expected in ((3, 3), (4, 4), (0, 10)):
        again = make_loop(OneNumber(), Numbers(), max_steps=steps)
        again.load_state_dict(states["latest"])
        outcome = again.run(Notes())
        assert (outcome.step, outcome.exit_code) == (expected, 0)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_and_ends(number: signal.Signals, code: int) -> None:
    """What was trained is not lost when a person or a cluster ends the run."""
    saved: list[tuple[str, int]] = []
    before = signal.getsignal(number)

    def at_step(progress: Progress) -> None:
        if progress.step == 4:
            os.kill(os.getpid(), number)

    loop = make_loop(OneNumber(), Numbers(), save=lambda label, state: saved.append((label, state["step"])))
    outcome = loop.run(Notes(at_step))
    assert (outcome.step, outcome.stopped, outcome.exit_code) == (4, number.name, code)
    assert saved == [("latest", 4)]
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_does_not_wait() -> None:
    def at_step(progress: Progress) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        make_loop(OneNumber(), Numbers()).run(Notes(at_step))


@pytest.mark.parametrize(
    "freq, last",
    [(0, "nothing was saved before"), (4, "the last good checkpoint is of step 6: go on from it")],
)
def test_a_loss_that_is_not_finite_stops_with_its_step(freq: int, last: str) -> None:
    """A state after it is never saved, and the person learns where to go on."""
    saved: list[int] = []
    loop = make_loop(
        OneNumber(lambda step: (0.5, NAN if step >= 7 else 1.0)),
        Numbers(20, 2),
        save=lambda label, state: saved.append(state["step"]),
        save_latest_freq=freq,
        print_freq=100,
    )
    with pytest.raises(UserError) as stopped:
        loop.run(Notes())
    assert str(stopped.value).startswith("G became NaN or infinite at step 7; ")
    assert last in str(stopped.value)
    assert saved == ([2, 4, 6] if freq else [])


def test_the_last_good_state_of_an_earlier_session_is_named() -> None:
    states: dict[str, Any] = {}
    make_loop(OneNumber(), Numbers(), save=states.__setitem__, max_steps=3).run(Notes())
    loop = make_loop(OneNumber(lambda step: (NAN, 1.0)), Numbers())
    loop.load_state_dict(states["latest"])
    with pytest.raises(UserError, match="at step 4; the last good checkpoint is of step 3"):
        loop.run(Notes())


def test_a_collapsed_discriminator_is_told_of() -> None:
    notes = Notes()
    make_loop(OneNumber(lambda step: (0.0, 1.0)), Numbers(40, 2), print_freq=2).run(notes)
    assert [m.split(":")[1] for m in notes.messages if m.startswith("warning")] == [
        " D has been below 0.001 for 10 reports"
    ]


def test_no_memory_in_a_step_is_one_line() -> None:
    def losses(step: int) -> tuple[float, float]:
        raise MemoryError

    with pytest.raises(UserError, match="--batch_size"):
        make_loop(OneNumber(losses), Numbers()).run(Notes())


def test_plateau_sees_the_metric_of_the_whole_epoch() -> None:
    """In the reference implementation it never does."""
    objective = OneNumber(lambda step: (0.0, 1.0))
    make_loop(objective, Numbers(4, 2), epochs=9, policy="plateau").run(Notes())
    assert objective.rates[::2] == pytest.approx([0.1] * 7 + [0.02] * 2)


@pytest.mark.parametrize("stop", range(1, 20))
def test_a_run_that_was_stopped_ends_where_one_that_was_not_ends(stop: int) -> None:
    """At every step: position, learning rates, epoch means, weights."""
    ends = []
    for steps in (0, stop):
        torch.manual_seed(3)
        states: dict[str, Any] = {}
        objective = OneNumber()
        loop = make_loop(objective, Numbers(7, 2), 5, states.__setitem__, "plateau", max_steps=steps)
        loop.run(Notes())
        if steps:
            rng = torch.get_rng_state()
            other = OneNumber()
            torch.set_rng_state(rng)
            other.load_state_dict(objective.state_dict())
            loop = make_loop(other, Numbers(7, 2), 5, states.__setitem__, "plateau")
            loop.load_state_dict(states["latest"])
            loop.run(Notes())
            objective = other
        ends.append((objective.network.weight.item(), states["latest"]["schedule"], states["latest"]["seen"]))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("stop", range(1, 12))
def test_reports_after_a_stop_are_those_of_a_run_without_one(stop: int) -> None:
    """Also the first, which is over steps before and after it, and the warning of a collapse."""
    told = []
    for steps in (0, stop):
        states: dict[str, Any] = {}
        notes, settings = Notes(), {"print_freq": 5, "save_latest_freq": 0}
        objective = OneNumber(lambda step: (0.0, 1 / step))
        make_loop(objective, Numbers(8, 2), 15, states.__setitem__, max_steps=steps, **settings).run(notes)
        if steps:
            loop = make_loop(objective, Numbers(8, 2), 15, states.__setitem__, **settings)
            loop.load_state_dict(states["latest"])
            loop.run(notes)
        warned = [text for text in notes.messages if "warning" in text]
        told.append(([(progress.seen, losses) for progress, losses in notes.reports], warned))
    assert told[0] == told[1] and len(told[0][1]) == 1


def test_a_state_of_before_goes_on_without_an_interval() -> None:
    states: dict[str, Any] = {}
    make_loop(OneNumber(), Numbers(), save=states.__setitem__, max_steps=3).run(Notes())
    del states["latest"]["losses"]["interval"], states["latest"]["collapse"]
    loop = make_loop(OneNumber(), Numbers(), print_freq=5)
    loop.load_state_dict(states["latest"])
    assert loop.run(Notes()).step == 10


def test_time_left_is_told() -> None:
    notes = Notes()
    make_loop(OneNumber(), Numbers(10, 2), epochs=2, print_freq=2).run(notes)
    left = [progress.seconds_left for progress in notes.steps]
    assert left[-1] == 0
    assert all(value > 0 for value in left[:-1])


def test_scores_come_at_their_interval_and_a_failure_costs_only_them() -> None:
    """Someone who asked for scores must not lose a night's training to a missing test picture."""

    class Scored(Notes):
        def __init__(self) -> None:
            super().__init__()
            self.scored: list[tuple[int, dict[str, float]]] = []

        def scores(self, progress: Progress, scores: dict[str, float]) -> None:
            self.scored.append((progress.seen, scores))

    def fails() -> dict[str, float]:
        raise UserError("there is no testA")

    notes, loop = Scored(), make_loop(OneNumber(), Numbers(), eval_freq=4, evaluate=lambda: {"off": 0.5})
    loop.run(notes)
    assert [seen for seen, _ in notes.scored] == [4, 8, 12, 16, 20]
    notes, loop = Scored(), make_loop(OneNumber(), Numbers(), eval_freq=4, evaluate=fails)
    assert loop.run(notes).step == 10 and notes.scored == []
    complaints = [text for text in notes.messages if "no more scores" in text]
    assert complaints == ["warning: no more scores in this run, training goes on: there is no testA"]


def test_waiting_for_a_gpu_is_time_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses are read at a report, where the steps queued on a GPU end: its loader was not what was slow."""
    read = LossLog.read

    def slow(log: LossLog, step: int) -> str:
        time.sleep(0.05)
        return read(log, step)

    monkeypatch.setattr(LossLog, "read", slow)
    notes = Notes()
    make_loop(OneNumber(), Numbers(4, 2), print_freq=2).run(notes)
    first, second = (progress for progress, _ in notes.reports[:2])
    assert min(first.step_seconds, second.step_seconds) >= 0.02
    assert max(first.wait_seconds, second.wait_seconds) < 0.02
