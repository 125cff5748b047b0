"""One monitor that fails hurts neither the run nor the other monitors."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from cyclegan_glasses.monitoring.relay import CompositeMonitor, ThreadedMonitor
from cyclegan_glasses.training.progress import Monitor, Progress, Run

from .conftest import losses, pictures


class Recorder(Monitor):
    """Records its calls; fails and waits where it is asked to."""

    def __init__(self, fails: tuple[str, ...] = (), gate: threading.Event | None = None) -> None:
        self.calls: list[str] = []
        self.fails, self.gate = fails, gate
        self.seen: list[np.ndarray] = []

    def _tell(self, what: str) -> None:
        self.calls.append(what)
        if what in self.fails:
            raise OSError("no space left on device")

    def start(self, run: Run) -> None:
        self._tell("start")

    def step(self, progress: Progress) -> None:
        self._tell("step")

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        self._tell(f"losses {progress.step}")

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        self._tell(f"scores {progress.step}")

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        if self.gate is not None:
            self.gate.wait(10)
        self.seen.append(pictures["real_A"])
        self._tell(f"pictures {progress.step}")

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        self._tell(f"page {progress.step}")

    def message(self, text: str) -> None:
        self._tell(text)

    def close(self) -> None:
        self._tell("close")


def tell_all(monitor: Monitor, run: Run, at: Callable[[int], Progress]) -> None:
    monitor.start(run)
    for step in (1, 2):
        monitor.step(at(step))
        monitor.losses(at(step), losses(step))
    monitor.scores(at(2), {"off_A": 0.5})
    monitor.pictures(at(2), pictures())
    monitor.page(at(2), pictures())
    monitor.message("hello")
    monitor.close()


EVERYTHING = ["start", "step", "losses 1", "step", "losses 2", "scores 2", "pictures 2"]
EVERYTHING += ["page 2", "hello", "close"]


def test_failure_is_logged_once(
    make_run: Callable[..., Run], at: Callable[[int], Progress], caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk costs one line in the log, not the run, and not a line a report."""
    bad, good = Recorder(fails=tuple(EVERYTHING)), Recorder()
    with caplog.at_level(logging.WARNING):
        tell_all(CompositeMonitor([bad, good]), make_run(), at)
    assert good.calls == bad.calls == EVERYTHING
    assert [record.getMessage() for record in caplog.records] == [
        "Recorder failed and the run goes on: OSError: no space left on device"
    ]


def test_stopping_is_not_swallowed(make_run: Callable[..., Run]) -> None:
    """Ctrl-C while a monitor works still stops the run."""

    class Stopped(Monitor):
        def start(self, run: Run) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CompositeMonitor([Stopped()]).start(make_run())


def test_background_keeps_order(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """What is passed on in a thread arrives in order and whole by the time the run is closed."""
    recorder = Recorder()
    tell_all(ThreadedMonitor(recorder), make_run(), at)
    assert recorder.calls == [what for what in EVERYTHING if what != "step"]


def test_background_does_not_hold_up(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """A monitor that hangs costs the run nothing, and at most two sets of pictures are held meanwhile."""
    gate = threading.Event()
    recorder = Recorder(fails=("pictures 1",), gate=gate)
    monitor = ThreadedMonitor(recorder)
    monitor.start(make_run())
    begin = time.monotonic()
    for step in range(1, 51):
        monitor.pictures(at(step), pictures())
    assert time.monotonic() - begin < 2
    gate.set()
    monitor.close()
    assert recorder.calls == ["start", "pictures 1", "pictures 2", "close"]


def test_background_takes_copies(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """A loop that reuses its buffers does not change pictures that wait to be written."""
    gate, recorder = threading.Event(), None
    recorder = Recorder(gate=gate)
    monitor = ThreadedMonitor(recorder)
    handed = pictures(shade=200)
    monitor.pictures(at(1), handed)
    handed["real_A"][:] = 0
    gate.set()
    monitor.close()
    np.testing.assert_array_equal(recorder.seen[0], pictures(shade=200)["real_A"])
