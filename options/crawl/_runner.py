"""What the verbs of crawl.py share: common options, and runs that show how they go and may be stopped."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.option import options_of
from cyclegan_glasses.photo import MANIFEST, Photo

if TYPE_CHECKING:
    from cyclegan_glasses.collect.writer import Writer
    from cyclegan_glasses.sources.source import Source, SourcePhoto

REASONS = 12
AGAIN = "type the same command again to go on"


def add_out(parser: argparse.ArgumentParser, help: str = "folder for photos and manifest") -> None:
    """`--out`."""
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help=help)


def add_workers(parser: argparse.ArgumentParser, flag: str = "--workers") -> None:
    """`--workers`."""
    parser.add_argument(flag, type=int, default=0, metavar="N", help="processes (0: one for each core)")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """`--cluster`, beside `--workers`."""
    help = "a Dask scheduler to work on instead; its workers see the same files under the same paths"
    parser.add_argument("--cluster", default="", metavar="tcp://HOST:PORT", help=help)


def add_source_arguments(
    parser: argparse.ArgumentParser, source: type, help: str, nargs: str | None = None
) -> None:
    """Where a source lies, with `help`; its options, and those of every run that gathers."""
    parser.add_argument("source", type=Path, nargs=nargs, help=help)
    add_options(parser, options_of(source))
    add_out(parser)
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N photos of each label")
    parser.add_argument("--dry_run", action="store_true", help="count what would be taken and write nothing")


def tally(
    photos: Iterable[list[Photo]], total: int, unit: str, out: Path, kind: Callable[[Photo], str]
) -> Counter[str]:
    """Go through the rows of `total` photos as they are written, show how it goes, and print what was kept
    and why the rest was not.

    Returns the rows that were kept by their `kind`; those of an empty kind are not counted.
    """
    kept: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    with stoppable(lambda: f"stopped: {out} keeps what was done; {AGAIN}"):
        for photo in chain.from_iterable(progress(photos, total, unit)):
            if photo.reason:
                left_out[photo.reason.split(",")[0] if photo.sha256 else photo.reason] += 1
            elif name := kind(photo):
                kept[name] += 1
    common = left_out.most_common(REASONS)
    for name, count in (*sorted(kept.items()), *common):
        echo(f"{count:7d}  {name}")
    if rest := left_out.total() - sum(count for _, count in common):
        echo(f"{rest:7d}  for other reasons, see the manifest")
    return kept


def gather(source: Source, out: Path, limit: int = 0, dry_run: bool = False) -> Counter[str]:
    """Write the photos that `out` does not have yet, and print what was done; the same call again goes on.

    Returns photos by `split label`, those that were there before included.

    Raises:
        UserError: there is not one photo; `out` was not touched then.
    """
    from cyclegan_glasses.collect.writer import Writer
    from cyclegan_glasses.sources.source import at_most

    if limit < 0:
        raise UserError(f"--limit {limit} is below zero: give a number of photos, or 0 for all")
    photos = iter(at_most(source.photos(), limit))
    first = next(photos, None)
    if first is None:
        raise UserError("no photo fits, nothing was written: widen the selection, or check the folder")
    there: Counter[str] = Counter()
    new: Counter[str] = Counter()
    unreadable = 0

    def missing(writer: Writer | None) -> Iterator[SourcePhoto]:
        for item in progress(chain([first], photos), None, "photos"):
            if writer is None or writer.done(item.photo.origin):
                there[_kind(item.photo)] += 1
            else:
                yield item

    with (
        stoppable(lambda: f"stopped: {out} keeps its {new.total()} new photos; {AGAIN}"),
        nullcontext() if dry_run else folder_lock(out),
    ):
        writer = None if dry_run else Writer(out, keep_rejected=False)
        for (photo,) in writer.write(missing(writer)) if writer else ([item.photo] for item in missing(None)):
            if photo.reason:
                unreadable += 1
                reason = photo.reason.removeprefix("unreadable: ")
                echo(f"warning: {photo.origin} is left out: {reason}", file=sys.stderr)
            else:
                new[_kind(photo)] += 1
    kinds = there + new
    total = kinds.total()
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    echo(f"{total} photos: {counts}")
    if not dry_run:
        echo(f"{new.total()} new, {there.total()} were there, {unreadable} unreadable: {out / MANIFEST}")
    return kinds


def _kind(photo: Photo) -> str:
    return " ".join(filter(None, (photo.split, photo.label))) or "without a label"
