"""What a person sees of a run in the terminal, and the same lines in `loss_log.txt`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from cyclegan_glasses.monitoring.formats import duration
from cyclegan_glasses.training.progress import Monitor, Progress, Run

LOSS_LOG = "loss_log.txt"
BAR_SECONDS = 0.2


def loss_line(progress: Progress, losses: dict[str, float]) -> str:
    """The line that pytorch-CycleGAN-and-pix2pix prints, so that scripts that read it go on working."""
    head = (
        f"(epoch: {progress.epoch}, iters: {progress.pictures}, "
        f"time: {progress.step_seconds:.3f}, data: {progress.wait_seconds:.3f})"
    )
    return " ".join([head, *(f"{name}: {value:.3f}" for name, value in losses.items())])


class Console(Monitor):
    """Prints the losses; on a terminal with a progress bar below them, elsewhere with speed and time left.

    Args:
        folder: of the run; `loss_log.txt` is appended to there, with a header a session.
        stream: where to print, standard output if not given.
    """

    def __init__(self, folder: Path, stream: TextIO | None = None) -> None:
        self._log = Path(folder) / LOSS_LOG
        self._stream = stream or sys.stdout
        self._bar: tqdm | None = None
        self._terminal = self._stream.isatty()
        self._epochs = 0
        self._moved = 0.0

    def start(self, run: Run) -> None:
        """Write the session's header to the log."""
        self._epochs = run.epochs
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"================ Training Loss ({time.strftime('%c')}) ================\n")

    def step(self, progress: Progress) -> None:
        """Move the bar, a few times a second."""
        now = time.monotonic()
        if self._terminal and now - self._moved > BAR_SECONDS:
            self._moved = now
            self._move_bar(progress)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Print one line and log the same."""
        line = loss_line(progress, losses)
        self._print(line if self._terminal else f"{line} | {_speed(progress)}")
        with self._log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        """Print one line."""
        text = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
        self._print(f"scores after {progress.seen:,} pictures: {text}")

    def message(self, text: str) -> None:
        """Print one line."""
        self._print(text)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.write(line, file=self._stream)
        else:
            print(line, file=self._stream, flush=True)

    def _move_bar(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=progress.epoch_size,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}",
                file=self._stream,
                dynamic_ncols=True,
                leave=False,
                delay=1e-9,
            )
        self._bar.total = progress.epoch_size
        self._bar.n = progress.pictures
        self._bar.set_description_str(f"epoch {progress.epoch}/{self._epochs}", refresh=False)
        self._bar.set_postfix_str(_speed(progress), refresh=False)
        self._bar.refresh()


def _speed(progress: Progress) -> str:
    return f"{progress.pictures_per_second:.1f} pictures/s, {duration(progress.seconds_left)} left"
