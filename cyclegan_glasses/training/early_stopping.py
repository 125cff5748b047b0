"""Early stopping: validation after each epoch, the best one, and when to end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.protocol import Validated


class EarlyStopping:
    """Asks `measure` for a loss after each epoch; `exhausted` when it has not fallen for `epochs` of them.

    Attributes:
        first, best: of the losses that were measured.
    """

    def __init__(self, measure: Callable[[], float], epochs: int) -> None:
        self._measure, self._epochs = measure, epochs
        self.first, self.best, self.waited = math.inf, math.inf, 0

    @property
    def exhausted(self) -> bool:
        """Whether training is to end."""
        return self.waited >= self._epochs

    def check(self) -> tuple[float, bool]:
        """Measure; the loss, and whether it is the best so far."""
        loss = self._measure()
        better = loss < self.best
        self.first = loss if math.isinf(self.best) else self.first
        self.best, self.waited = (loss, 0) if better else (self.best, self.waited + 1)
        return loss, better

    def state_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"first": self.first, "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.best, self.waited = state["best"], state["waited"]
        self.first = state.get("first", self.best)


def make_early_stopping(
    objective: Any, data: DataSettings, epochs: int, distributed: DistributedContext = ALONE
) -> EarlyStopping | None:
    """Validation of `objective` on the pairs of `valA` and `valB` below `dataroot`; None for 0 epochs.

    Where several processes train together the first one measures.

    Raises:
        UserError: there are no such pairs.
    """
    if not epochs:
        return None
    model: Validated = objective
    try:
        batches = make_batches(replace(data, phase="val", fixed=True, max_dataset_size=None, num_threads=0))
    except UserError as error:
        raise UserError(f"--patience needs pairs in valA and valB ({error}): or leave it out") from None

    def measure() -> float:
        return distributed.broadcast(validate() if distributed.is_main else None)

    def validate() -> float:
        losses = [(float(model.validate(batch)), len(batch["A"])) for batch in batches.epoch(1)]
        return sum(loss * count for loss, count in losses) / sum(count for _, count in losses)

    return EarlyStopping(measure, epochs)
