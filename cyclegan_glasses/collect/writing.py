"""From photos to a folder with a manifest: aligned or as they are, in domains or in one pile.

out/photos/            without domains
out/trainA/ trainB/    with domains: glasses and none, by split (also testA, testB, valA, valB)
out/other/             with domains: photos of any other label
out/rejected/          side views, for review
out/manifest.jsonl     a row for every photo, in the order given; one without `sha256` has no file
out/collect.json       the settings that the folder was made with
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import math
import re
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cyclegan_glasses.domains import DOMAINS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import atomic_write, link_or_copy, make_folder, sha256_of, write_json
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.parallel import in_order, open_executor
from cyclegan_glasses.photo import MANIFEST, REJECTED, Photo, append_photos, latest_photos
from cyclegan_glasses.walk import place_key

SETTINGS = "collect.json"


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """How photos are written. All of it is kept in `collect.json`: a folder holds one way only.

    Attributes:
        align: side of the aligned crop of the largest face, in pixels; 0 leaves pictures as they are.
        max_turn: with `align`, faces turned further to the side, in degrees, are rejected.
        image_format: of aligned crops, `png` or `jpg` (quality 95).
        domains: write `trainA`, `trainB`, … by label and split.
        shares: pairs of a split's name and its share; the rest is `train`.
        seed: of the split.
    """

    align: int = 0
    max_turn: float = 25.0
    image_format: str = "png"
    domains: bool = False
    shares: tuple[tuple[str, float], ...] = (("test", 0.1),)
    seed: int = 0


def split_of(photo: Photo, seed: int, shares: Iterable[tuple[str, float]]) -> str:
    """The side that a photo falls on: its own split where the source gives one, else by a hash.

    SHA-256 of seed, source and person (the origin where the person is not known), so all photos of a person
    stay together, and adding photos moves none.
    """
    if photo.split:
        return photo.split
    key = f"{seed}\0{photo.source}\0{photo.person or photo.origin}"
    position = int.from_bytes(hashlib.sha256(key.encode("utf-8")).digest()[:8], "big") / 2**64
    for name, share in shares:
        if position < share:
            return name
        position -= share
    return "train"


def domain_of(photo: Photo) -> str:
    """The folder of a photo with a split: `trainA`, `testB`, …; `other` for a label of neither domain."""
    letter = DOMAINS.get(photo.label)
    return f"{photo.split}{letter}" if letter else "other"


def collect(
    photos: Sequence[Photo],
    folder: Path,
    out: Path,
    settings: CollectSettings,
    yunet: Path | None = None,
    workers: int = 0,
) -> Generator[Photo, None, None]:
    """Write `photos`, whose paths are below `folder`, and their manifest into `out`; yield every row.

    Photos whose origin the manifest of `out` has already are not done again: a run that was stopped goes on,
    its rows come first. A picture that cannot be read or holds no face is a row with a reason.

    Args:
        photos: what to write, in this order.
        folder: that their paths are below.
        out: made if need be.
        settings: how; must be those that `out` was begun with.
        yunet: file of the face detector, None for the Haar cascades; used by `align` alone.
        workers: processes; 0 takes one for each core.

    Raises:
        UserError: `out` was begun with other settings, or cannot be written.
    """
    done = {photo.origin: photo for photo in begin(out, SETTINGS, dataclasses.asdict(settings))}
    names = file_names(
        [photo.origin for photo in photos], f".{settings.image_format}" if settings.align else ""
    )
    jobs = [
        _Job(photo, folder / photo.path, out, names[photo.origin], settings, yunet)
        for photo in photos
        if photo.origin not in done
    ]
    yield from done.values()
    with open_executor(workers) as executor:
        for photo in in_order(executor, _write, jobs):
            append_photos(out, [photo])
            yield photo


def file_names(origins: Sequence[str], suffix: str = "") -> dict[str, str]:
    """A flat file name for each origin: folders become underscores; names wanted twice get a hash of theirs.

    What is no letter, digit, dot, underscore or hyphen becomes a hyphen: a shell takes it as one word.
    `suffix` replaces the file's own unless it is empty.
    """

    def plain(origin: str) -> str:
        path = PurePosixPath(origin)
        flat = "_".join((*path.parts[:-1], path.stem)).strip("/_")
        return re.sub(r"[^\w.-]+", "-", flat) + (suffix or path.suffix.lower())

    wanted = Counter(place_key(plain(origin)) for origin in origins)
    names = {}
    for origin in origins:
        name = plain(origin)
        if wanted[place_key(name)] > 1:
            path = PurePosixPath(name)
            name = f"{path.stem}-{hashlib.sha256(origin.encode('utf-8')).hexdigest()[:8]}{path.suffix}"
        names[origin] = name
    return names


@dataclass(frozen=True, slots=True)
class _Job:
    photo: Photo
    file: Path
    out: Path
    name: str
    settings: CollectSettings
    yunet: Path | None


def begin(out: Path, record: str, settings: Mapping[str, Any]) -> list[Photo]:
    """Check or write the settings of `out`, in its file `record`, and return the rows that count there.

    Raises:
        UserError: `out` was begun with other settings, holds something else, or cannot be written.
    """
    wanted = json.loads(json.dumps(settings))
    try:
        before = json.loads((out / record).read_text("utf-8"))
    except FileNotFoundError:
        if out.is_dir() and any(out.iterdir()):
            raise UserError(f"{out} holds something else already: choose a new folder for --out") from None
        write_json(make_folder(out) / record, wanted)
        return []
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {out / record} ({error}): choose a new folder for --out") from None
    if before != wanted:
        changed = ", ".join(f"{k} {before.get(k)} → {v}" for k, v in wanted.items() if before.get(k) != v)
        raise UserError(f"{out} was begun with other settings ({changed}): choose a new folder for --out")
    return list(latest_photos(out).values()) if (out / MANIFEST).exists() else []


def _write(job: _Job) -> Photo:
    """Write one photo, aligned or as it is, and return its row."""
    settings, photo = job.settings, job.photo
    if settings.domains:
        photo = dataclasses.replace(photo, split=split_of(photo, settings.seed, settings.shares))
    try:
        image = open_picture(job.file)
    except UnreadablePicture as error:
        return _rejected(photo, job, f"unreadable: {error.reason}")
    if not settings.align:
        photo = dataclasses.replace(photo, path=_place(photo, job), width=image.width, height=image.height)
        link_or_copy(job.file, job.out / photo.path)
        return dataclasses.replace(photo, sha256=sha256_of(job.out / photo.path))
    return _write_aligned(photo, job, image)


def _write_aligned(photo: Photo, job: _Job, image: Any) -> Photo:
    import numpy as np
    from PIL import Image

    from cyclegan_glasses.faces.align import align, yaw_of
    from cyclegan_glasses.faces.detect import process_detector

    pixels = np.asarray(image)
    detector = process_detector(job.yunet)
    faces = detector.find_faces(pixels)
    if not faces:
        return _rejected(photo, job, "align: no face found")
    face = faces[0]
    if not face.eyes_found:
        return _rejected(photo, job, "align: no eyes found")
    try:
        crop, alignment = align(pixels, face, job.settings.align)
    except UserError as error:
        return _rejected(photo, job, f"align: {error}")
    angle = yaw_of(face)
    found = {
        "detector": detector.name,
        "faces": len(faces),
        "score": round(face.score, 3),
        "turn": None if angle is None else round(angle, 1),
        "landmarks": [
            [round(value, 2) for value in point] if math.isfinite(point[0]) else None
            for point in alignment.to_crop(face.landmarks).tolist()
        ],
        "matrix": [[round(value, 6) for value in row] for row in alignment.matrix],
        "outside": round(alignment.outside, 3),
    }
    photo = dataclasses.replace(
        photo, facts={**photo.facts, "face": found}, width=crop.shape[1], height=crop.shape[0]
    )
    if angle is not None and abs(angle) > job.settings.max_turn:
        photo = _rejected(photo, job, f"align: side view, turned {abs(angle):.0f} degrees")
    else:
        photo = dataclasses.replace(photo, path=_place(photo, job))
    content = io.BytesIO()
    if job.settings.image_format == "jpg":
        Image.fromarray(crop).save(content, "JPEG", quality=95, subsampling=0)
    else:
        Image.fromarray(crop).save(content, "PNG")
    with atomic_write(make_folder((job.out / photo.path).parent) / job.name) as file:
        file.write(content.getvalue())
    return dataclasses.replace(photo, sha256=hashlib.sha256(content.getvalue()).hexdigest())


def _place(photo: Photo, job: _Job) -> str:
    return f"{domain_of(photo) if job.settings.domains else 'photos'}/{job.name}"


def _rejected(photo: Photo, job: _Job, reason: str) -> Photo:
    return dataclasses.replace(photo, path=f"rejected/{job.name}", verdict=REJECTED, reason=reason)
