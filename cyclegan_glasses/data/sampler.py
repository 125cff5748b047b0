"""The order in which an epoch takes its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

Key = tuple[int, int]  # (epoch, index)

_ORDER, _SAMPLE, _PAIR = 1, 2, 3  # keep the streams of random numbers apart


def order_of(length: int, seed: int, epoch: int, shuffle: bool = True) -> np.ndarray:
    """The indices 0 … length − 1 in the order of `epoch`, which depends on (seed, epoch) alone."""
    if not shuffle:
        return np.arange(length)
    return np.random.default_rng([_ORDER, seed, epoch]).permutation(length)


def sample_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator that one sample draws from: a function of its three arguments."""
    return np.random.default_rng([_SAMPLE, seed, epoch, index])


def pair_of(key: Key, seed: int, count: int) -> int:
    """Which of `count` pairs goes with the sample of `key`."""
    return int(np.random.default_rng([_PAIR, seed, *key]).integers(count))


@dataclass(eq=False)
class EpochSampler:
    """Batches of `(epoch, index)` keys, from any position of any epoch.

    With several ranks, batch k of all ranks together is batch k of one process with a batch `world_size`
    times as large. All ranks take equally many: no picture twice, and the last `length % world_size` of an
    epoch's order are left out.
    """

    length: int
    batch_size: int
    seed: int
    shuffle: bool = True
    rank: int = 0
    world_size: int = 1
    epoch: int = field(default=0, init=False)
    start: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world_size:
            raise ValueError(f"rank {self.rank} of {self.world_size}")

    @property
    def epoch_size(self) -> int:
        """Pictures in an epoch, of all ranks together."""
        return self.length - self.length % self.world_size

    def go_to(self, epoch: int, start: int = 0) -> None:
        """The next iteration begins in `epoch` after `start` pictures (of all ranks together)."""
        if start % self.world_size:
            raise ValueError(f"position {start} is not the same for all of {self.world_size} ranks")
        self.epoch, self.start = epoch, start

    def __iter__(self) -> Iterator[list[Key]]:
        order = order_of(self.length, self.seed, self.epoch, self.shuffle)
        mine = order[self.start + self.rank : self.epoch_size : self.world_size].tolist()
        for first in range(0, len(mine), self.batch_size):
            yield [(self.epoch, index) for index in mine[first : first + self.batch_size]]

    def __len__(self) -> int:
        left = max(0, self.epoch_size - self.start) // self.world_size
        return -(-left // self.batch_size)
