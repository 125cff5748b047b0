"""Make an attribute classifier of a network that `train.py --model facelyzr` trained.

The temperatures of its confidences come from the faces of phase `val`: by default a sixteenth of the training
faces, which the training left out. So do the intervals of the ages, and the confidences from which `glasses`
and `none` are sure: such that glasses half drawn or half removed on those faces seldom pass as either. Then
it is measured on the faces of phase `test`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.errors import UserError

HELP = "make an attribute classifier of a run of --model facelyzr"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `calibrate`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder, such as checkpoints/judge")
    parser.add_argument("--dataroot", type=Path, required=True, help="the labelled faces that it learnt from")
    parser.add_argument("--labels", metavar="FILE.csv", help="as in training")
    parser.add_argument("--epoch", default="latest", help="which saved epoch")
    parser.add_argument("--sure", type=float, default=0.6, help="less confident answers are not sure (0.6)")
    parser.add_argument(
        "--passing",
        type=float,
        default=0.05,
        help="at most this share of half-drawn and half-removed glasses may pass as glasses or none (0.05);"
        " 1: any",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="file to write, such as judge.pt")


def run(args: argparse.Namespace) -> None:
    """Calibrate, and print the figures."""
    if not 0 <= args.sure < 1:
        raise UserError(f"--sure {args.sure:g} is invalid: 0 or more, below 1")
    if not 0 < args.passing <= 1:
        raise UserError(f"--passing {args.passing:g} is invalid: above 0, at most 1")
    from cyclegan_glasses.data.settings import LabelSettings
    from cyclegan_glasses.evaluation.calibration import calibrate_run

    calibration, figures = calibrate_run(
        args.run, args.dataroot, LabelSettings(args.labels), args.epoch, args.sure, args.passing, args.out
    )
    for name, value in figures.items():
        echo(f"{name:28}{value:10.4g}")
    size = args.out.stat().st_size / 1e6
    for band in calibration.bands:
        echo(f"estimated from {band.begins:.0f} years: {band.low:+.1f} to {band.high:+.1f} years,", end=" ")
        echo(f"temperature of the gender {band.gender:.2f}")
    echo(f"{args.out}: {size:.2f} MB, temperature {calibration.glasses:.2f},", end=" ")
    echo(f"sure from {dict(calibration.thresholds)}, otherwise {calibration.sure:g}")
