"""Photos that Openverse finds: openly licensed, with licence, author and landing page kept."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cyclegan_glasses.sources.openverse import OpenverseSearch

from . import _web as web

HELP = "openly licensed photos from Openverse's API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    web.add_web_arguments(parser, OpenverseSearch)


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """The crawl to be run."""
    return web.crawl(OpenverseSearch, args)
