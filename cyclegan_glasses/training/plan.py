"""How much training fits into the time that there is."""

from __future__ import annotations

import time

import torch
from torch import nn

_READING = 1.2  # of the time of a step: pictures are read, losses added up, weights averaged


def seconds_of_step(network: nn.Module, shape: tuple[int, int, int, int], repeats: int = 2) -> float:
    """How long a training step of `network` takes on this machine, in seconds: measured, after a first one.

    Args:
        shape: of a batch, (N, C, H, W).
        repeats: steps that are timed.
    """
    batch = torch.rand(shape) * 2 - 1
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        network(batch).square().mean().backward()
        times.append(time.perf_counter() - start)
    network.zero_grad(set_to_none=True)
    return _READING * min(times[1:])


def epochs_within(seconds: float, seconds_a_step: float, pairs: int, batch: int, most: int = 60) -> int:
    """How many epochs of `pairs` fit into `seconds`, one at least and `most` at most."""
    steps = max(1, -(-pairs // batch))
    return min(most, max(1, int(seconds / (steps * seconds_a_step))))
