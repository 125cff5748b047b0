"""Runs a monitor in a thread of its own, so that what it draws and writes does not hold up the run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from cyclegan_glasses.monitoring.composite import CompositeMonitor, RelayMonitor
from cyclegan_glasses.training.progress import Monitor

PICTURES = 2
CLOSE_SECONDS = 30.0


class ThreadedMonitor(RelayMonitor):
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

    def relay(self, event: str, *args: Any) -> None:
        """Queue the call with copies of what the run may change meanwhile."""
        pictures = event in ("pictures", "page")
        if event == "step" or (pictures and not self._room.acquire(blocking=False)):
            return
        copies = [_copy(arg) for arg in args]

        def call() -> None:
            try:
                self._monitor.relay(event, *copies)
            finally:
                if pictures:
                    self._room.release()

        self._calls.put(call)

    def close(self) -> None:
        """Let the monitor finish what waits, for at most half a minute."""
        self._calls.put(self._monitor.close)
        self._calls.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _copy(arg: Any) -> Any:
    """A dictionary of losses, scores or pictures anew; anything else as it is."""
    if not isinstance(arg, dict):
        return arg
    return {name: value.copy() if hasattr(value, "copy") else value for name, value in arg.items()}
