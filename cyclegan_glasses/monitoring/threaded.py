"""Runs a monitor in a thread of its own, so that what it draws and writes does not hold up the run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import numpy as np

from cyclegan_glasses.monitoring.composite import CompositeMonitor
from cyclegan_glasses.training.progress import Monitor, Progress, Run

PICTURES = 2
CLOSE_SECONDS = 30.0
Show = Callable[[Progress, dict[str, np.ndarray]], None]


class ThreadedMonitor(Monitor):
    """Passes calls on to `monitor` in their order, in a thread.

    Pictures are held at most twice; while they are, newer ones are dropped. Exceptions are logged once. A
    single step is not passed on.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = CompositeMonitor([monitor])
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(PICTURES)
        self._thread = threading.Thread(target=self._work, name=type(monitor).__name__, daemon=True)
        self._thread.start()

    def start(self, run: Run) -> None:
        """Pass it on."""
        self._calls.put(lambda: self._monitor.start(run))

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Pass them on."""
        losses = dict(losses)
        self._calls.put(lambda: self._monitor.losses(progress, losses))

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        """Pass them on."""
        scores = dict(scores)
        self._calls.put(lambda: self._monitor.scores(progress, scores))

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Pass a copy on, unless two are waiting."""
        self._pass_copy(self._monitor.pictures, progress, pictures)

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Pass a copy on, unless two are waiting."""
        self._pass_copy(self._monitor.page, progress, pictures)

    def message(self, text: str) -> None:
        """Pass it on."""
        self._calls.put(lambda: self._monitor.message(text))

    def close(self) -> None:
        """Let the monitor finish what waits, for at most half a minute."""
        self._calls.put(self._monitor.close)
        self._calls.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _pass_copy(self, to: Show, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        if not self._room.acquire(blocking=False):
            return
        pictures = {label: picture.copy() for label, picture in pictures.items()}

        def call() -> None:
            try:
                to(progress, pictures)
            finally:
                self._room.release()

        self._calls.put(call)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
