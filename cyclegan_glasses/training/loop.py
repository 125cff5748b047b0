"""The training loop: asks for batches, takes steps, reports, saves. Knows nothing of what it trains."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.protocol import Batch, Objective
from cyclegan_glasses.pixels import to_rgb
from cyclegan_glasses.training.early_stopping import EarlyStopping
from cyclegan_glasses.training.health import CollapseWatch, LossLog, explained_memory_errors
from cyclegan_glasses.training.progress import Interval, Monitor, Progress
from cyclegan_glasses.training.schedule import LRSchedule
from cyclegan_glasses.training.settings import LoopSettings
from cyclegan_glasses.training.signals import StopRequest


class Batches(Protocol):
    """Where batches come from."""

    @property
    def epoch_size(self) -> int:
        """Pictures in an epoch."""

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of `epoch` (counted from 1) from picture `start` on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How training ended: `stopped` names the signal, or is empty; `step` is the last one taken."""

    step: int
    stopped: str = ""
    alone: bool = True

    @property
    def exit_code(self) -> int:
        """0, or what a shell expects of a program that a signal ended.

        Of several processes always 0: torchrun starts those again that end with anything else.
        """
        return 128 + signal.Signals[self.stopped] if self.stopped and self.alone else 0


class Loop:
    """Trains `objective` on `batches` until `schedule` ends.

    Args:
        save: called with a label (`latest`, an epoch's number, `iter_<pictures>`) and the loop's state.
        examine: gives scores by name every `eval_freq` pictures; when it fails training goes on without it.
        patience: validates after each epoch, saves the best one as `best`, and can end training early.
        ranks: the processes that train together; they take the same steps on their own batches.
    """

    def __init__(
        self,
        objective: Objective,
        batches: Batches,
        schedule: LRSchedule,
        settings: LoopSettings,
        save: Callable[[str, dict[str, Any]], None],
        examine: Callable[[], dict[str, float]] | None = None,
        patience: EarlyStopping | None = None,
        ranks: DistributedContext = ALONE,
    ) -> None:
        self.objective, self.batches, self.schedule = objective, batches, schedule
        self.settings, self._save_as = settings, save
        self._examine, self._patience, self._ranks = examine, patience, ranks
        self.epoch, self.pictures, self.step, self.seen = 1, 0, 0, 0
        self._good: int | None = None  # the step of the last good state
        self._latest: tuple[int, int] | None = None  # epoch and pictures of the saved `latest`
        self._log = LossLog(objective.loss_names, ranks)
        self._watch = CollapseWatch(objective.score_losses)
        self._meter = _Meter()

    def run(self, monitor: Monitor) -> Outcome:
        """Train to the end, to `max_steps`, or until Ctrl-C or SIGTERM; the latest state is saved each time.

        Args:
            monitor: told of losses and pictures.

        Raises:
            UserError: a loss is not finite, memory or disk is short; the last saved state stays.
        """
        self.monitor, s = monitor, self.settings
        self._report_due = Interval(s.print_freq, self.seen)
        self._show_due = Interval(s.display_freq, self.seen)
        self._page_due = Interval(s.update_html_freq, self.seen)
        self._save_due = Interval(s.save_latest_freq, self.seen)
        self._examine_due = Interval(s.eval_freq, self.seen)
        epochs = self.schedule.settings.epochs
        with StopRequest(self._ranks) as stop:
            while self.epoch <= epochs and not self._over(stop):
                self.schedule.begin_epoch(self.epoch)
                if self._run_epoch(stop):
                    self._end_epoch()
            self._save_latest()
            return Outcome(self.step, stop.wanted if self.epoch <= epochs else "", self._ranks.size == 1)

    def _over(self, stop: StopRequest) -> bool:
        tired = self._patience is not None and self._patience.exhausted
        return stop.agreed() or tired or 0 < self.settings.max_steps <= self.step

    def _run_epoch(self, stop: StopRequest) -> bool:
        """Train the rest of the epoch; whether it came to its end."""
        self._meter.restart()
        for batch in self.batches.epoch(self.epoch, self.pictures):
            self._meter.waited()
            with explained_memory_errors():
                self._log.add(self.objective.step(batch, self._share_done()))
            count = len(batch["A"]) * self._ranks.size
            self.step, self.seen, self.pictures = self.step + 1, self.seen + count, self.pictures + count
            self._meter.stepped(count)
            self._tell()
            if self._over(stop):
                return False
        return True

    def _tell(self) -> None:
        self.monitor.step(self._progress())
        if self._report_due.passed(self.seen):
            self._report()
        if self._show_due.passed(self.seen) and self._ranks.is_main:
            self.monitor.pictures(self._progress(), to_pictures(self.objective.pictures()))
        if self._page_due.passed(self.seen) and self._ranks.is_main:
            self.monitor.page(self._progress(), to_pictures(self.objective.pictures()))
        if self._examine_due.passed(self.seen):
            self._score()
        if self._save_due.passed(self.seen):
            self._save_latest()
            if self.settings.save_by_iter:
                self._save(f"iter_{self.seen}")

    def _score(self) -> None:
        if self._examine is None:
            return
        try:
            self.monitor.scores(self._progress(), self._examine())
        except Exception as error:  # numbers to look at are not worth a run
            self._examine = None
            self.monitor.message(f"warning: no more scores in this run, training goes on: {error}")
        self._meter.restart()  # the time was not the training's

    def _report(self) -> None:
        self._settle()
        losses = self._log.take_interval()
        self.monitor.losses(self._progress(), losses)
        self._meter.take()
        if warning := self._watch.check(losses):
            self.monitor.message(f"warning: {warning}")

    def _end_epoch(self) -> None:
        self._settle()
        means = self._log.take_epoch()
        self.schedule.end_epoch(sum(means[name] for name in self.objective.metric_names))
        finished, self.epoch, self.pictures = self.epoch, self.epoch + 1, 0
        if self.settings.save_epoch_freq and finished % self.settings.save_epoch_freq == 0:
            self._save_latest()
            self._save(str(finished))
        if self._patience:
            self._validate(self._patience, finished)

    def _validate(self, patience: EarlyStopping, finished: int) -> None:
        loss, better = patience.check()
        self.monitor.message(f"validation after epoch {finished}: {loss:.4f}, best {patience.best:.4f}")
        if better:
            self._save("best")
        if patience.exhausted:
            self.monitor.message("no better for some epochs: stopping early; test with --epoch best")

    def _settle(self) -> None:
        """Read the losses up to here; a state after one that is not finite is never saved."""
        if bad := self._log.settle(self.step):
            good = (
                "nothing was saved before: start"
                if self._good is None
                else f"the last good checkpoint is of step {self._good}: go on from it with --continue_train,"
            )
            raise UserError(f"{bad}; {good} with a lower --lr, --clip_grad 1 or --precision fp32")

    def _save_latest(self) -> None:
        if self._latest != (self.epoch, self.pictures):
            self._save("latest")
            self._latest = self.epoch, self.pictures

    def _save(self, label: str) -> None:
        self._settle()
        self._save_as(label, self.state_dict())
        self._good = self.step
        self.monitor.message(f"saved {label} (epoch {self.epoch}, step {self.step}, {self.seen} pictures)")

    def _share_done(self) -> float:
        behind = self.epoch - 1 + self.pictures / self.batches.epoch_size
        return min(1.0, behind / self.schedule.settings.epochs)

    def _progress(self) -> Progress:
        planned = self.batches.epoch_size * self.schedule.settings.epochs
        left = planned - (self.epoch - 1) * self.batches.epoch_size - self.pictures
        if self.settings.max_steps and self.step:
            left = min(left, round((self.settings.max_steps - self.step) * self.seen / self.step))
        return self._meter.progress(
            left,
            epoch=self.epoch,
            pictures=self.pictures,
            epoch_size=self.batches.epoch_size,
            step=self.step,
            seen=self.seen,
            rate=self.schedule.rate,
        )

    def state_dict(self) -> dict[str, Any]:
        """Where the loop stands: plain values and tensors."""
        return {
            "epoch": self.epoch,
            "pictures": self.pictures,
            "step": self.step,
            "seen": self.seen,
            "schedule": self.schedule.state_dict(),
            "losses": self._log.state_dict(),
            "patience": self._patience.state_dict() if self._patience else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.epoch, self.pictures = state["epoch"], state["pictures"]
        self.pictures -= self.pictures % self._ranks.size  # saved by another number of processes
        self.step, self.seen = state["step"], state["seen"]
        self._good = self.step
        self.schedule.load_state_dict(state["schedule"])
        self._log.load_state_dict(state["losses"])
        if self._patience and state.get("patience"):
            self._patience.load_state_dict(state["patience"])


class _Meter:
    """Times the steps and the waits for batches since the last report."""

    def __init__(self) -> None:
        self._mark = self._wait = self._step = 0.0
        self._pictures = 0

    def restart(self) -> None:
        self._mark = time.perf_counter()

    def waited(self) -> None:
        now = time.perf_counter()
        self._wait, self._mark = self._wait + now - self._mark, now

    def stepped(self, pictures: int) -> None:
        now = time.perf_counter()
        self._step, self._mark = self._step + now - self._mark, now
        self._pictures += pictures

    def take(self) -> None:
        self._wait = self._step = 0.0
        self._pictures = 0

    def progress(self, pictures_left: int, **where: Any) -> Progress:
        pictures = max(1, self._pictures)
        seconds = self._wait + self._step
        return Progress(
            step_seconds=self._step / pictures,
            wait_seconds=self._wait / pictures,
            pictures_per_second=self._pictures / seconds if seconds else 0.0,
            seconds_left=pictures_left * seconds / pictures,
            **where,
        )


def to_pictures(tensors: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """The first picture of each batch as uint8 (H, W, 3), from (N, 1 or 3, H, W) in [-1, 1]."""
    return {label: to_rgb(tensor[0]) for label, tensor in tensors.items()}
