"""Several monitors as one, of which none can hurt the run."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from cyclegan_glasses.training.progress import Monitor, Progress, Run

logger = logging.getLogger(__name__)


class RelayMonitor(Monitor):
    """Passes every call to `relay`, by the name of the method."""

    @abstractmethod
    def relay(self, event: str, *args: Any) -> None:
        """Pass on the call `event(*args)` of a `Monitor`."""

    def start(self, run: Run) -> None:
        self.relay("start", run)

    def step(self, progress: Progress) -> None:
        self.relay("step", progress)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        self.relay("losses", progress, losses)

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        self.relay("scores", progress, scores)

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        self.relay("pictures", progress, pictures)

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        self.relay("page", progress, pictures)

    def message(self, text: str) -> None:
        self.relay("message", text)

    def close(self) -> None:
        self.relay("close")


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
