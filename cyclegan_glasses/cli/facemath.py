"""Arithmetic on faces: put glasses on or take them off, age, mix and invent them.

`learn` makes the file that the others need from a run of train.py --model facemath and labelled faces.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace

from cyclegan_glasses.cli.arguments import add_detector
from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.editing.settings import FacemathOutput
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.shipped import FACEMATH

HELP = "arithmetic on faces: glasses, age, random faces, neighbours"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `facemath`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fit = actions.add_parser("learn", help="codes, directions and all, into one file")
    fit.add_argument("run", type=Path, metavar="RUN", help="the run's folder, such as checkpoints/math")
    fit.add_argument("--dataroot", type=Path, required=True, help="labelled faces, with manifests")
    fit.add_argument(
        "--paired_dataroot",
        type=Path,
        metavar="DIR",
        help="pairs that crawl.py overlay made, for `glasses`: the same faces with and without",
    )
    fit.add_argument("--labels", type=Path, metavar="FILE.csv", help="a table with more attributes")
    fit.add_argument("--columns", nargs="+", default=[], metavar="NAME", help="of the table, to learn")
    fit.add_argument("--limit", type=int, default=4000, help="faces at most (4000)")
    fit.add_argument("-o", "--out", type=Path, help="file to write; facemath.pt in the run's folder")
    for name, what in (
        ("add-glasses", "put glasses on a face"),
        ("remove-glasses", "take them off"),
        ("age", "make a face as old as --to"),
        ("move", "along any attribute that was learnt"),
    ):
        _add_edit(actions.add_parser(name, help=what), name)
    sample = actions.add_parser("sample", help="faces that nobody has, on a sheet")
    sample.add_argument("--count", type=int, default=16, help="faces (16)")
    sample.add_argument("--spread", type=float, default=0.8, help="0 is the mean face, 1 as faces differ")
    walk = actions.add_parser("walk", help="a random walk among faces, as a GIF")
    _add_photos(walk, "*", "to start from; else the mean face")
    walk.add_argument("--steps", type=int, default=48, help="frames (48)")
    walk.add_argument("--stride", type=float, default=0.25, help="share of a face that each step draws anew")
    neighbours = actions.add_parser("neighbours", help="the faces of a folder most like a face")
    _add_photos(neighbours, 1, "with one face")
    neighbours.add_argument("--among", type=Path, required=True, metavar="DIR", help="aligned faces")
    neighbours.add_argument("--count", type=int, default=8, help="faces (8)")
    grid = actions.add_parser("grid", help="a sheet between four faces at its corners")
    _add_photos(grid, 4, "top left, right, bottom left, right")
    grid.add_argument("--steps", type=int, default=6, help="faces in a row and a column (6)")
    for action in (sample, walk, neighbours, grid):
        _add_common(action)
    for action in (sample, walk):
        action.add_argument("--seed", type=int, default=0, help="of what is random (0)")


def _add_photos(parser: argparse.ArgumentParser, nargs: str | int, help: str) -> None:
    parser.add_argument("photos", nargs=nargs, type=Path, metavar="PHOTO", help=help)


def _add_edit(parser: argparse.ArgumentParser, name: str) -> None:
    _add_photos(parser, 1, "with one face")
    if name == "age":
        parser.add_argument("--to", type=float, required=True, metavar="YEARS", help="how old")
        parser.add_argument(
            "--from",
            type=float,
            dest="age",
            metavar="YEARS",
            help="how old the person is; else by the attribute classifier",
        )
    elif name == "move":
        parser.add_argument("--by", required=True, metavar="NAME", help="the attribute")
    if name != "age":
        parser.add_argument("--strength", type=float, default=1.0, help="1: as the faces with it differ")
    parser.add_argument("--face", action="store_true", help="write the decoded face alone, not the photo")
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    """The arguments of every verb that does arithmetic on faces."""
    help = "what `facemath learn` wrote; otherwise the one that ships, of faces of 64 pixels"
    parser.add_argument("--model", type=Path, default=FACEMATH, metavar="FILE.pt", help=help)
    add_options(parser, options_of(FacemathOutput))
    add_detector(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, help="file to write, or a folder for frames")


def _add_morph(parser: argparse.ArgumentParser) -> None:
    _add_photos(parser, "+", "two or more, one face each")
    parser.add_argument("--steps", type=int, default=12, help="frames from one face to the next (12)")
    _add_common(parser)
    parser.set_defaults(action="morph")


def run(args: argparse.Namespace) -> None:
    """Do what the action asks for.

    Raises:
        UserError: a value that is not allowed, a file or photo that cannot be read.
    """
    steps = ("steps", 1, 240) if args.action == "morph" else ("steps", 2, 400)
    for name, low, high in (("count", 1, 400), steps, ("stride", 0, 1), ("spread", 0, 3)):
        if not low <= getattr(args, name, low) <= high:
            raise UserError(f"--{name} {getattr(args, name):g} is invalid: {low} to {high}")
    if args.action == "learn":
        if bool(args.labels) != bool(args.columns):
            raise UserError("--labels and --columns go together: which table, and which of its columns")
        if args.limit < 2:
            raise UserError(f"--limit {args.limit} is too small: at least 2 faces")
    if args.action == "morph" and len(args.photos) < 2:
        raise UserError("morph needs two photos at least")
    if args.action == "walk" and len(args.photos) > 1:
        raise UserError("walk starts from one photo at most")
    if args.action == "age" and not 0 <= args.to <= 120:
        raise UserError(f"--to {args.to:g} is invalid: 0 to 120 years")
    output = None if args.action == "learn" else build(FacemathOutput, vars(args), path=args.out)
    from cyclegan_glasses.cli import facemath_actions as actions

    echo(actions.fit(args) if output is None else actions.do(args, output))


morph = SimpleNamespace(
    HELP="turn faces into each other, as a GIF",
    __doc__="Turn faces into each other: a GIF, or frames in a folder, from two or more photos.",
    add_arguments=_add_morph,
    run=run,
)
