"""What the loop tells those who watch, and what it asks of them. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same over a run.

    Attributes:
        name: of the experiment.
        folder: `checkpoints/<name>`.
        options: every resolved option, JSON values.
        loss_names: in the order in which they are shown.
        epochs: the last epoch, counted from 1.
        resumed: the run goes on from an earlier state.
        step: optimizer steps taken before this session, 0 for a new run.
    """

    name: str
    folder: Path
    options: dict[str, Any]
    loss_names: tuple[str, ...]
    epochs: int
    resumed: bool = False
    step: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run stands.

    Attributes:
        epoch: counted from 1.
        pictures: pictures taken in this epoch (`iters` of the reference implementation).
        epoch_size: pictures in an epoch.
        step: optimizer steps since the start of the run.
        seen: pictures since the start of the run.
        rate: learning rate of the step just taken.
        step_seconds, wait_seconds: time a picture for the step and for waiting on the loader.
        pictures_per_second: over the time since the last report.
        seconds_left: estimate to the end of the run.
    """

    epoch: int
    pictures: int
    epoch_size: int
    step: int
    seen: int
    rate: float
    step_seconds: float = 0.0
    wait_seconds: float = 0.0
    pictures_per_second: float = 0.0
    seconds_left: float = 0.0

    @property
    def position(self) -> float:
        """Epochs and the fraction of the present one, the x axis of every curve: 0 at the start."""
        return self.epoch - 1 + self.pictures / max(1, self.epoch_size)


class Monitor:
    """Someone who watches a run. An exception from a monitor is logged and never stops training.

    A class that inherits from this one leaves out what it has no use for.
    """

    def start(self, run: Run) -> None:
        """The run begins or goes on."""

    def step(self, progress: Progress) -> None:
        """After every step, for a progress bar; must be quick."""

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """New values of the losses, every `--print_freq` pictures."""

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        """New scores of the generators on validation pictures, every `--eval_freq` pictures."""

    def gallery(self, progress: Progress, rows: dict[str, np.ndarray]) -> None:
        """The same validation pictures as ever in a row by label: what goes in (`real_A`) and what is made of
        it now (`fake_B`); uint8 (H, W, 3); with each scoring and each validation."""

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Newest pictures by label (`real_A`, `fake_B`, …): uint8 (H, W, 3); every `--display_freq`."""

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """The same for the web page, every `--update_html_freq` pictures."""

    def message(self, text: str) -> None:
        """One line that a person should read: a warning, a checkpoint saved."""

    def close(self) -> None:
        """The run ends."""


class NullMonitor(Monitor):
    """Watches nothing: where several processes train together, all but the first."""


def is_due(period: int, before: int, count: int) -> bool:
    """Whether a multiple of `period` lies in (before, `count`], so odd batch sizes miss nothing; 0: never."""
    return period > 0 and count // period > before // period
