"""Turn faces into each other: a GIF, or frames in a folder, from two or more photos."""

from __future__ import annotations

import argparse
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_detector, detector_path
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import Command
from cyclegan_glasses.editing.settings import FacemathOutput
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build, options_of

HELP = "turn faces into each other, as a GIF"


def add_common(parser: argparse.ArgumentParser) -> None:
    """The arguments of every verb that does arithmetic on faces."""
    parser.add_argument(
        "--model", type=Path, required=True, metavar="FILE.pt", help="what `facemath learn` wrote"
    )
    add_options(parser, options_of(FacemathOutput))
    add_detector(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, help="file to write, or a folder for frames")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `morph`."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="two or more, one face each")
    parser.add_argument("--steps", type=int, default=12, help="frames from one face to the next (12)")
    add_common(parser)


def command(args: argparse.Namespace) -> Command:
    """What `morph` runs."""
    output = build(FacemathOutput, vars(args), path=args.out)
    if len(args.photos) < 2:
        raise UserError("morph needs two photos at least")
    if not 1 <= args.steps <= 240:
        raise UserError(f"--steps {args.steps} is invalid: 1 to 240")
    return lambda: _morph(args.model, args.photos, args.steps, detector_path(args), output)


def _morph(model: Path, photos: list[Path], steps: int, yunet: Path | None, output: FacemathOutput) -> None:
    from cyclegan_glasses.editing.facemath import interpolate, load_facemath
    from cyclegan_glasses.editing.facemath_pictures import encode_photos, write_frames
    from cyclegan_glasses.faces.detect import make_detector

    math = load_facemath(model)
    codes = interpolate(encode_photos(math, photos, make_detector(yunet)), steps)
    write_frames(math, codes, output)
    print(f"{output.path}: {len(codes)} faces")
