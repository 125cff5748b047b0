"""A 3×3 convolution and its gradients, by Winograd's way and by the library's, for channels and sides.

    python benchmarks/winograd.py [--channels 64 128 256] [--sides 18 34 66] [--threads 1] [--rounds 5]

Float32, channels last, one picture. A ratio above 1 means that Winograd's way is so much faster; it says from
which channels and tiles on `networks/cpu/winograd.py` had better be taken. With one thread the time is the
processor's own, which other programs slow less.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from cyclegan_glasses.networks.cpu import winograd

Convolve = Callable[[Tensor, Tensor, Tensor], Tensor]


def milliseconds(convolve: Convolve, inputs: list[Tensor], repeats: int) -> float:
    """Of one forward and backward pass."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    for _ in range(repeats):
        torch.autograd.grad(convolve(*inputs).sum(), inputs)
    return 1000 * (clock() - start) / repeats


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--sides", type=int, nargs="+", default=[18, 34, 66])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print("| channels | side | tiles | library, ms | Winograd, ms | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for channels in args.channels:
        for side in args.sides:
            shapes = (1, channels, side, side), (channels, channels, 3, 3)
            inputs = [torch.randn(s).contiguous(memory_format=torch.channels_last) for s in shapes]
            inputs = [value.requires_grad_() for value in (*inputs, torch.randn(channels))]
            ways = [partial(milliseconds, convolve, inputs) for convolve in (F.conv2d, winograd.convolve)]
            repeats = max(1, round(30 / ways[0](1)))
            times = [[way(repeats) for way in ways] for _ in range(args.rounds)]
            library, ours = (statistics.median(column) for column in zip(*times, strict=True))
            tiles = (-(-(side - 2) // 4)) ** 2
            print(
                f"| {channels} | {side} | {tiles} | {library:.2f} | {ours:.2f} | {library / ours:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
