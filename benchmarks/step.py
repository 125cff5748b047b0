"""The training step of CycleGAN: the default beside plain float32, pictures a second and where the time goes.

    python benchmarks/step.py [--size 128] [--batch 1 4] [--ngf 64] [--netG resnet_9blocks] [--composite]
                              [--rounds 5] [--precision fp32 bf16] [--threads 2] [--profile]

The ways take turns in one run, so that a machine that is busy for a while slows them all; the ratio is of
their medians. Peak: the share of what a product of two large float32 matrices reaches here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from cyclegan_glasses.devices import Precision, choose_device
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings import CycleGANSettings


def seconds(work, device: torch.device) -> float:
    """How long `work()` takes, to its end on the device."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def peak(device: torch.device) -> float:
    """GFLOP/s of a product of two float32 matrices of 2048², the best of five."""
    a, b = torch.randn(2, 2048, 2048, device=device)
    return 2 * 2048**3 / min(seconds(lambda: a @ b, device) for _ in range(5)) / 1e9


def profile(name: str, objective: CycleGAN, batch: dict[str, torch.Tensor]) -> None:
    """Print what takes the most time of a step."""
    with torch.profiler.profile() as seen:
        objective.step(batch)
    print(name, seen.key_averages().table(sort_by="self_cpu_time_total", row_limit=12), sep="\n")


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
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    base = CycleGANSettings(
        generator=GeneratorSettings(args.netG, filters=args.ngf, composite=args.composite),
        discriminator=DiscriminatorSettings(filters=args.ndf),
    )
    ways = {"plain fp32": (replace(base, plain=True), "fp32")}
    ways |= {f"default {name}": (base, name) for name in args.precision}
    most = peak(device)
    print(
        f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads, {most:.0f} GFLOP/s at most"
    )
    print("| way | batch | s a step, median (least to most) | pairs/s | ratio | of the peak |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size in args.batch:
        torch.manual_seed(0)
        batch = {side: torch.rand(size, 3, args.size, args.size) * 2 - 1 for side in "AB"}
        made = {way: CycleGAN(s, device, Precision(p, device)) for way, (s, p) in ways.items()}
        with FlopCounterMode(display=False) as counter:
            made["plain fp32"].step(batch)
        times: dict[str, list[float]] = {way: [] for way in made}
        for number in range(args.rounds + 1):
            for way, objective in made.items():
                taken = seconds(partial(objective.step, batch), device)
                times[way] += [taken] if number else []
        first = statistics.median(times["plain fp32"])
        for way, values in times.items():
            median = statistics.median(values)
            share = counter.get_total_flops() / median / most / 1e9
            print(
                f"| {way} | {size} | {median:.2f} ({min(values):.2f} to {max(values):.2f}) "
                f"| {size / median:.2f} | {first / median:.2f} | {share:.0%} |",
                flush=True,
            )
        if args.profile:
            for way, objective in made.items():
                profile(way, objective, batch)


if __name__ == "__main__":
    main()
