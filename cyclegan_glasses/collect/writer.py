"""One way from a photo to a folder: the picture, its masks, its row in the manifest.

out/manifest.jsonl     a row for every photo; one without `sha256` has no file
out/rejected/          photos that were rejected after they were made, for review
out/<record>.json      the settings that the folder was begun with, where it holds one way of writing only

A kill at any point loses at most the photos in flight: a file is put in place whole before its row is
written, and the next run passes over every photo that has its rows.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cyclegan_glasses.collect.names import hashed, safe_stem
from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.files import (
    atomic_write,
    inside,
    link_or_copy,
    make_folder,
    read_json,
    sha256_of,
    write_json,
)
from cyclegan_glasses.images import UnreadablePicture, check_header
from cyclegan_glasses.parallel import InlineExecutor, in_order, open_executor
from cyclegan_glasses.photo import (
    MANIFEST,
    REJECTED,
    Photo,
    append_photos,
    current_offsets,
    photos_at,
    read_manifest,
)
from cyclegan_glasses.records import checked
from cyclegan_glasses.sources.archive import UnreadableError, read_content
from cyclegan_glasses.sources.source import RejectedPhoto, SourcePhoto
from cyclegan_glasses.temporary import sweep
from cyclegan_glasses.walk import is_hidden, place_key

_IN_FLIGHT = 64


class Writer:
    """Writes photos to a folder, in processes if need be, and goes on where an earlier run stopped.

    The caller has the folder alone (`locks.folder_lock`).
    """

    def __init__(
        self,
        out: Path,
        record: str = "",
        settings: Mapping[str, Any] | None = None,
        *,
        rows_each: int = 1,
        once: bool = True,
        keep_rejected: bool = True,
        link: bool = True,
        sync: bool = True,
    ) -> None:
        """Begin the folder `out`, or take it up: read what it has.

        Args:
            out: made where it is missing.
            record: name of the file that holds `settings`; empty: the folder holds photos of any way.
            settings: how photos are written, JSON values; must be those that `out` was begun with.
            rows_each: rows of a photo that is whole, where it is not rejected.
            once: origins name photos for good, so those that are done are passed over.
            keep_rejected: rejected photos get a row, so that they are not tried again.
            link: content that is a file is linked where the disk allows it; else it is always copied.
            sync: wait for each picture until the disk has it.

        Raises:
            UserError: `out` was begun with other settings, holds something else, or cannot be written or
                read.
        """
        if record and not begun(out, record, settings or {}):
            write_json(make_folder(out) / record, settings)
        self.out = make_folder(Path(out))
        self._once, self._keep_rejected, self._link, self._sync = once, keep_rejected, link, sync
        self._origins, self._paths = NameSet(), NameSet()
        paths: defaultdict[str, set[str]] = defaultdict(set)
        for photo in read_manifest(self.out) if (self.out / MANIFEST).exists() else ():
            self._paths.add(place_key(photo.path))
            if rows_each > 1:
                paths[photo.origin].add(photo.path)
            if photo.reason or rows_each == 1 or len(paths[photo.origin]) == rows_each:
                self._origins.add(photo.origin)

    def done(self, origin: str) -> bool:
        """Whether the photo of this origin is in the manifest, with all its rows."""
        return self._once and origin in self._origins

    def before(self) -> Iterator[list[Photo]]:
        """The rows of each photo that is done, one photo at a time, in the order of the manifest."""
        if not (self.out / MANIFEST).exists():
            return
        latest = photos_at(self.out, current_offsets(self.out))
        for origin, rows in groupby(latest, lambda photo: photo.origin):
            if self.done(origin):
                yield list(rows)

    def write(
        self, photos: Iterable[SourcePhoto], workers: int = 1, cluster: str = ""
    ) -> Generator[list[Photo], None, None]:
        """Write the photos that are not done, in their order, and yield the rows of each.

        A photo that is rejected has one row without a file, with the reason. The bytes do not depend on where
        photos are made.

        Args:
            photos: what to write; with several processes they have their widths and can be pickled.
            workers: processes; 0 takes one for each core, 1 works in this one.
            cluster: see `parallel.open_executor`; what `photos` read has absolute paths then.

        Raises:
            UserError: a file or the manifest cannot be written; as `parallel.open_executor`.
        """
        named = self._free_path if workers == 1 and not cluster else None
        out = self.out.absolute() if cluster else self.out
        put = partial(_put, out=out, link=self._link, sync=self._sync, named=named)
        left = (item for item in photos if not self.done(item.photo.origin))
        with open_executor(workers, cluster) as executor:
            # In this process a photo's row is written before the next photo is asked for.
            in_flight = 1 if isinstance(executor, InlineExecutor) else _IN_FLIGHT
            for rows in in_order(executor, partial(_write, put), left, in_flight):
                if self._keep_rejected or rows[0].sha256:
                    append_photos(self.out, rows)
                    self._origins.add(rows[0].origin)
                yield rows
        # A folder that got nothing new may hold what a killed command left half written.
        for folder in (self.out, *filter(Path.is_dir, self.out.iterdir())):
            sweep(folder)

    def _free_path(self, photo: Photo, suffix: str) -> str:
        stem = safe_stem(photo.path)
        path = stem + suffix
        if place_key(path) in self._paths:
            path = hashed(path, photo.origin, 12)
        self._paths.add(place_key(path))
        return path


def begun(out: Path, record: str, settings: Mapping[str, Any]) -> bool:
    """Whether `out` was begun with these settings, by its file `record`; false where it is new or empty.

    Raises:
        UserError: it was begun with other settings, or holds something else.
    """
    wanted = json.loads(json.dumps(settings))
    try:
        before = checked(dict[str, Any], read_json(out / record), record)
    except FileNotFoundError:
        if out.is_dir() and any(not is_hidden(path.name) for path in out.iterdir()):
            raise UserError(f"{out} holds something else already: choose a new folder for --out") from None
        return False
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot read {out / record} ({reason_of(error)}): choose a new folder for --out"
        ) from None
    if before != wanted:
        pairs = {name: (before.get(name), wanted.get(name)) for name in (*wanted, *before)}
        changed = ", ".join(f"{name} {old} → {new}" for name, (old, new) in pairs.items() if old != new)
        raise UserError(f"{out} was begun with other settings ({changed}): choose a new folder for --out")
    return True


def _write(put: Callable[[SourcePhoto], Photo], item: SourcePhoto) -> list[Photo]:
    """Make one photo, write what comes of it by `put` and return the rows.

    Whatever is wrong with a photo is its own row's reason; what cannot be written is a `UserError`.
    """
    photo, content = item.photo, item.content
    try:
        with explained(_rejected):
            made = content() if callable(content) else content
            items = [replace(item, content=made)] if isinstance(made, (bytes, Path)) else made
            return [put(item) for item in items]
    except (UnreadablePicture, UnreadableError) as error:
        reason = f"unreadable: {getattr(error, 'reason', '') or error}"
    except RejectedPhoto as error:
        reason = str(error)
    name = PurePosixPath(photo.path).name
    return [replace(photo, path=f"rejected/{name}", sha256="", verdict=REJECTED, reason=reason)]


def _rejected(error: Exception) -> RejectedPhoto:
    return RejectedPhoto(f"{'unreadable' if isinstance(error, OSError) else 'failed'}: {reason_of(error)}")


def _put(
    item: SourcePhoto, out: Path, link: bool, sync: bool, named: Callable[[Photo, str], str] | None
) -> Photo:
    """Put the files of one photo in place and return its row.

    `named` chooses its path once the suffix is known, in this process alone.
    """
    photo, content = item.photo, item.content
    assert isinstance(content, (bytes, Path))
    if not photo.width:
        suffix, width, height = check_header(read_content(content))
        path = named(photo, suffix) if named else photo.path
        photo = replace(photo, path=path, width=width, height=height)
    for fact, picture in item.beside.items():
        _save(inside(out, photo.facts[fact]), picture, sync)
    target = out / photo.path
    if isinstance(content, Path) and link:
        link_or_copy(content, target)
        return replace(photo, sha256=sha256_of(target))
    data = read_content(content)
    _save(target, data, sync)
    return replace(photo, sha256=hashlib.sha256(data).hexdigest())


def _save(path: Path, content: bytes, sync: bool) -> None:
    with atomic_write(make_folder(path.parent) / path.name, sync=sync) as file:
        file.write(content)


class NameSet:
    """Strings by hash, eight bytes each: ten million take 80 MB, and two clash once in 300,000 such sets."""

    def __init__(self) -> None:
        self._sorted = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def add(self, name: str) -> None:
        """Take `name` in."""
        self._recent.add(_hash(name))
        if len(self._recent) > max(4096, len(self._sorted) // 8):
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted, self._recent = np.union1d(self._sorted, recent), set()

    def __contains__(self, name: str) -> bool:
        key = _hash(name)
        position = int(np.searchsorted(self._sorted, np.uint64(key)))
        return key in self._recent or (position < len(self._sorted) and int(self._sorted[position]) == key)


def _hash(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
