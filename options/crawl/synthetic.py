"""Draw portraits from parameters: no photograph, no download, the ten Monk skin tones evenly.

trainA (with glasses) and trainB (without) show different people; testA and testB show the same people with
and without glasses under the same file names. trainM and testM hold the masks of the glasses, manifest.jsonl
the parameters of every portrait. The same command gives the same bytes on any number of cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.settings import SyntheticSettings

HELP = "portraits drawn from parameters, with and without glasses, and exact pairs for testing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py synthetic`."""
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder for the set")
    parser.add_argument(
        "--count",
        type=int,
        default=600,
        metavar="N",
        help="training portraits in all, half with glasses (trainA), half without (trainB) (600)",
    )
    parser.add_argument("--size", type=int, default=128, metavar="PIXELS", help="of the pictures (128)")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other people (0)")
    parser.add_argument(
        "--test",
        type=int,
        metavar="N",
        help="test pairs, besides --count (default: a tenth of --count, at least 40)",
    )
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (0: one for each core)")


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """Turn the words into settings; what is returned draws."""
    for name, value, low, high in (
        ("count", args.count, 2, 1_000_000),
        ("size", args.size, 32, 1024),
        ("seed", args.seed, 0, 2**31),
        ("test", 0 if args.test is None else args.test, 0, 1_000_000),
        ("jobs", args.jobs, 0, 1024),
    ):
        if not low <= value <= high:
            raise UserError(f"--{name} {value}: give a number of {low} to {high}")
    settings = SyntheticSettings(args.count, args.size, args.seed, args.test)
    return lambda: _draw(settings, args.out, args.jobs)


def _draw(settings: SyntheticSettings, out: Path, jobs: int) -> None:
    from cyclegan_glasses.sources.synthetic import draw_set, is_complete

    words = f"{settings.count} training portraits and {settings.pairs} test pairs"
    if is_complete(settings, out):
        print(f"{out} holds these {words} already")
        return
    for _ in progress(draw_set(settings, out, jobs), settings.count + settings.pairs, "portraits"):
        pass
    print(f"{words} are in {out}; train on them: python train.py --dataroot {out} --name demo")
