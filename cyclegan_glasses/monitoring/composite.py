"""Several monitors as one, of which none can hurt the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np

from cyclegan_glasses.training.progress import Monitor, Progress, Run

logger = logging.getLogger(__name__)


class CompositeMonitor(Monitor):
    """Passes everything on to each of `monitors`, in order.

    An exception of one is logged once, with its traceback at debug level, and the others and the run go on.
    The monitor that failed is asked again next time, since a full disk or a lost network can pass.
    """

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self.monitors = tuple(monitors)
        self._failed: set[int] = set()

    def start(self, run: Run) -> None:
        """Start each."""
        self._each(lambda monitor: monitor.start(run))

    def step(self, progress: Progress) -> None:
        """Pass on that a step was taken."""
        self._each(lambda monitor: monitor.step(progress))

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Pass losses on."""
        self._each(lambda monitor: monitor.losses(progress, losses))

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        """Pass scores on."""
        self._each(lambda monitor: monitor.scores(progress, scores))

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Pass pictures on."""
        self._each(lambda monitor: monitor.pictures(progress, pictures))

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Pass pictures for the page on."""
        self._each(lambda monitor: monitor.page(progress, pictures))

    def message(self, text: str) -> None:
        """Pass a message on."""
        self._each(lambda monitor: monitor.message(text))

    def close(self) -> None:
        """Close each."""
        self._each(lambda monitor: monitor.close())

    def _each(self, call: Callable[[Monitor], None]) -> None:
        for index, monitor in enumerate(self.monitors):
            try:
                call(monitor)
            except Exception as error:
                if index not in self._failed:
                    self._failed.add(index)
                    name = type(monitor).__name__
                    logger.warning("%s failed and the run goes on: %s: %s", name, type(error).__name__, error)
                    logger.debug("%s failed", name, exc_info=True)
