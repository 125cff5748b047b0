"""K-FACE of AI-Hub from its tree; without options the term project's selection: high resolution, glasses and
none, the brightest light, the three expressions, the two cameras that look straight at the face."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.sources.aihub import AihubSource

from ._runner import add_gather_arguments, gather

HELP = "AI-Hub K-FACE: by accessory, light, expression, camera and resolution"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py aihub`."""
    parser.add_argument("source", type=Path, help="folder or zip at or above the resolutions or the people")
    add_options(parser, options_of(AihubSource))
    add_gather_arguments(parser)


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """What `crawl.py aihub` runs."""
    source = build(AihubSource, vars(args), source=args.source)

    def run() -> None:
        gather(source, args.out, args.limit, args.dry_run)

    return run
