"""From a pile of pictures to a folder: aligned or as they are, in domains or in one pile.

out/photos/            without domains
out/trainA/ trainB/    with domains: glasses and none, by split (also testA, testB, valA, valB)
out/other/             with domains: photos of any other label
out/rejected/          side views, for review
out/manifest.jsonl     a row for every photo, in the order given; one without `sha256` has no file
out/collect.json       the settings that the folder was made with
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from cyclegan_glasses.collect.names import file_names
from cyclegan_glasses.collect.pictures import aligned, checked
from cyclegan_glasses.collect.settings import CollectSettings
from cyclegan_glasses.collect.splits import split_of
from cyclegan_glasses.collect.writer import Writer
from cyclegan_glasses.domains import DOMAINS
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.source import SourcePhoto

RECORD = "collect.json"


def domain_of(photo: Photo) -> str:
    """The folder of a photo with a split: `trainA`, `testB`, …; `other` for a label of neither domain."""
    letter = DOMAINS.get(photo.label)
    return f"{photo.split}{letter}" if letter else "other"


def collect(
    photos: Iterable[SourcePhoto],
    out: Path,
    settings: CollectSettings,
    yunet: Path | None = None,
    workers: int = 0,
) -> Generator[list[Photo], None, None]:
    """Write `photos`, which are files, and their manifest into `out`; yield the row of every one.

    Photos whose origin the manifest of `out` has already are not done again: a run that was stopped goes on,
    its rows come first. A picture that cannot be read or holds no face is a row with a reason.

    Args:
        yunet: file of that face detector, None for the one that ships; used by `align` alone.
        workers: processes; 0 takes one for each core.

    Raises:
        UserError: `out` was begun with other settings, is in use, or cannot be written.
    """
    with folder_lock(out):
        writer = Writer(out, RECORD, asdict(settings))
        yield from writer.before()
        yield from writer.write(_placed(list(photos), settings, yunet), workers)


def _placed(
    photos: list[SourcePhoto], settings: CollectSettings, yunet: Path | None
) -> Iterator[SourcePhoto]:
    """Each photo with its split, its path below the folder, and what is to be made of it."""
    suffix = f".{settings.image_format}" if settings.align else ""
    names = file_names([item.photo.origin for item in photos], suffix)
    for photo, file in ((item.photo, item.content) for item in photos):
        assert isinstance(file, Path)
        folder = "photos"
        if settings.domains:
            photo = replace(photo, split=split_of(photo, settings.seed, settings.shares))
            folder = domain_of(photo)
        photo = replace(photo, path=f"{folder}/{names[photo.origin]}")
        make = partial(checked, photo, file)
        if settings.align:
            make = partial(
                aligned, photo, file, settings.align, settings.image_format, settings.max_turn, yunet
            )
        yield SourcePhoto(photo, make)
