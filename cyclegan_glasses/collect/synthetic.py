"""A set of synthetic portraits on disk."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from cyclegan_glasses.collect.writer import Writer, begun
from cyclegan_glasses.files import inside, sha256_of
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos
from cyclegan_glasses.sources.synthetic import SyntheticSource

RECORD = "synthetic.json"


def is_complete(source: SyntheticSource, out: Path) -> bool:
    """Whether `out` holds exactly this set already, whole.

    Raises:
        UserError: it holds something else.
    """
    if not begun(out, RECORD, source.record) or not (out / MANIFEST).is_file():
        return False
    photos = latest_photos(out)
    masks = [inside(out, str(photo.facts["mask"])) for photo in photos.values() if "mask" in photo.facts]
    hashes = {out / path: photo.sha256 for path, photo in photos.items()}
    return (
        len(photos) == source.count + 2 * source.pairs
        and all(file.is_file() for file in (*masks, *hashes))
        and all(sha256_of(file) == digest for file, digest in hashes.items())
    )


def draw_set(source: SyntheticSource, out: Path, workers: int = 0) -> Generator[list[Photo], None, None]:
    """Draw a set into `out`, anew where it was cut short; yields the photos of each portrait.

    The bytes do not depend on the number of `workers`; 0 takes one for each core.

    Raises:
        UserError: `out` holds something else, is in use or cannot be written.
    """
    with folder_lock(out):
        if begun(out, RECORD, source.record):
            (out / MANIFEST).unlink(missing_ok=True)
        yield from Writer(out, RECORD, source.record, sync=False).write(source.photos(), workers)
