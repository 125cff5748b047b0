"""Photos that Wikimedia Commons finds: freely licensed, with licence, author and landing page kept.

Its operators ask who is calling: `--contact` is needed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cyclegan_glasses.sources.settings import COMMONS_WIDTHS, CommonsSettings, join

from . import web

HELP = "freely licensed photos from Wikimedia Commons' API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    default = CommonsSettings()
    parser.add_argument("query", help='what to search for, such as "portrait glasses"')
    web.add_web_arguments(parser)
    web.add_licence_argument(parser)
    parser.add_argument(
        "--width", type=int, default=default.width,
        help=f"of the rendering, of {join(COMMONS_WIDTHS)}; 0: the original file (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--endpoint", default=default.endpoint, help="the service (default: %(default)s)")


def command(args: argparse.Namespace) -> Callable[[], int]:
    """Settings from the words, and the crawl to be run."""

    def run() -> int:
        settings = CommonsSettings(args.endpoint, web.licences(args.licence), args.width)
        fetch, gather = web.fetch_settings(args), web.gather_settings(args, args.query)
        from cyclegan_glasses.sources import commons

        return web.crawl(
            "commons", lambda fetcher: commons.search(args.query, settings, fetcher), fetch, gather
        )

    return run
