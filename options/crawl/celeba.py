"""CelebA from its zip or folder, with attributes, people, the official split and landmarks."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

HELP = "CelebA: attributes, people, official split; --protocol builds the published benchmark"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py celeba`."""
    from options.crawl.gather import add_common_arguments

    parser.add_argument("source", type=Path, help="folder or zip with list_attr_celeba.txt")
    parser.add_argument("--images", type=Path, help="folder or zip of img_align_celeba, where it lies elsewhere")
    parser.add_argument(
        "--protocol",
        action="store_true",
        help="write the published benchmark: trainA trainB testA testB of 256x256 PNG in the official split",
    )
    add_common_arguments(parser)


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """What `crawl.py celeba` runs."""
    from cyclegan_glasses.sources.settings import CelebaSettings

    settings = CelebaSettings(args.source, args.images)

    def run() -> None:
        from cyclegan_glasses.sources import celeba
        from options.crawl.gather import gather

        found = celeba.benchmark(settings) if args.protocol else celeba.photos(settings)
        gather(found, args.out, args.limit, args.dry_run)
        
    return run
