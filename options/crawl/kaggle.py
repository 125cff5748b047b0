"""The Kaggle glasses sets from their zip or folder: with train.csv, or with one folder per class."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.settings import KAGGLE_DATASET, KaggleSettings

from .gather import add_common_arguments, gather

HELP = "Kaggle's glasses sets: train.csv with faces, or one folder per class; --download fetches them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py kaggle`."""
    parser.add_argument(
        "source", type=Path, nargs="?", help="the downloaded zip, or the folder it was unpacked to"
    )
    parser.add_argument(
        "--download",
        nargs="?",
        const=KAGGLE_DATASET,
        metavar="OWNER/NAME",
        help=f"fetch this set with your own Kaggle key instead (without a name: {KAGGLE_DATASET})",
    )
    add_common_arguments(parser)


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """What `crawl.py kaggle` runs."""

    def run() -> None:
        from cyclegan_glasses.sources import kaggle

        if (args.source is None) == (args.download is None):
            raise UserError("crawl.py kaggle needs either a zip or folder, or --download: give one of them")
        if args.download:
            settings = KaggleSettings(kaggle.download(args.download), f"kaggle:{args.download}")
        else:
            settings = KaggleSettings(args.source)
        gather(kaggle.photos(settings), args.out, args.limit, args.dry_run)

    return run
