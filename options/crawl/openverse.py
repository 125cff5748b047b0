"""Photos that Openverse finds: openly licensed, with licence, author and landing page kept."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cyclegan_glasses.sources.settings import OpenverseSettings

from . import web

HELP = "openly licensed photos from Openverse's API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("query", help='what to search for, such as "portrait glasses"')
    web.add_web_arguments(parser)
    web.add_licence_argument(parser)
    parser.add_argument(
        "--endpoint", default=OpenverseSettings().endpoint, help="the service (default: %(default)s)"
    )


def command(args: argparse.Namespace) -> Callable[[], int]:
    """Settings from the words, and the crawl to be run."""

    def run() -> int:
        settings = OpenverseSettings(args.endpoint, web.licences(args.licence))
        fetch, gather = web.fetch_settings(args), web.gather_settings(args, args.query)
        from cyclegan_glasses.sources import openverse

        return web.crawl(
            "openverse", lambda fetcher: openverse.search(args.query, settings, fetcher), fetch, gather
        )

    return run
