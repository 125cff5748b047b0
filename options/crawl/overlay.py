"""Draw glasses on bare faces: pairs with a truth, and masks of what was drawn.

DIR is a folder that crawl.py made (its faces without glasses are taken, with their split and landmarks) or
any pile of pictures of bare faces. OUT gets trainA (glasses) trainB (none) trainM (masks) trainL (frame,
lens, shadow and reflection apart), the same for test, and a manifest. A run that was stopped goes on when the
same command is typed again.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_detector
from cyclegan_glasses.cli.echo import echo, suggest
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.collect.settings import SHOP, OverlaySettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.photo import MANIFEST

from ._runner import add_cluster, add_out, add_workers, tally

HELP = "pairs from bare faces: with drawn glasses, without, and masks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py overlay`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="bare faces: a gathered folder, or a pile")
    add_out(parser, "folder for the pairs")
    parser.add_argument(
        "--frames",
        type=Path,
        metavar="DIR",
        help="draw your own frames: PNG with transparency, seen from in front, width in mm in the name"
        " (round_138mm.png)",
    )
    add_options(parser, options_of(OverlaySettings))
    add_detector(parser)
    add_workers(parser)
    add_cluster(parser)


def run(args: argparse.Namespace) -> None:
    """Draw."""
    settings = build(OverlaySettings, vars(args))
    if args.frames and settings.frame_mix == SHOP:
        raise UserError("--frames draws your own frames: leave --frame_mix out")
    from cyclegan_glasses.collect.pairs import bare_faces, draw_pairs
    from cyclegan_glasses.faces.detect import detector_file

    faces = bare_faces(args.folder, args.out)
    yunet = detector_file(args.yunet)
    rows = draw_pairs(faces, args.out, settings, args.frames, yunet, args.workers, args.cluster)
    # A pair has two rows; the one with the frame stands for it.
    counts = tally(rows, len(faces), "faces", args.out, lambda row: row.split if row.facts else "")
    if not counts:
        reasons = args.out / MANIFEST
        raise UserError(f"glasses fit none of the {len(faces)} pictures: the reasons are in {reasons}")
    train, data = command_line("train"), shlex.quote(str(args.out))
    echo(f"{counts.total()} pairs are in {args.out}")
    suggest(
        f"{train} --model mask2face --preset quick --dataroot {data} --name quick, which begins with the"
        f" model that ships, or beside two domains: {train} --paired_dataroot {data}",
        before="train on them, in minutes: ",
    )
