"""The loader: pictures a second with and without a cache, beside the training step, and the time to start.

    python benchmarks/loader.py [--sizes 128 256] [--workers 0 2] [--batch 1] [--pictures 400] [--rounds 5]
                                [--dataroot DATA] [--step PAIRS_A_SECOND] [--steps 30] [--ngf 64]
                                [--netG resnet_9blocks] [--precision auto] [--device auto] [--tiny 200000]

Pictures are portraits drawn at each size, or those of `--dataroot`; both domains count. The ways take turns,
an epoch each, so that a machine that is busy for a while slows them all; an epoch before them starts the
workers and fills the cache. The last column is the rate beside what a training step takes, two pictures a
pair: given by `--step`, or measured in a short real training (`--steps`, of which the first two do not
count), which also says what share of the time it waited for pictures. `--tiny N` opens a set of N pictures
of 8², from the call to the first batch. The cache is a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.collect.synthetic import draw_set
from cyclegan_glasses.data.loader import Batches, make_batches
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.devices import choose_device, choose_precision
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.sources.synthetic import SyntheticSource
from cyclegan_glasses.training.loop import Loop
from cyclegan_glasses.training.progress import Monitor, Progress
from cyclegan_glasses.training.settings import LoopSettings, LRScheduleSettings

CACHES = ("none", "memory", "disk")
WARM_UP = 2  # steps of a training that do not count


def spread(values: Sequence[float], digits: int = 0) -> str:
    """`median (least to most)`."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({least:,.{digits}f} to {most:,.{digits}f})"


def table(*columns: str) -> None:
    """Print the head of a table."""
    print("", "| " + " | ".join(columns) + " |", "| --- " * len(columns) + "|", sep="\n", flush=True)


def opened(settings: DataSettings, device: torch.device) -> Batches:
    """The batches, with their cache ready."""
    batches = make_batches(settings, device=device)
    batches.prepare(progress)
    return batches


def epoch_rate(batches: Batches, number: int, device: torch.device) -> float:
    """Pictures a second over one epoch."""
    start, count = time.perf_counter(), 0
    for batch in batches.epoch(number):
        count += len(batch["A"]) + len(batch["B"])
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return count / (time.perf_counter() - start)


@dataclass
class Watch(Monitor):
    """Gathers what a training says of each step."""

    seen: list[Progress] = field(default_factory=list)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Keep the times of the step."""
        self.seen.append(progress)


def training(settings: DataSettings, device: torch.device, args: argparse.Namespace) -> tuple[float, float]:
    """Train for `args.steps` steps: pairs a second of the steps alone, and the fraction of time waited."""
    torch.manual_seed(0)
    networks = CycleGANSettings(
        generator=GeneratorSettings(args.netG, filters=args.ngf),
        discriminator=DiscriminatorSettings(filters=args.ndf),
    )
    objective = CycleGAN(networks, choose_precision(args.precision, device))
    loop = LoopSettings(max_steps=args.steps, print_freq=1, display_freq=0, update_html_freq=0)
    watch = Watch()
    Loop(objective, opened(settings, device), LRScheduleSettings(), loop, save=lambda *_: None).run(watch)
    counted = watch.seen[WARM_UP:]
    steps, waits = (sum(getattr(p, f"{what}_seconds") for p in counted) for what in ("step", "wait"))
    return len(counted) / steps, waits / (steps + waits)


def compare(settings: DataSettings, device: torch.device, args: argparse.Namespace) -> None:
    """Print the table of one size."""
    size, step = settings.crop_size, args.step
    if not step:
        table("training", "cache", "workers", "pairs/s, the steps alone", "waited")
        for cache in ("none", "memory"):
            for workers in args.workers:
                way = replace(settings, cache=cache, num_threads=workers)
                pairs, waited = training(way, device, args)
                step = max(step, pairs)
                print(f"| {size}² | {cache} | {workers} | {pairs:.2f} | {waited:.2%} |", flush=True)
    ways = [(cache, workers) for cache in CACHES for workers in args.workers]
    made = {
        (cache, workers): opened(replace(settings, cache=cache, num_threads=workers), device)
        for cache, workers in ways
    }
    rates: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
    for number in range(args.rounds + 1):
        for way, batches in made.items():
            rate = epoch_rate(batches, number + 1, device)
            rates[way] += [rate] if number else []
    table(
        "loader",
        "cache",
        "workers",
        "pictures/s, median (least to most)",
        f"beside a step ({step:.2f} pairs/s)",
    )
    for (cache, workers), values in rates.items():
        times = statistics.median(values) / (2 * step)
        print(f"| {size}² | {cache} | {workers} | {spread(values)} | {times:,.0f} times |", flush=True)


def draw_tiny(root: Path, count: int) -> None:
    """Half of `count` pictures of 8² in each domain."""
    for name in "AB":
        folder = root / f"train{name}"
        folder.mkdir(parents=True)
        for number in range(count // 2):
            colour = (number % 256, number // 256 % 256, number // 65536)
            Image.new("RGB", (8, 8), colour).save(folder / f"{number:07}.png")


def starting(root: Path, device: torch.device, args: argparse.Namespace) -> None:
    """Print how long it takes to the first batch of many pictures."""
    draw_tiny(root, args.tiny)
    table(f"start with {args.tiny:,} pictures", "s to the first batch", "s of processor time")
    for label, cache, rounds in (
        ("without a cache", "none", args.rounds),
        ("files, the first time", "disk", 1),
        ("files, later", "disk", args.rounds),
        ("memory", "memory", args.rounds),
    ):
        settings = DataSettings(
            str(root), load_size=9, crop_size=8, num_threads=max(args.workers), cache=cache
        )
        walls, works = [], []
        for _ in range(rounds):
            wall, work = time.perf_counter(), time.process_time()
            next(opened(settings, device).epoch(1))
            walls.append(time.perf_counter() - wall)
            works.append(time.process_time() - work)
        print(f"| {label} | {spread(walls, 1)} | {spread(works, 1)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[128, 256])
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--pictures", type=int, default=400, help="portraits to draw, both domains together")
    parser.add_argument("--dataroot", help="pictures to read instead")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step", type=float, default=0.0, help="pairs a second; 0: measured")
    parser.add_argument("--steps", type=int, default=30, help="of the training that measures it")
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--netG", default="resnet_9blocks")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tiny", type=int, default=0, help="pictures of the set that is only opened")
    args = parser.parse_args()
    if args.steps <= WARM_UP:
        parser.error(f"--steps {args.steps}: the first {WARM_UP} do not count")
    device = choose_device(args.device)
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads, batch {args.batch}")
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        for size in args.sizes:
            root = Path(args.dataroot or f"{name}/{size}")
            if not args.dataroot:
                for _ in draw_set(SyntheticSource(args.pictures, size, test=0), root):
                    pass
            settings = DataSettings(
                str(root), load_size=size * 286 // 256, crop_size=size, batch_size=args.batch
            )
            compare(settings, device, args)
        if args.tiny:
            starting(Path(name, "tiny"), device, args)


if __name__ == "__main__":
    main()
