"""What the verbs of the web share: their words, and how a crawl is run and shown."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.domains import LABELS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.fetch.settings import FetchSettings
from cyclegan_glasses.sources.settings import FREE_LICENCES, LICENCES, GatherSettings, join

if TYPE_CHECKING:
    from cyclegan_glasses.sources.fetch.client import Fetcher
    from cyclegan_glasses.sources.search_result import SearchResult


def add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that every verb of the web takes."""
    fetch = FetchSettings()
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="folder for manifest.jsonl and photos/")
    add("--count", type=int, default=200, help="stop when so many results are there (default: %(default)s)")
    add(
        "--label",
        choices=("", *LABELS),
        default="",
        help="what the search is meant to show; kept with each photo",
    )
    add("--contact", default="", help="your mail address or page, told to the sites that are asked")
    add("--retry_failed", action="store_true", help="try again what failed in an earlier run")
    group = parser.add_argument_group("manners and limits")
    add = group.add_argument
    add(
        "--connections",
        type=int,
        default=fetch.connections,
        help="downloads at a time (default: %(default)s)",
    )
    add(
        "--interval",
        type=float,
        default=fetch.interval,
        help="seconds between requests to one host (%(default)s)",
    )
    add("--retries", type=int, default=fetch.retries, help="further attempts after a failure (%(default)s)")
    add(
        "--backoff",
        type=float,
        default=fetch.backoff,
        help="seconds before the first retry, doubling (%(default)s)",
    )
    add(
        "--max_wait",
        type=float,
        default=fetch.max_wait,
        help="longest wait a host may ask for (%(default)s s)",
    )
    add("--max_seconds", type=float, default=fetch.max_seconds, help="longest download (%(default)s s)")
    add("--max_bytes", type=int, default=fetch.max_bytes, help="largest file (%(default)s)")
    add("--max_pixels", type=int, default=fetch.max_pixels, help="largest width times height (%(default)s)")
    add("--allow_private", action="store_true", help="also fetch from this machine and private networks")


def add_licence_argument(parser: argparse.ArgumentParser) -> None:
    """`--licence by,by-sa`."""
    parser.add_argument(
        "--licence", default=join(FREE_LICENCES), metavar="NAMES",
        help=f"comma-separated, of {join(LICENCES)} (default: %(default)s)",
    )  # fmt: skip


def licences(words: str) -> tuple[str, ...]:
    """`by, CC0` as a tuple of short names."""
    return tuple(word.strip().lower() for word in words.split(",") if word.strip())


def fetch_settings(args: argparse.Namespace) -> FetchSettings:
    """The words of `add_web_arguments` that say how to fetch."""
    return FetchSettings(
        contact=args.contact, connections=args.connections, interval=args.interval, retries=args.retries,
        backoff=args.backoff, max_wait=args.max_wait, max_seconds=args.max_seconds, max_bytes=args.max_bytes,
        max_pixels=args.max_pixels, allow_private=args.allow_private,
    )  # fmt: skip


def gather_settings(args: argparse.Namespace, query: str) -> GatherSettings:
    """The words of `add_web_arguments` that say what to keep."""
    return GatherSettings(args.out, query, args.count, args.label, args.retry_failed)


def crawl(
    source: str,
    search: Callable[[Fetcher], Iterator[SearchResult]],
    fetch: FetchSettings,
    settings: GatherSettings,
) -> int:
    """Run one crawl, show how it goes and what came of it; 130 when it was stopped.

    Raises:
        UserError: the search found nothing (the folder was not touched then), or it broke off.
    """
    from cyclegan_glasses.sources.fetch.client import Fetcher
    from cyclegan_glasses.sources.web import Tally, gather
    from cyclegan_glasses.sources.web_store import LOG, WebStore

    fetcher, tally = Fetcher(fetch), Tally()
    hits = search(fetcher)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        first = next(hits, None)  # a search that comes to nothing leaves no folder behind
        if first is None:
            raise UserError("the search found nothing, nothing was written: try other words or licences")
        store = WebStore(settings.out, source)
        photos = gather(chain([first], hits), fetcher, store, settings, tally)
        with closing(photos):
            for _ in progress(photos, settings.count, "photos"):
                pass
    except KeyboardInterrupt:
        print(
            f"stopped: {settings.out} keeps what came; type the same command again to go on", file=sys.stderr
        )
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    print(f"{tally.new} new photos, {tally.before} of earlier runs, {tally.duplicate} duplicates")
    if tally.failed or tally.refused:
        causes = ", ".join(f"{name} {count}" for name, count in sorted(tally.causes.items()))
        print(f"{tally.failed} failed, {tally.refused} refused ({causes}): the reasons are in {LOG}")
    if tally.have < settings.count:
        print(f"the search had no more: {tally.have} of the {settings.count} asked for")
    print(f"{tally.have} photos are in {settings.out}")
    return 0
