"""Photos that Wikimedia Commons finds: freely licensed, with licence, author and landing page kept.

Its operators ask who is calling: `--contact` is needed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cyclegan_glasses.sources.commons import CommonsSearch

from . import _web as web

HELP = "freely licensed photos from Wikimedia Commons' API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    web.add_web_arguments(parser, CommonsSearch)


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """The crawl to be run."""
    return web.crawl(CommonsSearch, args)
