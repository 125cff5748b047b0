"""Several monitors as one, of which none can hurt the run, and a monitor in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from cyclegan_glasses.training.progress import Monitor

PICTURES = 2
CLOSE_SECONDS = 30.0
EVENTS = ("start", "step", "losses", "scores", "gallery", "pictures", "page", "message", "close")
logger = logging.getLogger(__name__)


class RelayMonitor(Monitor):
    """Passes every call of a `Monitor`, the `EVENTS`, to `relay`."""

    @abstractmethod
    def relay(self, event: str, *args: Any) -> None:
        """Pass on the call `event(*args)`."""


def _relayed(event: str) -> Callable[..., None]:
    return lambda self, *args: self.relay(event, *args)


for _event in EVENTS:
    setattr(RelayMonitor, _event, _relayed(_event))


class CompositeMonitor(RelayMonitor):
    """Passes everything on to each of `monitors`, in order.

    An exception of one is logged once, with its traceback at debug level, and the others and the run go on.
    The monitor that failed is called again next time, since a full disk or a lost network can pass.
    """

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self.monitors = tuple(monitors)
        self._failed: set[int] = set()

    def relay(self, event: str, *args: Any) -> None:
        """Call each monitor."""
        for index, monitor in enumerate(self.monitors):
            try:
                getattr(monitor, event)(*args)
            except Exception as error:
                if index not in self._failed:
                    self._failed.add(index)
                    name = type(monitor).__name__
                    logger.warning("%s failed and the run goes on: %s: %s", name, type(error).__name__, error)
                    logger.debug("%s failed", name, exc_info=True)


class ThreadedMonitor(RelayMonitor):
    """Passes calls on to `monitor` in their order, in a thread, so that it does not hold up the run.

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
    if not isinstance(arg, dict):
        return arg
    return {name: value.copy() if hasattr(value, "copy") else value for name, value in arg.items()}
