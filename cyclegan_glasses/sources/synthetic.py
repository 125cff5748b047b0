"""A set of synthetic portraits on disk: two domains of different people, and exact pairs to test on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import make_folder, sha256_of, write_json
from cyclegan_glasses.machine import cores
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos, write_manifest
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import Portrait, frame_of, random_portrait
from cyclegan_glasses.sources.settings import SyntheticSettings

RECORD = "synthetic.json"
DRAWING = 1
"""Version of the drawing: raise it when the same parameters give another picture."""
LIMIT = 1_000_000
FIRST = {"trainA": 0, "trainB": LIMIT, "test": 2 * LIMIT}
"""Number of the first portrait of each part: more of one part never changes another."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One portrait to draw for a part of the set."""

    part: str
    number: int


def jobs_of(settings: SyntheticSettings) -> list[Job]:
    """Every portrait of a set, in the order of its manifest."""
    counts = {"trainA": (settings.count + 1) // 2, "trainB": settings.count // 2, "test": settings.pairs}
    return [Job(part, FIRST[part] + k) for part, count in counts.items() for k in range(count)]


def is_complete(settings: SyntheticSettings, out: Path) -> bool:
    """Whether `out` holds exactly this set already, whole.

    Raises:
        UserError: it holds something else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    record = _record(settings)
    try:
        found = json.loads((out / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(f"{out} holds something else: give --out a new folder") from None
    if found != record:
        raise UserError(f"{out} holds another set, {_words(found)}: give --out a new folder")
    if not (out / MANIFEST).is_file():
        return False
    photos = latest_photos(out)
    masks = [out / str(photo.facts["mask"]) for photo in photos.values() if "mask" in photo.facts]
    return all(path.is_file() for path in masks) and all(
        (out / path).is_file() and sha256_of(out / path) == photo.sha256 for path, photo in photos.items()
    )


def draw_set(settings: SyntheticSettings, out: Path, workers: int = 0) -> Iterator[list[Photo]]:
    """Draw a set into `out`; yields the photos of each portrait, then writes the manifest.

    Args:
        workers: processes; 0 takes one for each core. The bytes do not depend on it.

    Raises:
        UserError: `out` holds something else or cannot be written.
    """
    is_complete(settings, out)
    folders = ["trainA", "trainB", "trainM"] + (["testA", "testB", "testM"] if settings.pairs else [])
    for folder in folders:
        make_folder(out / folder)
    write_json(out / RECORD, _record(settings))
    draw = partial(_write, settings.seed, settings.size, out)
    rows: list[Photo] = []
    for photos in _run(draw, jobs_of(settings), workers or cores()):
        rows += photos
        yield photos
    write_manifest(out, rows)


def _run(draw: Callable[[Job], list[Photo]], jobs: list[Job], workers: int) -> Iterable[list[Photo]]:
    """Results in the order of the jobs."""
    if workers == 1:
        yield from map(draw, jobs)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=cv2.setNumThreads, initargs=(1,))
    try:
        yield from pool.map(draw, jobs, chunksize=8)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _write(seed: int, size: int, out: Path, job: Job) -> list[Photo]:
    """Draw one portrait and write its files."""
    portrait = random_portrait(seed, job.number)
    drawing = draw_portrait(portrait, size)
    split = "test" if job.part == "test" else "train"
    name = f"{job.number:07d}.png"
    photos = []
    if job.part != "trainB":
        frame = frame_of(seed, job.number)
        image, mask = drawing.with_glasses(frame)
        _save(out / f"{split}M" / name, mask)
        worn: dict[str, Any] = {"frame": dataclasses.asdict(frame), "mask": f"{split}M/{name}"}
        photos.append(_photo(out, f"{split}A/{name}", image, GLASSES, portrait, worn))
    if job.part != "trainA":
        photos.append(_photo(out, f"{split}B/{name}", drawing.image, NONE, portrait, {}))
    return photos


def _photo(
    out: Path, path: str, image: np.ndarray, label: str, portrait: Portrait, more: dict[str, Any]
) -> Photo:
    digest = _save(out / path, image)
    decade = portrait.age // 10 * 10
    return Photo(
        path=path,
        source="synthetic",
        origin=f"seed {portrait.seed}, portrait {portrait.number}",
        label=label,
        person=f"synthetic-{portrait.seed}-{portrait.number}",
        split="test" if path.startswith("test") else "train",
        sha256=digest,
        width=image.shape[1],
        height=image.shape[0],
        group={
            "tone": f"monk-{portrait.tone:02d}",
            "age": f"{decade}-{decade + 9}",
            "gender": "feminine" if portrait.feminine > 0.5 else "masculine",
        },
        facts={**dataclasses.asdict(portrait), **more},
    )


def _save(path: Path, image: np.ndarray) -> str:
    """Write a PNG and return the SHA-256 of its bytes."""
    data = cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    return hashlib.sha256(data).hexdigest()


def _record(settings: SyntheticSettings) -> dict[str, int]:
    return {
        "count": settings.count,
        "size": settings.size,
        "seed": settings.seed,
        "test": settings.pairs,
        "drawing": DRAWING,
    }


def _words(record: object) -> str:
    if not isinstance(record, dict):
        return "unreadable"
    return " ".join(f"{name} {record.get(name)}" for name in ("count", "size", "seed", "test", "drawing"))
