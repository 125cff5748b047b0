"""CelebA from its zip or folder, with attributes, people, the official split and landmarks."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from .gather import add_common_arguments, gather

HELP = "CelebA: attributes, people, official split; --protocol builds the published benchmark"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py celeba`."""
    parser.add_argument("source", type=Path, help="folder or zip with list_attr_celeba.txt")
    parser.add_argument(
        "--images", type=Path, help="folder or zip of img_align_celeba, where it lies elsewhere"
    )
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

        if not args.protocol:
            gather(celeba.photos(settings), args.out, args.limit, args.dry_run)
            return
        kinds = gather(celeba.benchmark(settings), args.out, args.limit, args.dry_run)
        print(compare(kinds, celeba.PUBLISHED))

    return run


def compare(kinds: Counter[str], published: Mapping[str, int]) -> str:
    """One line: the size of each domain beside the published one."""
    sizes = {
        "trainA": kinds["train glasses"],
        "trainB": kinds["train none"],
        "testA": kinds["val glasses"] + kinds["test glasses"],
        "testB": kinds["val none"] + kinds["test none"],
    }
    words = ", ".join(f"{domain} {size} of {published[domain]}" for domain, size in sizes.items())
    end = (
        "the whole benchmark"
        if sizes == published
        else "not the whole: do not compare with published figures"
    )
    return f"{words}: {end}"
