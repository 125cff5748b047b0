"""The most memory that a training step of CycleGAN takes, each way in a process of its own.

    python benchmarks/memory.py [--size 256] [--batch 1] [--ngf 64] [--netG resnet_9blocks]
                                [--precision fp32] [--ways plain default recompute accumulate]
                                [--rounds 3] [--threads 2]

On a CPU it is the largest resident set of the process less what it was before the networks were made (torch
itself, some 250 MB); on a GPU what torch reserved of it. Three steps are taken, which make Adam's moments and
fill the pool a little.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

STEPS = 3


def main() -> None:
    """Print the table, or as a child the megabytes of one way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--netG", default="resnet_9blocks")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--ways", nargs="+", default=["plain", "default", "recompute", "accumulate"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(megabytes(args))
        return
    print("| way | MB, median (least to most) | of plain |\n| --- | --- | --- |")
    found: dict[str, list[float]] = {way: [] for way in args.ways}
    for _ in range(args.rounds):
        for way, values in found.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--one", way]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr)
            values.append(float(done.stdout.split()[-1]))
    first = statistics.median(next(iter(found.values())))
    for way, values in found.items():
        median = statistics.median(values)
        print(f"| {way} | {median:.0f} ({min(values):.0f} to {max(values):.0f}) | {median / first:.2f} |")


def megabytes(args: argparse.Namespace) -> float:
    """The most that `STEPS` steps of the way `args.one` take."""
    import torch

    from cyclegan_glasses.devices import Precision, choose_device
    from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
    from cyclegan_glasses.objectives.cyclegan import CycleGAN
    from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

    if args.threads:
        torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    changes = {"plain": {"plain": True}, "recompute": {"recompute": True}, "accumulate": {"micro_batch": 1}}
    settings = CycleGANSettings(
        generator=GeneratorSettings(args.netG, filters=args.ngf),
        discriminator=DiscriminatorSettings(filters=args.ndf),
        **changes.get(args.one, {"compile": "on"} if args.one == "compile" else {}),
    )
    precision = Precision("fp32" if args.one == "plain" else args.precision, device)
    watch = Resident()
    objective = CycleGAN(settings, precision)
    batch = {side: torch.rand(args.batch, 3, args.size, args.size) * 2 - 1 for side in "AB"}
    for _ in range(STEPS):
        objective.step(batch)
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / 1e6
    return watch.most() / 1e6


class Resident:
    """Looks at the resident set of this process every few milliseconds, from its making on."""

    def __init__(self) -> None:
        self._first = self._most = self._now()
        self._watching = True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def most(self) -> int:
        """Bytes beyond those of the beginning."""
        self._watching = False
        self._thread.join()
        return self._most - self._first

    def _watch(self) -> None:
        while self._watching:
            self._most = max(self._most, self._now())
            time.sleep(0.002)

    @staticmethod
    def _now() -> int:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096


if __name__ == "__main__":
    main()
