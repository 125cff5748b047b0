"""What the verbs of the web share: their options, and how a crawl is run and shown."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.errors import stoppable
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.sources.fetch.settings import FetchSettings
from cyclegan_glasses.sources.settings import GatherSettings

from ._runner import AGAIN, add_out

if TYPE_CHECKING:
    from cyclegan_glasses.sources.web import Search


def add_web_arguments(
    parser: argparse.ArgumentParser,
    search: type,
    query: str = 'what to search for, such as "portrait glasses"',
    defaults: Mapping[str, str] | None = None,
) -> None:
    """The query, the options of a search (`sources.web.Search`) and those of every crawl."""
    parser.add_argument("query", help=query)
    add_out(parser, "folder for manifest.jsonl and photos/")
    settings = (*options_of(GatherSettings), *options_of(FetchSettings), *options_of(search))
    add_options(parser, settings, defaults)


def crawl(search_type: type[Search], args: argparse.Namespace) -> None:
    """Run the search that was asked for and fetch what it finds into its folder.

    Raises:
        UserError: the search found nothing (the folder was not touched then), or it broke off.
    """
    values = vars(args)
    search = build(search_type, values, query=args.query)
    fetch = build(FetchSettings, values)
    settings = build(GatherSettings, values, out=args.out)
    from cyclegan_glasses.collect.writer import Writer
    from cyclegan_glasses.sources.fetch.client import Fetcher
    from cyclegan_glasses.sources.fetch_log import LOG
    from cyclegan_glasses.sources.web import WebSource

    with (
        stoppable(lambda: f"stopped: {settings.out} keeps what came; {AGAIN}"),
        folder_lock(settings.out),
    ):
        source = WebSource(search, Fetcher(fetch), settings)
        try:
            with closing(source.photos()) as photos:
                first = next(photos, None)  # a search that comes to nothing leaves no folder behind
                new = () if first is None else Writer(settings.out).write(chain([first], photos))
                for _ in progress(new, settings.count, "photos"):
                    pass
        except KeyboardInterrupt:
            list(Writer(settings.out).write(source.arrived()))
            raise
    tally = source.tally
    echo(f"{tally.new} new photos, {tally.before} of earlier runs, {tally.duplicate} duplicates")
    if tally.failed or tally.refused:
        causes = ", ".join(f"{name} {count}" for name, count in sorted(tally.causes.items()))
        echo(f"{tally.failed} failed, {tally.refused} refused ({causes}): the reasons are in {LOG}")
    if tally.have < settings.count:
        echo(f"the search had no more: {tally.have} of the {settings.count} asked for")
    echo(f"{tally.have} photos are in {settings.out}")
