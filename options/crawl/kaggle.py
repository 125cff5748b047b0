"""The Kaggle glasses sets from their zip or folder: with train.csv, or with one folder per class."""

from __future__ import annotations

import argparse

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.kaggle import DATASET, KaggleSource, download

from ._runner import add_source_arguments, gather

HELP = "Kaggle's glasses sets: train.csv with faces, or one folder per class; --download fetches them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py kaggle`."""
    where = "the downloaded zip, or the folder it was unpacked to"
    add_source_arguments(parser, KaggleSource, where, nargs="?")
    parser.add_argument(
        "--download",
        nargs="?",
        const=DATASET,
        metavar="OWNER/NAME",
        help=f"fetch this set with your own Kaggle key instead (without a name: {DATASET})",
    )


def run(args: argparse.Namespace) -> None:
    """Gather."""
    if (args.source is None) == (args.download is None):
        raise UserError("crawl.py kaggle needs either a zip or folder, or --download: give one of them")
    origin = f"kaggle:{args.download}" if args.download else ""
    source = KaggleSource(download(args.download) if args.download else args.source, origin)
    gather(source, args.out, args.limit, args.dry_run)
