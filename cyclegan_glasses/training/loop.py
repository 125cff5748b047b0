"""The training loop: asks for batches, takes steps, reports, saves. Knows nothing of what it trains."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.protocol import Batch, Objective
from cyclegan_glasses.pixels import to_rgb
from cyclegan_glasses.training.early_stopping import OVERALL, EarlyStopping
from cyclegan_glasses.training.health import CollapseWatch, LossLog, explained_memory_errors
from cyclegan_glasses.training.progress import Monitor, Progress, is_due
from cyclegan_glasses.training.schedule import LRSchedule
from cyclegan_glasses.training.settings import LoopSettings, LRScheduleSettings
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
    """Trains `objective` on `batches` for the epochs of `rate`.

    Attributes:
        trained_before: the networks begin with the weights of others, which are validated first, so that the
            best ones are never worse.

    Args:
        save: called with a label (`latest`, an epoch's number, `iter_<pictures>`) and the loop's state.
        evaluate: gives scores by name every `eval_freq` pictures; when it fails training goes on without it.
        early_stopping: validates, after each epoch or with the scores, saves the best state as `best`, and
            can end training early.
        gallery: gives rows of validation pictures by label, for each validation and each scoring; when it
            fails training goes on without it.
        distributed: the processes that train together; they take the same steps on their own batches.
    """

    def __init__(
        self,
        objective: Objective,
        batches: Batches,
        rate: LRScheduleSettings,
        settings: LoopSettings,
        save: Callable[[str, dict[str, Any]], None],
        evaluate: Callable[[], dict[str, float]] | None = None,
        early_stopping: EarlyStopping | None = None,
        distributed: DistributedContext = ALONE,
        gallery: Callable[[], dict[str, np.ndarray]] | None = None,
    ) -> None:
        self.objective, self.batches, self.distributed = objective, batches, distributed
        self.schedule = LRSchedule(rate, objective.optimizers.values())
        self.settings, self._save_as, self._early_stopping = settings, save, early_stopping
        self._evaluate = evaluate if distributed.is_main else None
        self._gallery = gallery if distributed.is_main else None
        self._hung: int | None = None  # the step of the newest row of the gallery
        self.epoch, self.pictures, self.step, self.seen = 1, 0, 0, 0
        self.trained_before = False
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
        epochs = self.schedule.settings.epochs
        with StopRequest(self.distributed, self.settings.max_minutes) as stop:
            if self.trained_before and not self.step:
                self._validate(0)
            while self.epoch <= epochs and not self._should_stop(stop):
                self.schedule.begin_epoch(self.epoch)
                if self._run_epoch(stop):
                    self._end_epoch()
            if stop.agreed() and not stop.wanted and self.pictures:
                self._validate(self.epoch)  # the time is over within an epoch
            self._save_latest()
            stopped = stop.wanted if self.epoch <= epochs else ""
            return Outcome(self.step, stopped, self.distributed.size == 1)

    def _run_epoch(self, stop: StopRequest) -> bool:
        """Train the rest of the epoch; whether it came to its end."""
        self._meter.lap()
        for batch in self.batches.epoch(self.epoch, self.pictures):
            self._meter.wait += self._meter.lap()
            # one step of all optimizers
            with explained_memory_errors():
                self._losses.add(self.objective.step(batch, self._fraction_done()))
            # the position, over all processes
            count = len(batch["A"]) * self.distributed.size
            self.step, self.seen, self.pictures = self.step + 1, self.seen + count, self.pictures + count
            self._meter.step += self._meter.lap()
            self._meter.pictures += count
            # reports, scores and saved states that are due
            self._after_step(count)
            if self._should_stop(stop):
                return False
        return True

    def _after_step(self, count: int) -> None:
        """Tell the monitor, score and save what came due with the last `count` pictures."""
        s, due = self.settings, partial(is_due, before=self.seen - count, count=self.seen)
        self.monitor.step(self._progress())
        if due(s.print_freq):
            self._report()
        if due(s.display_freq):
            self._show(self.monitor.pictures)
        if due(s.update_html_freq):
            self._show(self.monitor.page)
        if due(s.eval_freq):
            self._score()
        if due(s.save_latest_freq):
            if s.save_by_iter:
                self._save(f"iter_{self.seen}")
            self._save_latest()

    def _end_epoch(self) -> None:
        # the learning rate of the next epoch
        self._read_losses()
        means = self._losses.epoch.take()
        self.schedule.end_epoch(sum(means[name] for name in self.objective.metric_names))
        finished, self.epoch, self.pictures = self.epoch, self.epoch + 1, 0
        # the loss on validation pairs
        if self._early_stopping and self._early_stopping.measure:
            self._validate(finished)
        # the state of this epoch; `latest` comes last, so that after a kill all before it is done again
        if self.settings.save_epoch_freq and finished % self.settings.save_epoch_freq == 0:
            self._save(str(finished))
            self._save_latest()

    def _should_stop(self, stop: StopRequest) -> bool:
        early = self._early_stopping is not None and self._early_stopping.exhausted
        return stop.agreed() or early or 0 < self.settings.max_steps <= self.step

    def _report(self) -> None:
        self._read_losses()
        self._meter.step += self._meter.lap()  # a GPU was waited for, not the next batch
        losses = self._losses.interval.take()
        self.monitor.losses(self._progress(), losses)
        self._meter.reset()
        if warning := self._collapse.check(losses):
            self.monitor.message(f"warning: {warning}")

    def _show(self, tell: Callable[[Progress, dict[str, np.ndarray]], None]) -> None:
        if self.distributed.is_main:
            pictures = self.objective.pictures.items()
            tell(self._progress(), {label: to_rgb(images[0]) for label, images in pictures})

    def _score(self) -> None:
        """Tell the scores; where they are what early stopping goes by, judge by them."""
        overall, stopping = math.nan, self._early_stopping
        if self._evaluate:
            try:
                scores = self._evaluate()
                self.monitor.scores(self._progress(), scores)
                overall = scores.get(OVERALL, math.nan)
            except Exception as error:  # scores are not worth a run, unless it was to be judged by them
                if stopping and stopping.measure is None and math.isinf(stopping.best):
                    raise
                self._evaluate = None
                self.monitor.message(f"warning: no more scores in this run, training goes on: {error}")
        if stopping and stopping.measure is None:
            overall = self.distributed.broadcast(overall)
            if math.isfinite(overall):
                self._judge(stopping, overall, f"after {self.seen} pictures")
        self._hang()
        self._meter.lap()  # the time was not the training's

    def _validate(self, epoch: int) -> None:
        """Measure the state that `epoch` ended with, 0 for what training begins with."""
        if self._early_stopping is None:
            return
        if self._early_stopping.measure is None:
            self._score()
            return
        self._judge(self._early_stopping, self._early_stopping.measure(), f"after epoch {epoch}")
        self._hang()

    def _judge(self, stopping: EarlyStopping, loss: float, when: str) -> None:
        better = stopping.check(loss)
        self.monitor.message(f"validation {when}: {loss:.4f}, best {stopping.best:.4f}")
        if better:
            self._save("best")
        if stopping.exhausted:
            self.monitor.message("no better for some time: stopping early; test with --epoch best")

    def _hang(self) -> None:
        """Add a row to the gallery, once a step."""
        if self._gallery is None or self._hung == self.step:
            return
        self._hung = self.step
        try:
            self.monitor.gallery(self._progress(), self._gallery())
        except Exception as error:  # pictures are not worth a run
            self._gallery = None
            self.monitor.message(f"no gallery of this run: {error}")

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
        meter, pictures = self._meter, max(1, self._meter.pictures)
        return Progress(
            epoch=self.epoch,
            pictures=self.pictures,
            epoch_size=self.batches.epoch_size,
            step=self.step,
            seen=self.seen,
            rate=self.schedule.rate,
            step_seconds=meter.step / pictures,
            wait_seconds=meter.wait / pictures,
            pictures_per_second=meter.pictures / meter.seconds if meter.seconds else 0.0,
            seconds_left=left * meter.seconds / pictures,
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
            "collapse": self._collapse.state_dict(),
            "patience": self._early_stopping.state_dict() if self._early_stopping else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.epoch, self.pictures = state["epoch"], state["pictures"]
        self.pictures -= self.pictures % self.distributed.size  # saved by another number of processes
        self.step, self.seen = state["step"], state["seen"]
        self._last_good = self.step
        self.schedule.load_state_dict(state["schedule"])
        self._losses.load_state_dict(state["losses"])
        self._collapse.load_state_dict(state.get("collapse", {}))
        if self._early_stopping and state.get("patience"):
            self._early_stopping.load_state_dict(state["patience"])


class _Meter:
    """Seconds of the steps and of the waits for batches, and pictures, since the last report."""

    def __init__(self) -> None:
        self._mark = time.perf_counter()
        self.reset()

    @property
    def seconds(self) -> float:
        return self.wait + self.step

    def lap(self) -> float:
        """The time since the last call."""
        before, self._mark = self._mark, time.perf_counter()
        return self._mark - before

    def reset(self) -> None:
        self.wait = self.step = 0.0
        self.pictures = 0
