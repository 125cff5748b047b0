"""Photos that Google's image search finds. No licence is known of them: for a data set to be shared, prefer
`openverse` or `commons`.

Three ways: results pages saved from a browser (`--page`), the Custom Search JSON API (`--api_key`,
`--engine_id`; it ends on 1 January 2027), or the search page itself, which wants JavaScript since January
2025.
"""

from __future__ import annotations

import argparse
import os
from functools import partial

from cyclegan_glasses.sources.google import GoogleSearch

from . import _web as web

HELP = "photos from Google image search: saved pages, the API, or the search page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    query = "what to search for; with --page: what was searched for"
    variables = {"api_key": "GOOGLE_API_KEY", "engine_id": "GOOGLE_ENGINE_ID"}
    keys = {flag: os.environ.get(name, "") for flag, name in variables.items()}
    web.add_web_arguments(parser, GoogleSearch, query, keys)


run = partial(web.crawl, GoogleSearch)
