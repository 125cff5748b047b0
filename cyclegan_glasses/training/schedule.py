"""Learning rates over epochs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from torch.optim import Optimizer

from cyclegan_glasses.training.settings import LRScheduleSettings

PLATEAU_FACTOR, PLATEAU_PATIENCE, PLATEAU_THRESHOLD = 0.2, 5, 0.01


def rate_factor(settings: LRScheduleSettings, epoch: int) -> float:
    """What the starting rate is multiplied by in `epoch`, counted from 1; `plateau` is not of this kind."""
    match settings.policy:
        case "linear":
            return 1 - max(0, epoch - settings.n_epochs) / (settings.n_epochs_decay + 1)
        case "step":
            return 0.1 ** ((epoch - 1) // settings.decay_every)
        case "cosine":
            return (1 + math.cos(math.pi * (epoch - 1) / settings.epochs)) / 2
        case _:
            return 1.0


class LRSchedule:
    """Sets the learning rate of optimizers at the start of each epoch.

    Args:
        optimizers: their present rates are the starting rates.
    """

    def __init__(self, settings: LRScheduleSettings, optimizers: Iterable[Optimizer]) -> None:
        self.settings = settings
        self._optimizers = tuple(optimizers)
        self._starts = [group["lr"] for group in self._groups]
        self._plateau = {"factor": 1.0, "best": math.inf, "bad_epochs": 0}

    @property
    def _groups(self) -> list[dict[str, Any]]:
        """Asked for anew each time: an optimizer that loads a state gets other groups."""
        return [group for optimizer in self._optimizers for group in optimizer.param_groups]

    @property
    def rate(self) -> float:
        """The rate in force."""
        return self._groups[0]["lr"]

    def begin_epoch(self, epoch: int) -> None:
        """Set the rates of `epoch`, counted from 1."""
        plateau = self.settings.policy == "plateau"
        factor = self._plateau["factor"] if plateau else rate_factor(self.settings, epoch)
        for group, start in zip(self._groups, self._starts, strict=True):
            group["lr"] = start * factor

    def end_epoch(self, metric: float) -> None:
        """Tell the mean of the watched losses over the epoch, for `plateau`: lower is better."""
        state = self._plateau
        if metric < state["best"] * (1 - PLATEAU_THRESHOLD):
            state["best"], state["bad_epochs"] = metric, 0
            return
        state["bad_epochs"] += 1
        if state["bad_epochs"] > PLATEAU_PATIENCE:
            state["factor"] *= PLATEAU_FACTOR
            state["bad_epochs"] = 0

    def state_dict(self) -> dict[str, Any]:
        return dict(self._plateau)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._plateau = dict(state)
