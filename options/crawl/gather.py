"""What the verbs share that fetch photos: their common words, and the run with progress and summary."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.archive import UnreadableError
from cyclegan_glasses.sources.found import Found, at_most


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """`--out`, `--limit` and `--dry-run`."""
    parser.add_argument("--out", type=Path, required=True, help="folder for photos/ and manifest.jsonl")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N photos of each label")
    parser.add_argument("--dry-run", action="store_true", help="count what would be taken and write nothing")


def gather(found: Iterable[Found], out: Path, limit: int = 0, dry_run: bool = False) -> Counter[str]:
    """Write the photos that `out` does not have yet, and say what was done; the same call again goes on.

    Returns photos by `split label`, those that were there before included.

    Raises:
        UserError: there is not one photo; `out` was not touched then.
    """
    from tqdm import tqdm

    from cyclegan_glasses.sources.store import PhotoStore

    if limit < 0:
        raise UserError(f"--limit {limit} is below zero: give a number of photos, or 0 for all")
    photos = iter(at_most(found, limit))
    first = next(photos, None)
    if first is None:
        raise UserError("no photo fits: nothing was written; widen the selection, or check the folder")
    store = None if dry_run else PhotoStore(out)
    kinds: Counter[str] = Counter()
    written = unreadable = 0
    try:
        with tqdm(chain([first], photos), unit=" photos", disable=None, mininterval=0.5) as bar:
            for item in bar:
                if store and not store.done(item.photo.origin):
                    try:
                        store.add(item.photo, item.content)
                        written += 1
                    except UnreadableError as error:
                        unreadable += 1
                        tqdm.write(f"warning: {error}", file=sys.stderr)
                        continue
                kinds[_kind(item.photo)] += 1
    except KeyboardInterrupt:
        print(
            f"stopped after {written} new photos in {out}: the same command goes on from there",
            file=sys.stderr,
        )
        raise
    total = sum(kinds.values())
    print(f"{total} photos: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    if store:
        print(
            f"{written} new, {total - written} were there, {unreadable} unreadable: {out / 'manifest.jsonl'}"
        )
    return kinds


def _kind(photo: Photo) -> str:
    return " ".join(filter(None, (photo.split, photo.label))) or "without a label"
