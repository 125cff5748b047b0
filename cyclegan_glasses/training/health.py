"""Notices a run that goes wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.errors import UserError

#: Below what a discriminator's loss is zero, and for how many reports that is too long.
ZERO, TOO_LONG = 1e-3, 10
MEMORY_ERRORS = ("allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")


class LossLog:
    """Gathers the losses of steps on the device and reads them only when asked, so that a GPU need not wait.

    Args:
        names: of the losses, in the order in which they are shown.
        distributed: the processes that train together; what is read is the mean over them.
    """

    def __init__(self, names: Sequence[str], distributed: DistributedContext = ALONE) -> None:
        self.names, self._distributed = tuple(names), distributed
        self._unread: list[Tensor] = []
        self.interval, self.epoch = Means(self.names), Means(self.names)

    def add(self, losses: dict[str, Tensor]) -> None:
        """Remember the losses of one step."""
        self._unread.append(torch.stack([losses[name].float() for name in self.names]))

    def read(self, step: int) -> str:
        """Read what was added up to `step`, the latest one.

        Returns:
            Which loss was not finite, and at which step; empty where all were.
        """
        if not self._unread:
            return ""
        rows = self._distributed.mean(torch.stack(self._unread).double().cpu())
        self._unread.clear()
        bad = (~torch.isfinite(rows)).any(dim=1).nonzero()
        if len(bad):
            first = int(bad[0])
            values = zip(self.names, rows[first].tolist(), strict=True)
            names = ", ".join(name for name, value in values if not math.isfinite(value))
            return f"{names} became NaN or infinite at step {step - len(rows) + 1 + first}"
        self.interval.add(rows)
        self.epoch.add(rows)
        return ""

    def state_dict(self) -> dict[str, Any]:
        """The sums of the epoch, and of the time since the last report; everything must have been read."""
        return self.epoch.state_dict() | {"interval": self.interval.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`; those of before have no interval, which then begins anew."""
        self.epoch.load_state_dict(state)
        if "interval" in state:
            self.interval.load_state_dict(state["interval"])


class Means:
    """Sums of losses and what they are over."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names, self.sums, self.count = names, torch.zeros(len(names), dtype=torch.float64), 0

    def add(self, rows: Tensor) -> None:
        for row in rows:  # one by one: the sum must not depend on how often it was asked for
            self.sums = self.sums + row
        self.count += len(rows)

    def state_dict(self) -> dict[str, Any]:
        return {"sums": self.sums, "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.sums, self.count = state["sums"], state["count"]

    def take(self) -> dict[str, float]:
        """The mean of each loss since the last call, by name."""
        means = (self.sums / max(1, self.count)).tolist()
        self.sums, self.count = torch.zeros_like(self.sums), 0
        return dict(zip(self._names, means, strict=True))


class CollapseWatch:
    """Warns once when a discriminator's loss has been about zero for long: its generator learns nothing."""

    def __init__(self, names: Sequence[str]) -> None:
        self._reports = dict.fromkeys(names, 0)

    def check(self, losses: dict[str, float]) -> str:
        """A warning, or nothing, after one more report of losses."""
        for name, reports in self._reports.items():
            self._reports[name] = reports + 1 if abs(losses[name]) < ZERO else 0
            if self._reports[name] == TOO_LONG:
                return (
                    f"{name} has been below {ZERO} for {TOO_LONG} reports: its discriminator wins and the"
                    " generator learns nothing; lower --ndf or --lr, or look whether the two domains differ"
                    " in more than glasses"
                )
        return ""

    def state_dict(self) -> dict[str, Any]:
        return dict(self._reports)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._reports |= {name: state[name] for name in self._reports if name in state}


@contextmanager
def explained_memory_errors() -> Iterator[None]:
    """Turn running out of memory into a `UserError` that says what to lower."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and not any(message in str(error) for message in MEMORY_ERRORS):
            raise
        raise UserError(
            "out of memory: lower --batch_size, then --crop_size (and --load_size), --ngf"
            " or --netG resnet_6blocks"
        ) from error
