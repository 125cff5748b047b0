"""Photos that Google's image search finds. No licence is known of them: for a data set to be shared, prefer
`openverse` or `commons`.

Three ways: results pages saved from a browser (`--page`), the Custom Search JSON API (`--api_key`,
`--engine_id`; it ends on 1 January 2027), or the search page itself, which wants JavaScript since January
2025.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.sources.settings import GoogleSettings

from . import web

HELP = "photos from Google image search: saved pages, the API, or the search page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    default = GoogleSettings()
    parser.add_argument("query", help="what to search for; with --page: what was searched for")
    web.add_web_arguments(parser)
    add = parser.add_argument
    add("--page", type=Path, nargs="+", default=[], metavar="HTML", help="results pages saved from a browser")
    add("--thumbnails", action="store_true", help="take the small pictures of the results page")
    add("--api_key", default=os.environ.get("GOOGLE_API_KEY", ""), help="of the API (or GOOGLE_API_KEY)")
    add(
        "--engine_id",
        default=os.environ.get("GOOGLE_ENGINE_ID", ""),
        help="cx of the API (or GOOGLE_ENGINE_ID)",
    )
    add("--rights", default="", help="the API's licence filter, such as cc_publicdomain")
    add(
        "--endpoint",
        default="",
        help=f"the service (default: {default.endpoint}, API: {default.api_endpoint})",
    )


def command(args: argparse.Namespace) -> Callable[[], int]:
    """Settings from the words, and the crawl to be run."""

    def run() -> int:
        default = GoogleSettings()
        settings = GoogleSettings(
            endpoint=args.endpoint or default.endpoint,
            api_endpoint=args.endpoint or default.api_endpoint,
            api_key=args.api_key,
            engine_id=args.engine_id,
            pages=tuple(args.page),
            thumbnails=args.thumbnails,
            rights=args.rights,
        )
        fetch, gather = web.fetch_settings(args), web.gather_settings(args, args.query)
        from cyclegan_glasses.sources import google

        return web.crawl(
            "google", lambda fetcher: google.search(args.query, settings, fetcher), fetch, gather
        )

    return run
