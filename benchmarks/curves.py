"""Does the default train what plain float32 trains? The loss curves of both, from one start, on one data set.

    python benchmarks/curves.py --dataroot datasets/demo [--steps 500] [--seeds 0 1 2] [--precision auto]
                                [-- ARGUMENTS OF train.py, such as --preset demo]

Trains with `--plain --precision fp32` and with the default, each with three seeds (start, order, crops), and
compares, loss by loss, the mean over the last half of the steps: the difference that the default makes with
the first seed's start, beside the spread that the seeds make in plain float32. It passes where no difference
is larger than the spread (the largest less the smallest).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence

import torch

from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.devices import choose_device, choose_precision
from cyclegan_glasses.objectives.registry import build_objective
from cyclegan_glasses.options.train import parse

Curves = dict[str, list[float]]


def train(argv: Sequence[str], seed: int, steps: int) -> Curves:
    """The losses of each step."""
    o = parse([*argv, "--seed", str(seed), "--name", "curves", "--device", "auto"])
    device = choose_device(o.run.device)
    batches = make_batches(o.data)
    objective = build_objective(o.model, o.objective, choose_precision(o.run.precision, device), o.data.seed)
    rows, epoch = [], 0
    while len(rows) < steps:
        epoch += 1
        for batch in batches.epoch(epoch):
            losses = objective.step(batch, len(rows) / steps)
            rows.append(torch.stack([losses[name] for name in objective.loss_names]))
            if len(rows) == steps:
                break
    table = torch.stack(rows).double().cpu()
    return {name: table[:, i].tolist() for i, name in enumerate(objective.loss_names)}


def main() -> int:
    """Print the table; 1 where a difference is larger than the spread."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataroot", required=True)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("argv", nargs="*", help="arguments of train.py, after --")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    argv = ["--dataroot", args.dataroot, *args.argv]
    plain, default = ["--plain", "--precision", "fp32"], ["--precision", args.precision]
    ways = {"plain": [*argv, *plain], "default": [*argv, *default]}
    curves: dict[str, list[Curves]] = {way: [] for way in ways}
    for seed in args.seeds:
        for way, more in ways.items():
            curves[way].append(train(more, seed, args.steps))
            print(f"trained {way} with seed {seed}", file=sys.stderr, flush=True)
    print("| loss | plain | default | difference, same start | spread of seeds |")
    print("| --- | --- | --- | --- | --- |")
    failed = False
    for name in curves["plain"][0]:
        late = {
            way: [statistics.fmean(run[name][args.steps // 2 :]) for run in runs]
            for way, runs in curves.items()
        }
        difference = abs(late["default"][0] - late["plain"][0])
        spread = max(late["plain"]) - min(late["plain"])
        failed |= difference > spread
        values = (late["plain"][0], late["default"][0], difference, spread)
        print(f"| {name} |", " | ".join(f"{value:.4g}" for value in values), "|")
    print("fail: a difference is larger than the spread" if failed else "pass")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
