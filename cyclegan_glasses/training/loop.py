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
        evaluate: gives scores by name every `eval_freq` pictures; when it fails training goes on without it.
        early_stopping: validates after each epoch, saves the best one as `best`, and can end training early.
        distributed: the processes that train together; they take the same steps on their own batches.
    """

    def __init__(
        self,
        objective: Objective,
        batches: Batches,
        schedule: LRSchedule,
        settings: LoopSettings,
        save: Callable[[str, dict[str, Any]], None],
        evaluate: Callable[[], dict[str, float]] | None = None,
        early_stopping: EarlyStopping | None = None,
        distributed: DistributedContext = ALONE,
    ) -> None:
        self.objective, self.batches, self.schedule = objective, batches, schedule
        self.settings, self._save_as = settings, save
        self._evaluate, self._early_stopping = evaluate, early_stopping
        self._distributed = distributed
        self.epoch, self.pictures, self.step, self.seen = 1, 0, 0, 0
        self._last_good: int | None = None  # the step of the last saved state
        self._latest: tuple[int, int] | None = None  # epoch and pictures of the saved `latest`
        self._losses = LossLog(objective.loss_names, distributed)
        self._collapse = CollapseWatch(objective.score_losses)
        self._meter = _Meter()

    def run(self, monitor: Monitor) -> Outcome:
        """Train to the end, to `max_steps`, or until Ctrl-C or SIGTERM; the latest state is saved each time.

        Args:
            monitor: told of losses and pictures.

        Raises:
            UserError: a loss is not finite, memory or disk is short; the last saved state stays.
        """
        self.monitor = monitor
        self._start_intervals()
        epochs = self.schedule.settings.epochs
        with StopRequest(self._distributed) as stop:
            while self.epoch <= epochs and not self._should_stop(stop):
                self.schedule.begin_epoch(self.epoch)
                if self._run_epoch(stop):
                    self._end_epoch()
            self._save_latest()
            stopped = stop.wanted if self.epoch <= epochs else ""
            return Outcome(self.step, stopped, self._distributed.size == 1)

    def _run_epoch(self, stop: StopRequest) -> bool:
        """Train the rest of the epoch; whether it came to its end."""
        self._meter.restart()
        for batch in self.batches.epoch(self.epoch, self.pictures):
            self._meter.waited()
            # one step of all optimizers
            with explained_memory_errors():
                self._losses.add(self.objective.step(batch, self._fraction_done()))
            # the position, over all processes
            count = len(batch["A"]) * self._distributed.size
            self.step, self.seen, self.pictures = self.step + 1, self.seen + count, self.pictures + count
            self._meter.stepped(count)
            # reports, scores and saved states, whose turn has come
            self._after_step()
            if self._should_stop(stop):
                return False
        return True

    def _after_step(self) -> None:
        self.monitor.step(self._progress())
        if self._report_due.passed(self.seen):
            self._report()
        if self._display_due.passed(self.seen) and self._distributed.is_main:
            self.monitor.pictures(self._progress(), to_pictures(self.objective.pictures))
        if self._page_due.passed(self.seen) and self._distributed.is_main:
            self.monitor.page(self._progress(), to_pictures(self.objective.pictures))
        if self._scores_due.passed(self.seen):
            self._score()
        if self._save_due.passed(self.seen):
            self._save_latest()
            if self.settings.save_by_iter:
                self._save(f"iter_{self.seen}")

    def _end_epoch(self) -> None:
        # the learning rate of the next epoch
        self._read_losses()
        means = self._losses.take_epoch()
        self.schedule.end_epoch(sum(means[name] for name in self.objective.metric_names))
        # the state of this one
        finished, self.epoch, self.pictures = self.epoch, self.epoch + 1, 0
        if self.settings.save_epoch_freq and finished % self.settings.save_epoch_freq == 0:
            self._save_latest()
            self._save(str(finished))
        # the loss on validation pairs
        if self._early_stopping:
            self._validate(self._early_stopping, finished)

    def _start_intervals(self) -> None:
        s, seen = self.settings, self.seen
        self._report_due = Interval(s.print_freq, seen)
        self._display_due = Interval(s.display_freq, seen)
        self._page_due = Interval(s.update_html_freq, seen)
        self._save_due = Interval(s.save_latest_freq, seen)
        self._scores_due = Interval(s.eval_freq, seen)

    def _should_stop(self, stop: StopRequest) -> bool:
        early = self._early_stopping is not None and self._early_stopping.exhausted
        return stop.agreed() or early or 0 < self.settings.max_steps <= self.step

    def _report(self) -> None:
        self._read_losses()
        losses = self._losses.take_interval()
        self.monitor.losses(self._progress(), losses)
        self._meter.reset()
        if warning := self._collapse.check(losses):
            self.monitor.message(f"warning: {warning}")

    def _score(self) -> None:
        if self._evaluate is None:
            return
        try:
            self.monitor.scores(self._progress(), self._evaluate())
        except Exception as error:  # scores are not worth a run
            self._evaluate = None
            self.monitor.message(f"warning: no more scores in this run, training goes on: {error}")
        self._meter.restart()  # the time was not the training's

    def _validate(self, early_stopping: EarlyStopping, finished: int) -> None:
        loss, better = early_stopping.check()
        best = early_stopping.best
        self.monitor.message(f"validation after epoch {finished}: {loss:.4f}, best {best:.4f}")
        if better:
            self._save("best")
        if early_stopping.exhausted:
            self.monitor.message("no better for some epochs: stopping early; test with --epoch best")

    def _read_losses(self) -> None:
        """Read the losses up to here; a state after one that is not finite is never saved."""
        if bad := self._losses.read(self.step):
            good = (
                "nothing was saved before: start"
                if self._last_good is None
                else f"the last good checkpoint is of step {self._last_good}: go on from it with"
                " --continue_train,"
            )
            raise UserError(f"{bad}; {good} with a lower --lr, --clip_grad 1 or --precision fp32")

    def _save_latest(self) -> None:
        if self._latest != (self.epoch, self.pictures):
            self._save("latest")
            self._latest = self.epoch, self.pictures

    def _save(self, label: str) -> None:
        self._read_losses()
        self._save_as(label, self.state_dict())
        self._last_good = self.step
        self.monitor.message(f"saved {label} (epoch {self.epoch}, step {self.step}, {self.seen} pictures)")

    def _fraction_done(self) -> float:
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
            "losses": self._losses.state_dict(),
            "patience": self._early_stopping.state_dict() if self._early_stopping else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.epoch, self.pictures = state["epoch"], state["pictures"]
        self.pictures -= self.pictures % self._distributed.size  # saved by another number of processes
        self.step, self.seen = state["step"], state["seen"]
        self._last_good = self.step
        self.schedule.load_state_dict(state["schedule"])
        self._losses.load_state_dict(state["losses"])
        if self._early_stopping and state.get("patience"):
            self._early_stopping.load_state_dict(state["patience"])


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

    def reset(self) -> None:
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
