"""The training step of CycleGAN: each way beside plain float32, pictures a second and where the time goes.

    python benchmarks/step.py [--size 128] [--batch 1 4] [--ngf 64] [--netG resnet_9blocks] [--composite]
                              [--filters 16 32 48 64 --kernels 7 5 3 3] [--precision fp32 bf16]
                              [--ways default recompute accumulate compile] [--without winograd norm]
                              [--rounds 5] [--threads 2] [--profile]
    python benchmarks/step.py --auto [glasses remover …] [--rounds 5] [--threads 2]

The ways take turns in one run, so that a machine that is busy for a while slows them all; the ratio is of
their medians. With one thread on a CPU the time is the processor's own, which other programs slow less. Peak:
the share of what a product of two large matrices reaches here in the same precision; the Winograd
convolutions of the default need fewer products than are counted, so it can be above 1. `--without` adds the
default without one of the kernels of `networks/cpu`, which the library's own layer stands in for; `--filters`
and `--kernels` are those of `--netG residual_unet`. `--auto` prints what `train.py` measures on a CPU for
seven shapes of runs, or those with these words, and beside it the same fixed choices timed for a second time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from unittest.mock import patch

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cyclegan_glasses.devices import DTYPES, Precision, choose_device
from cyclegan_glasses.networks.cpu import layers
from cyclegan_glasses.networks.settings import (
    RESIDUAL_UNET,
    AnyGeneratorSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives import measured
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.options.train import parse

#: What each way changes; `accumulate` passes one picture of each domain at a time.
WAYS = {
    "default": {},
    "recompute": {"recompute": True},
    "accumulate": {"micro_batch": 1},
    "compile": {"compile": "on"},
}
#: The layer of each kernel, and the library's.
KERNELS = {
    "winograd": (layers.Conv2d, nn.Conv2d),
    "norm": (layers.InstanceNorm2d, nn.InstanceNorm2d),
}


#: Runs of `--auto`, as they are typed.
SHAPES = {
    "ResNet-9, 64 filters, 128², batch 1": "--load_size 128 --crop_size 128 --batch_size 1",
    "preset glasses, 96², batch 4": "--preset glasses",
    "preset remover, 224x144, batch 8": "--preset remover",
    "preset demo, 64², batch 4": "--preset demo",
    "preset demo-pairs, 64², batch 12": "--preset demo-pairs",
    "preset isee-quick, batch 8": "--preset isee-quick",
    "ResNet-9, 64 filters, 128², batch 4": "--load_size 128 --crop_size 128 --batch_size 4",
}


def without(way: str) -> AbstractContextManager[object]:
    """In it a way named `… without KERNEL` has the library's layer instead."""
    for name, (ours, library) in KERNELS.items():
        if way.endswith(f"without {name}"):
            return patch.object(ours, "forward", library.forward)
    return nullcontext()


def step_seconds(way: str, objective: CycleGAN, batch: dict[str, torch.Tensor]) -> float:
    """How long a step of `way` takes."""
    with without(way):
        return seconds(partial(objective.step, batch), objective.device)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """How long `work()` takes, to its end on the device."""
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter
    start = clock()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - start


def peak(device: torch.device, precision: str) -> float:
    """GFLOP/s of a product of two square matrices, the best of ten."""
    side = 8192 if device.type == "cuda" else 2048
    a, b = torch.randn(2, side, side, device=device, dtype=DTYPES[precision])
    return 2 * side**3 / min(seconds(lambda: a @ b, device) for _ in range(10)) / 1e9


def profile(name: str, objective: CycleGAN, batch: dict[str, torch.Tensor]) -> None:
    """Print what takes the most time of a step."""
    with torch.profiler.profile() as seen:
        objective.step(batch)
    column = f"self_{'cpu' if objective.device.type == 'cpu' else 'device'}_time_total"
    print(name, seen.key_averages().table(sort_by=column, row_limit=12), sep="\n")


def rows(ways: dict[str, tuple[CycleGANSettings, str]], args: argparse.Namespace, size: int) -> None:
    """Measure and print the rows of one batch size."""
    device, most = args.device, args.most
    batch = {side: torch.rand(size, 3, args.size, args.size, device=device) * 2 - 1 for side in "AB"}
    made, times = {}, {}
    for way, (settings, precision) in ways.items():
        torch.manual_seed(0)
        made[way] = CycleGAN(settings, Precision(precision, device))
        times[way] = [step_seconds(way, made[way], batch)]  # the first one warms up
    with FlopCounterMode(display=False) as counter:
        made["plain fp32"].step(batch)
    for _ in range(args.rounds):
        for way, objective in made.items():
            times[way].append(step_seconds(way, objective, batch))
    first = statistics.median(times["plain fp32"][1:])
    for way, (warm, *values) in times.items():
        median = statistics.median(values)
        of_peak = counter.get_total_flops() / median / most[ways[way][1]] / 1e9
        print(
            f"| {way} | {size} | {median:.3g} ({min(values):.3g} to {max(values):.3g}) | {size / median:.3g} "
            f"| {first / median:.2f} | {of_peak:.0%} | {warm:.0f} |",
            flush=True,
        )
    for way in made if args.profile else ():
        profile(way, made[way], batch)


def print_choices(args: argparse.Namespace) -> None:
    """Print the fixed choices for each shape, and which one was taken."""
    measured.ROUNDS = args.rounds
    print("| run | way | s a step | taken | taken over the best | measuring, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, options in SHAPES.items():
        if args.auto and not any(word in name for word in args.auto):
            continue
        o = parse(["--dataroot", "none", "--name", "none", *options.split()])
        width, height = o.data.cut
        size = (o.data.batch_size, o.data.input_nc, height, width)
        batch = {side: torch.rand(size) * 2 - 1 for side in "AB"}
        batch["F"] = torch.rand(size)[:, :1]
        ways = measured.possible_ways(o.objective, o.run.precision)
        measure = partial(measured.measure, o.model, o.objective, batch, ways)
        start = time.perf_counter()
        taken = measured.quickest(measure(), measured.LEAST_STEPS)
        cost = time.perf_counter() - start
        table = measure()
        best = min(timed.seconds for timed in table)
        for timed in table:
            chosen = timed.way == taken.way
            end = f"yes | {timed.seconds / best:.2f} | {cost:.0f}" if chosen else "| |"
            print(f"| {name} | {timed.way} | {timed.seconds:.3g} | {end} |", flush=True)


def generator_settings(args: argparse.Namespace) -> AnyGeneratorSettings:
    """The generator that was asked for."""
    if args.netG == RESIDUAL_UNET:
        return ResidualUnetSettings(
            filters=tuple(args.filters), kernels=tuple(args.kernels), composite=args.composite
        )
    return GeneratorSettings(args.netG, filters=args.ngf, composite=args.composite)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--netG", default="resnet_9blocks")
    parser.add_argument("--composite", action="store_true")
    parser.add_argument("--filters", type=int, nargs="+", default=[16, 32, 48, 64])
    parser.add_argument("--kernels", type=int, nargs="+", default=[7, 5, 3, 3])
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16"], choices=tuple(DTYPES))
    parser.add_argument("--ways", nargs="+", default=["default"], choices=tuple(WAYS))
    parser.add_argument("--without", nargs="+", default=[], choices=tuple(KERNELS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", type=choose_device, default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--auto", nargs="*", metavar="WORD")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.auto is not None:
        print_choices(args)
        return
    base = CycleGANSettings(
        generator=generator_settings(args),
        discriminator=DiscriminatorSettings(filters=args.ndf),
    )
    ways = {"plain fp32": (replace(base, plain=True), "fp32")}
    ways |= {
        f"{way} {name}": (replace(base, **WAYS[way]), name) for way in args.ways for name in args.precision
    }
    ways |= {f"default fp32 without {name}": (base, "fp32") for name in args.without}
    args.most = {name: peak(args.device, name) for name in {"fp32", *args.precision}}
    print(
        f"torch {torch.__version__}, {args.device}, {torch.get_num_threads()} threads, at most",
        ", ".join(f"{most:.0f} GFLOP/s in {name}" for name, most in args.most.items()),
    )
    print(
        "| way | batch | s a step, median (least to most) | pairs/s | ratio | of the peak | first step, s |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in args.batch:
        rows(ways, args, size)


if __name__ == "__main__":
    main()
