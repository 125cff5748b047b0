"""Take glasses off photographs and put them on bare faces: pairs with a truth and with photographed frames.

DIR is a folder of faces aligned to the size that the model knows (crawl.py folder --align). Glasses are taken
off faces labelled so, and off those without a label where the attribute classifier sees them; they are put on
faces without, of the same split, turned alike and about as bright. MODEL must say where the frame was
(train.py --netG coarse_to_fine). OUT gets what crawl.py overlay gives, of the layers the frame alone. A run
that was stopped goes on when the same command is typed again.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from cyclegan_glasses.cli.echo import echo, suggest
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.collect.settings import TransplantSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.photo import MANIFEST

from ._runner import add_out, add_workers, tally

HELP = "pairs with photographed frames: taken off faces by a model, put on others"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py transplant`."""
    help = "aligned faces, with a manifest"
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help=help)
    parser.add_argument(
        "--name", required=True, help="a run, its folder, a packed model, or shipped, that removes"
    )
    parser.add_argument("--checkpoints_dir", type=Path, default=Path("checkpoints"), help="folder of runs")
    add_out(parser, "folder for the pairs")
    add_options(parser, options_of(TransplantSettings))
    add_workers(parser)


def run(args: argparse.Namespace) -> None:
    """Transplant."""
    settings = build(TransplantSettings, vars(args))
    from cyclegan_glasses.collect.transplant import aligned_faces, transplant_pairs
    from cyclegan_glasses.editing.frame_remover import FrameRemover

    remover = FrameRemover.open(args.name, args.checkpoints_dir)
    size, framing = remover.faces
    faces = aligned_faces(list(dict.fromkeys(args.folders)), size, framing, settings)
    rows = transplant_pairs(faces, args.out, settings, size, remover, remover.sha256, args.workers)
    # A pair has two rows; the one with facts stands for it.
    photos = len(faces.glasses)
    counts = tally(rows, photos, "photos", args.out, lambda row: row.split if row.facts else "")
    if not counts:
        reasons = args.out / MANIFEST
        raise UserError(f"glasses were found on none of the {photos} photos: the reasons are in {reasons}")
    echo(f"{counts.total()} pairs are in {args.out}")
    suggest(
        f"{command_line('train')} --model mask2face --preset quick --dataroot {shlex.quote(str(args.out))}"
        " --name quick, which begins with the model that ships",
        before="train on them, in minutes: ",
    )
