"""K-FACE of AI-Hub from its tree; without words the term project's selection: high resolution, glasses and
none, the brightest light, the three expressions, the two cameras that look straight at the face."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from cyclegan_glasses.sources.settings import AihubSettings

from .gather import add_common_arguments, gather

HELP = "AI-Hub K-FACE: by accessory, light, expression, camera and resolution"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py aihub`."""
    from cyclegan_glasses.sources import kface

    usual = AihubSettings(Path())
    parser.add_argument("source", type=Path, help="folder or zip at or above the resolutions or the people")

    def choose(flag: str, names: Iterable[str], default: tuple[str, ...], codes: str) -> None:
        words = f"{', '.join(names)}, all{codes}; default {' '.join(default)}"
        parser.add_argument(flag, nargs="+", default=default, metavar="NAME", help=words)

    choose("--accessory", kface.ACCESSORIES, usual.accessories, ", or S001 to S006")
    choose("--light", [*list(kface.LIGHTS)[:7], "directed_8 to directed_30"], usual.lights, ", or L1 to L30")
    choose("--expression", kface.EXPRESSIONS, usual.expressions, ", or E01 to E03")
    choose("--camera", kface.CAMERAS, usual.cameras, ", or C1 to C20")
    choose("--resolution", kface.RESOLUTIONS, usual.resolutions, "")
    add_common_arguments(parser)


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """What `crawl.py aihub` runs."""
    settings = AihubSettings(
        source=args.source,
        resolutions=tuple(args.resolution),
        accessories=tuple(args.accessory),
        lights=tuple(args.light),
        expressions=tuple(args.expression),
        cameras=tuple(args.camera),
    )

    def run() -> None:
        from cyclegan_glasses.sources import aihub

        gather(aihub.photos(settings), args.out, args.limit, args.dry_run)

    return run
