"""What a GPU makes of this toolkit, in about two minutes: step, memory, loader, inference, and a check.

    python benchmarks/gpu.py [--device cuda] [--seconds 120] [--sizes 256 128] [--batches 1 4 16]
                             [--filters 64] [--netG resnet_9blocks]
    python benchmarks/gpu.py --device cpu --quick

First the results of each way are compared with plain float32: three steps from the same weights, in the same
order. Then come tables: the step of CycleGAN (plain float32; the default without compiling, in the precision
of `--precision auto`; the same with the layout of channels last; compiled), with the most memory that torch
allocated and the share of what a product of two large matrices reaches here in bfloat16 (on a CPU in the
precision of the run); batches brought to the device; and passes of generators. Compiling takes a minute or
more, so it comes last, the larger sizes first, as long as `--seconds` last; what is left out is named.

Ends with 1 where a result differs by more than its precision explains, with 2 where there is no GPU.
`--quick` takes tiny networks and pictures and compiles nothing: it tries the script, its times mean nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.devices import Precision, choose_device, choose_precision
from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.trained import module_of
from cyclegan_glasses.editing.trained_models import load_model
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.machine import cores
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

PLAIN, DEFAULT, LAST, COMPILED = "plain fp32", "default", "channels last", "compiled"
#: By how much the losses of three steps may differ, relative to their size. Half precisions round to 1/256
#: and 1/2048, and a step of Adam moves each weight by its rate whatever the size of its gradient.
TOLERANCES = {"fp32": 0.01, "fp16": 0.1, "bf16": 0.1}
CHECKED_STEPS, WARM_UP = 3, 3
COMPILING_SECONDS = 60.0  # that a shape needs at least


@dataclass(frozen=True)
class Bench:
    """What is measured: the device, the networks, and how long each row may take."""

    device: torch.device
    settings: CycleGANSettings
    precision: str
    seconds: float

    def objective(self, way: str) -> CycleGAN:
        """The objective of a way, from the same weights each time."""
        torch.manual_seed(0)
        changes = {"plain": way == PLAIN, "compile": "on" if way == COMPILED else "off"}
        name = "fp32" if way == PLAIN else self.precision
        objective = CycleGAN(replace(self.settings, **changes), Precision(name, self.device))
        if way == LAST:
            execution = objective.execution
            execution.memory_format = torch.channels_last
            for network in execution.networks.values():
                network.to(memory_format=torch.channels_last)
        return objective

    def batch(self, size: int, count: int) -> dict[str, Tensor]:
        """Random pictures of both domains, on the device."""
        rng = torch.Generator().manual_seed(size + count)
        shape = count, 3, size, size
        return {side: (torch.rand(shape, generator=rng) * 2 - 1).to(self.device) for side in "AB"}

    def wait(self) -> None:
        """Until the device is through."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def time(self, work: Callable[[], object]) -> float:
        """Seconds of a call, the mean over `seconds`; the device is waited for before and after all."""
        for _ in range(WARM_UP if self.seconds else 0):
            work()
        self.wait()
        start, calls = time.perf_counter(), 0
        while not calls or time.perf_counter() - start < self.seconds:
            work()
            calls += 1
            if self.device.type == "cuda" and calls % 8 == 0:
                self.wait()  # the clock of the loop is that of the device
        self.wait()
        return (time.perf_counter() - start) / calls


def check(bench: Bench, size: int, ways: list[str]) -> bool:
    """Print how far the losses of each way are from those of plain float32; whether all are near enough."""
    batch = bench.batch(size, 2)

    def losses(way: str) -> Tensor:
        objective, values = bench.objective(way), []
        for _ in range(CHECKED_STEPS):
            made = objective.step(batch)
            values.append(torch.stack([made[name].float() for name in objective.loss_names]))
        return torch.stack(values).cpu()

    table("losses of three steps", "largest difference, relative", "allowed", "")
    fine = True
    for way in ways:
        exact, found = losses(PLAIN), losses(way)
        far = float(((found - exact).abs() / exact.abs().clamp(min=0.05)).max())
        allowed = TOLERANCES[bench.precision]
        fine &= far <= allowed
        row(f"{way} {bench.precision}", f"{far:.2g}", f"{allowed:g}", "" if far <= allowed else "DIFFERS")
    return fine


def peak(bench: Bench, side: int) -> float:
    """FLOP/s of a product of two square matrices in the precision of the run, in bfloat16 on a GPU."""
    kind = torch.bfloat16 if bench.device.type == "cuda" else Precision(bench.precision, bench.device).dtype
    a, b = torch.randn(2, side, side, device=bench.device).to(kind)
    return 2 * side**3 / bench.time(lambda: a @ b)


def step_rows(bench: Bench, size: int, count: int, ways: list[str], most: float) -> None:
    """Print a row for each way of the step at `size`² with batches of `count`."""
    batch, first, work = bench.batch(size, count), 0.0, 0.0
    for way in ways:
        try:
            objective = bench.objective(way)
            if not work:
                with FlopCounterMode(display=False) as counter:
                    bench.objective(PLAIN).step(batch)
                work = counter.get_total_flops()
            if bench.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(bench.device)
            seconds = bench.time(partial(objective.step, batch))
        except torch.OutOfMemoryError:
            row(f"{size}²", count, way, "out of memory", "", "", "", "")
            continue
        first = first or seconds * (way == PLAIN)
        cuda = bench.device.type == "cuda"
        memory = f"{torch.cuda.max_memory_allocated(bench.device) / 1e9:.2f}" if cuda else "not measured"
        ratio = f"{first / seconds:.2f}" if first else ""
        cells = f"{1000 * seconds:.1f}", f"{count / seconds:.3g}", ratio, memory
        row(f"{size}²", count, way, *cells, f"{work / seconds / most:.0%}")


def loader_rows(bench: Bench, size: int, count: int, step: float) -> None:
    """Print how many pictures a second come to the device, from `count` files in each domain."""
    table("pictures", "cache", "threads or processes", "pictures/s", "of what the step above needs")
    with tempfile.TemporaryDirectory() as name:
        rng, side = np.random.default_rng(0), size * 286 // 256
        for domain in "AB":
            folder = Path(name, f"train{domain}")
            folder.mkdir()
            for number in range(count):
                coarse = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
                coarse.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg")
        for cache in ("none", "memory"):
            workers = min(8, cores())
            settings = DataSettings(
                name, load_size=side, crop_size=size, batch_size=4, num_threads=workers, cache=cache
            )
            batches = make_batches(settings, device=bench.device)
            epochs, pictures = 0, 0
            for epochs in range(1, 4):
                if epochs == 2:  # the first one starts the workers and fills the cache
                    start, pictures = time.perf_counter(), 0
                for batch in batches.epoch(epochs):
                    pictures += len(batch["A"]) + len(batch["B"])
                bench.wait()
            rate = pictures / (time.perf_counter() - start)
            row(f"{size}²", cache, workers, f"{rate:,.0f}", f"{rate / (2 * step):.1f} times")


def generators(bench: Bench, size: int) -> Iterator[tuple[str, nn.Module, int]]:
    """Generators by name, each with its side."""
    yield bench.settings.generator.kind, build_generator(bench.settings.generator), size
    shipped = load_model(None).get(REMOVE)
    yield "the remover that ships", module_of(shipped), shipped.size


def inference_rows(bench: Bench, size: int, counts: list[int]) -> bool:
    """Print passes of generators a second; whether half precision gives nearly what float32 gives."""
    table("generator", "side", "batch", "precision", "pictures/s", "mean difference from fp32", "")
    fine = True
    for name, network, side in generators(bench, size):
        network = network.to(bench.device).eval()
        for count in counts:
            photos = bench.batch(side, count)["A"]
            with torch.inference_mode():
                exact = network(photos).float()
                for precision in dict.fromkeys(("fp32", bench.precision)):
                    with Precision(precision, bench.device).autocast():
                        seconds = bench.time(lambda network=network, photos=photos: network(photos))
                        far = float((network(photos).float() - exact).abs().mean())
                    near = far <= (1e-3 if precision == "fp32" else 0.02)
                    fine &= near
                    cells = f"{count / seconds:,.4g}", f"{far:.2g}", "" if near else "DIFFERS"
                    row(name, side, count, precision, *cells)
    return fine


def table(*columns: str) -> None:
    """Print the head of a table."""
    print("", "| " + " | ".join(columns) + " |", "| --- " * len(columns) + "|", sep="\n", flush=True)


def row(*cells: object) -> None:
    """Print a row of a table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def measure(bench: Bench, args: argparse.Namespace, began: float) -> bool:
    """Print all tables; whether the results were right."""
    eager = [PLAIN, DEFAULT, LAST]
    fine = check(bench, min(args.sizes), eager[1:])
    most = peak(bench, 256 if args.quick else 8192)
    print(f"\nat most {most / 1e12:.3g} TFLOP/s in a product of matrices")
    columns = "picture", "batch", "way", "ms a step", "pairs/s", "ratio", "GB", "of the peak"
    table(*columns)
    shapes = [(size, count) for size in args.sizes for count in args.batches]
    for size, count in shapes:
        step_rows(bench, size, count, eager, most)
    batch = bench.batch(max(args.sizes), 4)
    step = 4 / bench.time(partial(bench.objective(DEFAULT).step, batch))
    loader_rows(bench, max(args.sizes), 8 if args.quick else 100, step)
    fine &= inference_rows(bench, max(args.sizes), [min(args.batches), max(args.batches)])
    left_out = shapes
    if not args.quick:
        if args.seconds - (time.perf_counter() - began) > COMPILING_SECONDS:
            fine &= check(bench, min(args.sizes), [COMPILED])
        table(*columns)
        while left_out and args.seconds - (time.perf_counter() - began) > COMPILING_SECONDS:
            (size, count), *left_out = left_out
            step_rows(bench, size, count, [COMPILED], most)
            torch._dynamo.reset()
    if left_out:
        names = ", ".join(f"{size}² in batches of {count}" for size, count in left_out)
        why = "--quick" if args.quick else f"the {args.seconds:g} s are over; --seconds 900 takes all"
        print(f"\nnot compiled ({why}): {names}")
    return fine


def main() -> int:
    """Print the tables; the exit code."""
    began = time.perf_counter()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 128])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--netG", default="resnet_9blocks")
    parser.add_argument("--seconds", type=float, default=120, help="after which nothing more is compiled")
    parser.add_argument("--quick", action="store_true", help="tiny: tries the script")
    args = parser.parse_args()
    if args.quick:
        args.sizes, args.batches, args.filters, args.netG = [32], [1, 2], 4, "resnet_6blocks"
    try:
        device = choose_device(args.device)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if device.type == "cpu" and not args.quick:
        print("error: this measures GPUs, benchmarks/step.py measures CPUs: add --quick", file=sys.stderr)
        return 2
    settings = CycleGANSettings(
        generator=GeneratorSettings(args.netG, filters=args.filters),
        discriminator=DiscriminatorSettings(filters=args.filters),
    )
    precision = choose_precision("auto", device).name
    bench = Bench(device, settings, precision, 0.0 if args.quick else 1.0)
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"torch {torch.__version__}, {named}, {precision}")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        fine = measure(bench, args, began)
    print(f"\n{time.perf_counter() - began:.0f} s; results are", "right" if fine else "WRONG, see above")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
