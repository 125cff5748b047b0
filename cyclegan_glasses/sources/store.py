"""Photos written down one by one: the picture file, then its row in the manifest.

A kill at any point loses at most the photo at hand: the file is put in place whole before its row is
written, and the next run passes over every origin that has a row.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from cyclegan_glasses.files import atomic_write, link_or_copy, make_folder
from cyclegan_glasses.images import EXTENSIONS, UnreadablePicture, check_header
from cyclegan_glasses.photo import MANIFEST, Photo, append_photos, read_manifest
from cyclegan_glasses.sources.archive import UnreadableError
from cyclegan_glasses.sources.source_photo import read_content
from cyclegan_glasses.walk import place_key


class PhotoStore:
    """The folder that a crawl writes to: `photos/…` and `manifest.jsonl`.

    One crawl at a time has the folder; its threads may share the store.
    """

    def __init__(self, out: Path) -> None:
        """Open `out`, made where it is missing, and learn what it has.

        Raises:
            UserError: it cannot be written, or its manifest cannot be read.
        """
        self.out = make_folder(Path(out))
        self._lock = threading.Lock()
        self._origins, self._paths = _NameSet(), _NameSet()
        if (self.out / MANIFEST).exists():
            for photo in read_manifest(self.out):
                self._origins.add(photo.origin)
                self._paths.add(place_key(photo.path))
        for leftover in self.out.rglob(".*.tmp"):
            leftover.unlink(missing_ok=True)

    def done(self, origin: str) -> bool:
        """Whether the photo of this origin is in the manifest."""
        return origin in self._origins

    def add(self, photo: Photo, content: bytes | Path | Callable[[], bytes]) -> Photo:
        """Write one photo and return its row. A file is linked where the disk allows it, else copied.

        `path` gets the suffix of what the bytes are, and the origin's hash when another photo has it already.

        Raises:
            UnreadableError: not a picture, of a format outside `pictures.FORMATS`, or too large.
            UserError: it cannot be written.
        """
        data = content if isinstance(content, bytes) else read_content(content)
        try:
            suffix, width, height = check_header(data)
        except UnreadablePicture as error:
            raise UnreadableError(f"{photo.origin} is left out: {error.reason}") from None
        with self._lock:
            path = self._free_path(photo, suffix)
        target = self.out / path
        if isinstance(content, Path):
            link_or_copy(content, target)
        else:
            with atomic_write(make_folder(target.parent) / target.name) as file:
                file.write(data)
        row = replace(photo, path=path, sha256=hashlib.sha256(data).hexdigest(), width=width, height=height)
        with self._lock:
            append_photos(self.out, [row])
            self._origins.add(photo.origin)
        return row

    def _free_path(self, photo: Photo, suffix: str) -> str:
        parts = [re.sub(r"[^\w.+-]", "_", part).lstrip(".")[:50] for part in photo.path.split("/")]
        stem = _without_picture_suffix("/".join(part for part in parts if part)) or "photo"
        path = stem + suffix
        if place_key(path) in self._paths:
            path = f"{stem}-{hashlib.sha256(photo.origin.encode()).hexdigest()[:12]}{suffix}"
        self._paths.add(place_key(path))
        return path


def _without_picture_suffix(path: str) -> str:
    stem, suffix = os.path.splitext(path)  # noqa: PTH122
    return stem if suffix.lower() in EXTENSIONS else path


class _NameSet:
    """Strings by hash, eight bytes each: ten million take 80 MB, and two clash once in 300,000 such sets."""

    def __init__(self) -> None:
        self._sorted = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def add(self, name: str) -> None:
        self._recent.add(_hash(name))
        if len(self._recent) > max(4096, len(self._sorted) // 8):
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted, self._recent = np.union1d(self._sorted, recent), set()

    def __contains__(self, name: str) -> bool:
        key = _hash(name)
        position = int(np.searchsorted(self._sorted, np.uint64(key)))
        return key in self._recent or (position < len(self._sorted) and int(self._sorted[position]) == key)


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
