"""Pictures decoded once and kept at the size that they are cut from, in memory or in files.

What is kept is what is done to a picture before anything random: read, turned upright, made grey or colour,
resized. So a sample from a store is bit for bit the sample without one. Pictures that cannot be read are not
kept: they are tried again each time, and reported as without a store.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from cyclegan_glasses.data.folders import MASK_NAMES, Domain, Store
from cyclegan_glasses.data.transforms import MASKS, PICTURES
from cyclegan_glasses.files import atomic_write, make_folder, read_json, real_path, write_text
from cyclegan_glasses.images import UnreadablePicture
from cyclegan_glasses.locks import LOCK, file_lock
from cyclegan_glasses.parallel import in_order, thread_executor
from cyclegan_glasses.temporary import sweep

FORMAT = 1  # of the files
SEGMENT = 256 << 20  # bytes of a file of pictures, at most
#: Shows how far work is: passes the items through; takes their number and what they are.
ShowProgress = Callable[[Iterable[Any], int, str], Iterator[Any]]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedImages:
    """What is kept of a domain's pictures: both sides resized to `side`; pairs side by side stay so.

    Grey halves beside coloured ones are kept in three equal channels.
    """

    domain: Domain
    side: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one picture: height, width, channels."""
        return self.side, self.side * len(self.domain.name), max(self.domain.channels)

    @property
    def bytes(self) -> int:
        """Of all pictures."""
        return len(self.domain) * int(np.prod(self.shape))

    def render(self, index: int) -> np.ndarray:
        """Picture `index`, read from its file, uint8 of `shape`.

        Raises:
            UnreadablePicture: see `Domain.open`.
        """
        size, resample = (self.side, self.side), MASKS if self.domain.name in MASK_NAMES else PICTURES
        pictures = [np.atleast_3d(np.asarray(p.resize(size, resample))) for p in self.domain.open(index)]
        return np.hstack([np.broadcast_to(p, (*size, self.shape[2])) for p in pictures])


def memory_store(images: CachedImages) -> Store:
    """Keeps what was read once, by this process or by one that it forks. Several threads and processes may
    read: one that comes second to a picture waits for none, and writes the same.
    """
    pictures = _shared((len(images.domain), *images.shape), np.uint8)
    there = _shared((len(images.domain),), np.bool_)

    def read(index: int) -> np.ndarray:
        if not there[index]:
            pictures[index] = images.render(index)
            there[index] = True
        return pictures[index]

    return read


def _shared(shape: tuple[int, ...], kind: type) -> np.ndarray:
    """Zeros that forked processes have in common, in memory that is taken as it is written to."""
    size = int(np.prod(shape))
    return np.frombuffer(mmap(-1, max(1, size)), kind, size).reshape(shape)


def open_disk(images: CachedImages, below: Path, threads: int, progress: ShowProgress) -> Store:
    """The store of a domain in a folder of its own below `below`; what it lacks is read first.

    Its files are mapped into memory, and the system holds of them what there is room for.
    A picture is known by its name below the domain's folder, its size in bytes and its time of change. Files
    are written whole, never changed, and named by what they hold, so that a run that reads them is not
    disturbed by another one that adds to them; two that would add at once wait for each other. A stopped run
    has lost one file of pictures at most.

    Args:
        threads: that read pictures; 0 reads in this one.

    Raises:
        UserError: no room, no right to write, or more than a tenth of the pictures cannot be read.
    """
    folder = make_folder(below / _name(images))
    stamps = [_stamp(str(images.domain.folder), name) for name in images.domain.names]
    segments, places = _find(images, folder, stamps)
    if (places[:, 0] < 0).any():
        with file_lock(folder / LOCK, _say_waiting):
            _, places = _find(images, folder, stamps)  # another run may have added them meanwhile
            _tidy(images.domain, folder)
            _add(images, folder, stamps, np.flatnonzero(places[:, 0] < 0), threads, progress)
        segments, places = _find(images, folder, stamps)

    def read(index: int) -> np.ndarray:
        segment, place = places[index]
        return images.render(index) if segment < 0 else segments[segment][place]

    return read


def _name(images: CachedImages) -> str:
    """A folder's name for all that decides what is kept of a picture."""
    domain = images.domain
    mask = domain.name in MASK_NAMES
    facts = (FORMAT, PIL.__version__, str(real_path(domain.folder)), mask, domain.channels)
    digest = hashlib.sha256(json.dumps([*facts, images.side]).encode()).hexdigest()
    return f"{domain.folder.name or 'pictures'}-{images.side}-{digest[:16]}"


Stamp = tuple[str, int, int]  # name, size in bytes, time of change in ns


def _stamp(folder: str, name: str) -> Stamp:
    try:  # a `Path` each takes longer than the disk
        status = os.stat(f"{folder}/{name}" if name else folder)  # noqa: PTH116
        return name, status.st_size, status.st_mtime_ns
    except OSError:
        return name, -1, 0  # reported when it is read


def _find(images: CachedImages, folder: Path, stamps: list[Stamp]) -> tuple[list[np.ndarray], np.ndarray]:
    """The segments of a store, uint8 (pictures, *images.shape) each, and where each picture is: int32
    (pictures of the domain, 2), the segment and the place in it; −1 for not there."""
    segments: list[np.ndarray] = []
    known: dict[Stamp, tuple[int, int]] = {}
    for path in sorted(folder.glob("*.json")):
        held = _index(path)
        try:
            pictures = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            continue  # cut off, or taken away
        if pictures.shape == (len(held), *images.shape) and pictures.dtype == np.uint8:
            known |= {stamp: (len(segments), place) for place, stamp in enumerate(held)}
            segments.append(pictures.view(np.ndarray))
    return segments, np.array([known.get(stamp, (-1, -1)) for stamp in stamps], np.int32).reshape(-1, 2)


def _index(path: Path) -> list[Stamp]:
    """The pictures of a segment; none where its index cannot be read."""
    try:
        return [(str(name), int(size), int(time)) for name, size, time in read_json(path, 256 << 20)]
    except (OSError, ValueError, TypeError):
        return []


def _add(
    images: CachedImages,
    folder: Path,
    stamps: list[Stamp],
    missing: np.ndarray,
    threads: int,
    progress: ShowProgress,
) -> None:
    """Read the pictures `missing` and write them as new segments."""
    room = max(1, SEGMENT // int(np.prod(images.shape)))
    bad: dict[str, str] = {}
    buffer = np.empty((min(room, len(missing)), *images.shape), np.uint8)
    held: list[Stamp] = []
    # Threads suffice: Pillow decodes and resizes without holding the others up.
    with thread_executor(threads) as executor:
        done = in_order(executor, lambda index: _try(images, index), missing.tolist(), 16 + 4 * threads)
        label = f"pictures of {images.domain.folder} read into the cache"
        for index, picture in zip(missing, progress(done, len(missing), label), strict=True):
            if isinstance(picture, UnreadablePicture):
                bad[picture.path] = picture.reason
                continue
            buffer[len(held)] = picture
            held.append(stamps[index])
            if len(held) == len(buffer):
                _write(folder, buffer, held)
                held = []
    if held:
        _write(folder, buffer[: len(held)], held)
    images.domain.tolerate(bad, len(images.domain))


def _try(images: CachedImages, index: int) -> np.ndarray | UnreadablePicture:
    try:
        return images.render(index)
    except UnreadablePicture as error:
        return error


def _write(folder: Path, pictures: np.ndarray, held: list[Stamp]) -> None:
    """One more segment; it counts from the moment that its index is there."""
    index = json.dumps(held, separators=(",", ":"))
    name = hashlib.sha256(index.encode()).hexdigest()[:32]
    with atomic_write(folder / f"{name}.npy") as file:
        np.save(file, pictures, allow_pickle=False)
    write_text(folder / f"{name}.json", index)


def _tidy(domain: Domain, folder: Path) -> None:
    """Remove what is of no more use: segments of changed pictures, and what a kill left behind."""
    sweep(folder)
    for path in folder.glob("*.json"):
        if not any(_stamp(str(domain.folder), stamp[0]) == stamp for stamp in _index(path)):
            path.unlink(missing_ok=True)
    indexed = {path.stem for path in folder.glob("*.json")}
    for path in folder.glob("*.npy"):
        if path.stem not in indexed:
            try:
                path.unlink(missing_ok=True)
            except OSError:  # Windows: a run still reads it
                log.debug("%s is still in use", path)


def _say_waiting() -> float:
    log.warning("waiting for another run that reads the same pictures into the cache")
    return -1
