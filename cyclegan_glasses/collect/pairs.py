"""Pairs from bare faces: the face with drawn glasses, the face, and the exact mask of what was drawn.

out/trainA/x.png    with glasses (also testA by split)
out/trainB/x.png    without
out/trainM/x.png    the mask: above zero exactly where the two differ
out/manifest.jsonl  a row for A, with the frame, the pose and the name of the mask, and a row for B
out/overlay.json    the settings that the folder was made with
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from cyclegan_glasses.collect.settings import OverlaySettings
from cyclegan_glasses.collect.writing import begin, file_names, split_of
from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align, yaw_of
from cyclegan_glasses.faces.detect import Face, process_detector
from cyclegan_glasses.files import atomic_write, make_folder, sha256_of
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.overlays.custom_frames import CustomFrame, load_frames
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import random_frame
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.parallel import in_order, open_executor
from cyclegan_glasses.photo import MANIFEST, REJECTED, Photo, append_photos, latest_photos
from cyclegan_glasses.sources.folder import folder_photos
from cyclegan_glasses.sources.settings import FolderSettings

SETTINGS = "overlay.json"


def bare_faces(folder: Path, out: Path) -> list[Photo]:
    """The photos that glasses can be drawn on: by the manifest of `folder`, or every picture below it.

    Of a manifest those labelled `none`, or not at all, that are not rejected. `out` is passed over.

    Raises:
        UserError: there are none.
    """
    if not (folder / MANIFEST).is_file():
        return folder_photos(FolderSettings(folder), leave_out=out)
    photos = [
        photo
        for photo in latest_photos(folder).values()
        if photo.sha256 and photo.verdict != REJECTED and photo.label in (NONE, "")
    ]
    if not photos:
        raise UserError(f"{folder / MANIFEST} has no bare faces: none is labelled {NONE!r}")
    return photos


def draw_pairs(
    photos: Sequence[Photo],
    folder: Path,
    out: Path,
    settings: OverlaySettings,
    frames: Path | None = None,
    yunet: Path | None = None,
    workers: int = 0,
) -> Generator[list[Photo], None, None]:
    """Write the pairs of `photos`, whose paths are below `folder`, into `out`; yield the rows of each photo.

    Photos that the manifest of `out` knows are not done again. Landmarks in a photo's facts (from `crawl.py
    folder --align`) are used where they are; else the face is looked for. A picture that cannot be read or
    holds no face is one row with a reason.

    Args:
        frames: folder of own frames (`overlays.own`) to draw instead of the built-in ones.
        yunet: file of the face detector, None for the Haar cascades.
        workers: processes; 0 takes one for each core. The bytes do not depend on it.

    Raises:
        UserError: `out` was begun with other settings or cannot be written; a frame cannot be used.
    """
    own = {f.name: sha256_of(frames / f.name) for f in _custom_frames(frames)} if frames else {}
    done: dict[str, list[Photo]] = {}
    for row in begin(out, SETTINGS, dataclasses.asdict(settings) | {"frames": own}):
        done.setdefault(row.origin, []).append(row)
    whole = {origin for origin, rows in done.items() if rows[0].reason or len(rows) == 2 * settings.each}
    names = file_names([photo.origin for photo in photos], ".png")
    jobs = [
        _Job(photo, folder / photo.path, out, names[photo.origin], settings, frames, yunet)
        for photo in photos
        if photo.origin not in whole
    ]
    yield from (rows for origin, rows in done.items() if origin in whole)
    with open_executor(workers) as executor:
        for rows in in_order(executor, _draw, jobs):
            append_photos(out, rows)
            yield rows


@dataclass(frozen=True, slots=True)
class _Job:
    photo: Photo
    file: Path
    out: Path
    name: str
    settings: OverlaySettings
    frames: Path | None
    yunet: Path | None


def _draw(job: _Job) -> list[Photo]:
    """Draw the pairs of one photo and return their rows."""
    try:
        image = np.asarray(open_picture(job.file))
        image, points = _face_in(image, job)
    except UnreadablePicture as error:
        return [_rejected(job, f"unreadable: {error.reason}")]
    except UserError as error:
        return [_rejected(job, str(error))]
    split = split_of(job.photo, job.settings.seed, job.settings.shares)
    stem = PurePosixPath(job.name).stem
    names = [job.name] + [f"{stem}_{number}.png" for number in range(2, job.settings.each + 1)]
    return [row for k, name in enumerate(names) for row in _draw_pair(job, image, points, split, name, k)]


def _face_in(image: np.ndarray, job: _Job) -> tuple[np.ndarray, np.ndarray]:
    """The picture, cropped where that was asked for, and the five landmarks in it.

    Raises:
        UserError: why there is no face that glasses fit.
    """
    known = _landmarks_of(job.photo, image.shape)
    if known is not None and job.settings.align in (0, *set(image.shape[:2])):
        found = Face((0.0, 0.0, 1.0, 1.0), 1.0, known, True)
    else:
        faces = process_detector(job.yunet).find_faces(image)
        if not faces or not faces[0].eyes_found:
            raise UserError("no face found" if not faces else "no eyes found")
        found = faces[0]
        if job.settings.align:
            image, alignment = align(image, found, job.settings.align)
            found = dataclasses.replace(found, landmarks=alignment.to_crop(found.landmarks))
    angle = yaw_of(found)
    if angle is not None and abs(angle) > job.settings.max_turn:
        raise UserError(f"side view, turned {abs(angle):.0f} degrees")
    return image, found.landmarks


def _landmarks_of(photo: Photo, shape: tuple[int, ...]) -> np.ndarray | None:
    """What the manifest knows of the face, float64 (5, 2), if it is of this very picture."""
    face = photo.facts.get("face")
    points = face.get("landmarks") if isinstance(face, dict) else None
    if not isinstance(points, list) or len(points) != 5 or (photo.height, photo.width) != shape[:2]:
        return None
    try:
        found = np.array([(np.nan, np.nan) if point is None else point for point in points], float)
    except (TypeError, ValueError):
        return None
    usable = found.shape == (5, 2) and np.isfinite(found[:2]).all() and np.hypot(*(found[1] - found[0])) > 1
    return found if usable else None


def _draw_pair(
    job: _Job, image: np.ndarray, points: np.ndarray, split: str, name: str, number: int
) -> list[Photo]:
    origin = int.from_bytes(hashlib.sha256(job.photo.origin.encode("utf-8")).digest()[:8], "big")
    rng = np.random.default_rng([job.settings.seed, origin, number])
    dark = bool(rng.random() < job.settings.sunglasses)
    own = _custom_frames(job.frames) if job.frames else []
    frame = own[int(rng.integers(len(own)))] if own else random_frame(rng, sunglasses=dark)
    pose = fit_pose(points)
    scene = read_scene(image, pose, seed=int(rng.integers(2**31)))
    drawn, mask = draw_glasses(image, frame, pose, scene.light, None, scene.cover, scene.skin, scene.camera)
    facts: dict[str, Any] = {
        "frame": {"file": frame.name, "width": frame.width}
        if isinstance(frame, CustomFrame)
        else dataclasses.asdict(frame),
        "mask": f"{split}M/{name}",
        "pose": [round(float(value), 4) for value in pose.rotation.ravel()],
        "light": dataclasses.asdict(scene.light),
        "camera": dataclasses.asdict(scene.camera),
    }
    _save(job.out / f"{split}M" / name, mask)
    label = SUNGLASSES if dark and not own else GLASSES
    return [
        _row(job, f"{split}A/{name}", drawn, split, label, facts),
        _row(job, f"{split}B/{name}", image, split, NONE, {}),
    ]


def _row(job: _Job, path: str, image: np.ndarray, split: str, label: str, facts: dict[str, Any]) -> Photo:
    return dataclasses.replace(
        job.photo,
        path=path,
        label=label,
        split=split,
        sha256=_save(job.out / path, image),
        width=image.shape[1],
        height=image.shape[0],
        facts=facts,
        scores={},
        verdict="",
        reason="",
    )


def _rejected(job: _Job, reason: str) -> Photo:
    return dataclasses.replace(
        job.photo, path=f"rejected/{job.name}", sha256="", verdict=REJECTED, reason=f"overlay: {reason}"
    )


def _save(path: Path, image: np.ndarray) -> str:
    """Write a PNG and return the SHA-256 of its bytes."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG", compress_level=3)
    with atomic_write(make_folder(path.parent) / path.name, sync=False) as file:
        file.write(content.getvalue())
    return hashlib.sha256(content.getvalue()).hexdigest()


@lru_cache(maxsize=2)
def _custom_frames(folder: Path) -> list[CustomFrame]:
    """The custom frames of `folder`, read once a process."""
    return load_frames(folder)
