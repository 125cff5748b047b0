"""What the verbs share that fetch photos: their common words, and the run with progress and summary."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import MANIFEST, Photo

if TYPE_CHECKING:
    from cyclegan_glasses.sources.source_photo import SourcePhoto


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """`--out`, `--limit` and `--dry_run`."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="OUT", help="folder for photos and manifest"
    )
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N photos of each label")
    parser.add_argument("--dry_run", action="store_true", help="count what would be taken and write nothing")


def gather(found: Iterable[SourcePhoto], out: Path, limit: int = 0, dry_run: bool = False) -> Counter[str]:
    """Write the photos that `out` does not have yet, and say what was done; the same call again goes on.

    Returns photos by `split label`, those that were there before included.

    Raises:
        UserError: there is not one photo; `out` was not touched then.
    """
    from cyclegan_glasses.sources.archive import UnreadableError
    from cyclegan_glasses.sources.source_photo import at_most
    from cyclegan_glasses.sources.store import PhotoStore

    if limit < 0:
        raise UserError(f"--limit {limit} is below zero: give a number of photos, or 0 for all")
    photos = iter(at_most(found, limit))
    first = next(photos, None)
    if first is None:
        raise UserError("no photo fits, nothing was written: widen the selection, or check the folder")
    store = None if dry_run else PhotoStore(out)
    kinds: Counter[str] = Counter()
    new = unreadable = 0
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for item in progress(chain([first], photos), None, "photos"):
            if store and not store.done(item.photo.origin):
                try:
                    store.add(item.photo, item.content)
                except UnreadableError as error:
                    unreadable += 1
                    print(f"warning: {error}", file=sys.stderr)
                    continue
                new += 1
            kinds[_kind(item.photo)] += 1
    except KeyboardInterrupt:
        print(f"{out} keeps its {new} new photos: type the same command again to go on", file=sys.stderr)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    total = sum(kinds.values())
    print(f"{total} photos: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    if store:
        print(f"{new} new, {total - new} were there, {unreadable} unreadable: {out / MANIFEST}")
    return kinds


def _kind(photo: Photo) -> str:
    return " ".join(filter(None, (photo.split, photo.label))) or "without a label"
