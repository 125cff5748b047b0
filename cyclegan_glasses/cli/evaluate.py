"""Say how good one or more trained models are, for whom, and what else they change."""

from __future__ import annotations

import argparse
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_device
from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.errors import one_of
from cyclegan_glasses.evaluation.settings import (
    BASELINES,
    PROTOCOLS,
    TELEA,
    UNTOUCHED,
    EvaluationSettings,
    InputSettings,
    checkpoint_labels,
    choose_protocol,
    find_model,
    model_name,
)
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.shipped import SHIPPED

HELP = "score models against the truth, baselines and each other"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `evaluate`."""
    parser.add_argument(
        "--name",
        nargs="+",
        default=[],
        help="runs, files of weights, or shipped, side by side; else the model that ships",
    )
    parser.add_argument("--dataroot", type=Path, required=True, help="folder with testA and testB")
    parser.add_argument("--epoch", nargs="+", default=["latest"], help="checkpoints: latest, 5 10 15, or all")
    parser.add_argument(
        "--rivals", dest="baselines", metavar="RIVALS", nargs="*", help=f"any of {' '.join(BASELINES)}"
    )
    parser.add_argument("--group", nargs="*", default=[], help="group by these only, such as race gender")
    parser.add_argument("--protocol", default="", help=f"a published way: {', '.join(PROTOCOLS)}")
    parser.add_argument("--crop_size", type=int, default=0, help="side in pixels; 0: that of the first run")
    parser.add_argument("--checkpoints_dir", type=Path, default=Path("checkpoints"), help="folder of runs")
    parser.add_argument("--out", type=Path, help="folder of the report; results/<names>/evaluation_…")
    add_options(parser, options_of(EvaluationSettings))
    add_device(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate, and print the table."""
    settings = settings_of(args)
    from cyclegan_glasses.evaluation.run import evaluate

    echo(evaluate(settings), end="")


def settings_of(args: argparse.Namespace) -> EvaluationSettings:
    """The arguments as settings.

    Raises:
        UserError: a run or a checkpoint is not there, or a value is not allowed.
    """
    models = [find_model(name, args.checkpoints_dir) for name in args.name] or [SHIPPED]
    for name in args.baselines or ():
        one_of("rivals", name, BASELINES)
    protocol = choose_protocol(models[0], args.direction, args.protocol, args.crop_size)
    inputs = build(
        InputSettings, vars(args), dataroot=args.dataroot, groups=tuple(args.group), protocol=protocol
    )
    labels = {path: checkpoint_labels(path, args.epoch, args.direction) for path in models}
    names = "+".join(model_name(path) for path in models)
    return build(
        EvaluationSettings,
        vars(args),
        runs=tuple((path, label) for path in models for label in labels[path]),
        baselines=tuple((UNTOUCHED, TELEA) if args.baselines is None else args.baselines),
        inputs=inputs,
        out=args.out or Path("results") / names / f"evaluation_{args.direction}",
        device=args.device,
        precision=args.precision,
    )
