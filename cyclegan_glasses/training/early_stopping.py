"""Early stopping: validation after each epoch or with each scoring, the best one, and when to end."""

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
from cyclegan_glasses.training.settings import LoopSettings

#: Among the scores of `--eval_freq`: the one that says which state is the best, lower is better.
OVERALL = "overall"


class EarlyStopping:
    """Is told losses; `exhausted` when none of the last `limit` was lower than the best before.

    Attributes:
        measure: gives the loss after each epoch; None where the losses are the scores of `--eval_freq`, which
            `OVERALL` names.
        first, best: of the losses.
    """

    def __init__(self, measure: Callable[[], float] | None, limit: int) -> None:
        self.measure, self._limit = measure, limit
        self.first, self.best, self.waited = math.inf, math.inf, 0

    @property
    def exhausted(self) -> bool:
        """Whether training is to end."""
        return self.waited >= self._limit

    def check(self, loss: float) -> bool:
        """Whether `loss` is the best so far."""
        better = loss < self.best
        self.first = loss if math.isinf(self.best) else self.first
        self.best, self.waited = (loss, 0) if better else (self.best, self.waited + 1)
        return better

    def state_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"first": self.first, "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.best, self.waited = state["best"], state["waited"]
        self.first = state.get("first", self.best)


def make_early_stopping(
    objective: Any, data: DataSettings, loop: LoopSettings, distributed: DistributedContext = ALONE
) -> EarlyStopping | None:
    """Validation of `objective`; None without `--patience`.

    An objective that can `validate` is measured on the pairs of `valA` and `valB` below `dataroot`, any other
    by the scores of `--eval_freq`. Where several processes train together the first one measures.

    Raises:
        UserError: there are no such pairs, or no scores.
    """
    if not loop.patience:
        return None
    if not hasattr(objective, "validate"):
        if not loop.eval_freq:
            raise UserError(f"--patience {loop.patience} counts scorings: give --eval_freq, too")
        return EarlyStopping(None, loop.patience)
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

    return EarlyStopping(measure, loop.patience)
