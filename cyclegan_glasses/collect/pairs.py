"""Pairs from bare faces: the face with drawn glasses, the face, and masks of what was drawn.

out/trainA/x.png    with glasses (also testA by split)
out/trainB/x.png    without
out/trainM/x.png    the mask: above zero exactly where the two differ
out/trainL/x.png    the layers of the drawing: four grey pictures side by side, each as wide as the face
out/manifest.jsonl  a row for A, with the frame, the pose and the names of mask and layers, and a row for B
out/overlay.json    the settings that the folder was made with

The layers say how much of a pixel, 0 to 255, is taken by the frame with its temples; by a lens; by shadow, as
light that it takes away; by what lenses and rims mirror (`overlays.canvas.Drawn`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses.collect.names import file_names
from cyclegan_glasses.collect.pair import generator_of, make_pair, pair_names
from cyclegan_glasses.collect.pictures import check_yaw, find_faces
from cyclegan_glasses.collect.settings import SHOP, OverlaySettings
from cyclegan_glasses.collect.splits import split_of
from cyclegan_glasses.collect.writer import Writer
from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align, yaw_of
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.faces.known import known_landmarks
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.overlays.custom_frames import CustomFrame, load_frames
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import Frame, random_frame, worn_frame
from cyclegan_glasses.overlays.hard_examples import hard_example
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.render import draw_layers
from cyclegan_glasses.photo import MANIFEST, REJECTED, Photo, latest_photos
from cyclegan_glasses.sources.folder import FolderSource
from cyclegan_glasses.sources.source import RejectedPhoto, SourcePhoto
from cyclegan_glasses.walk import report, told

RECORD = "overlay.json"


def bare_faces(folder: Path, out: Path) -> list[SourcePhoto]:
    """The photos that glasses can be drawn on: by the manifest of `folder`, or every picture below it.

    Of a manifest those labelled `none`, or not at all, that are not rejected. `out` is passed over.

    Raises:
        UserError: there are none.
    """
    if not (folder / MANIFEST).is_file():
        return list(FolderSource(folder, leave_out=out).photos())
    photos, left_out = list[SourcePhoto](), Counter[str]()
    for photo in latest_photos(folder).values():
        if photo.label not in (NONE, ""):
            left_out[f"labelled {photo.label}"] += 1
        elif photo.verdict == REJECTED or not photo.sha256:
            left_out["rejected"] += 1
        else:
            photos.append(SourcePhoto(photo, folder / photo.path))
    if not photos:
        raise UserError(
            f"{folder / MANIFEST} has no bare faces ({told(left_out)}): none is labelled {NONE!r}"
        )
    report(folder, left_out)
    return photos


def draw_pairs(
    faces: Iterable[SourcePhoto],
    out: Path,
    settings: OverlaySettings,
    frames: Path | None = None,
    yunet: Path | None = None,
    workers: int = 0,
    cluster: str = "",
) -> Generator[list[Photo], None, None]:
    """Write the pairs of `faces` into `out`; yield the rows of each photo, those of an earlier run first.

    Landmarks in a photo's facts (from `crawl.py folder --align`) are used where they are; else the face is
    looked for. A picture that cannot be read or holds no face is one row with a reason.

    Args:
        frames: folder of custom frames (`overlays.custom_frames`) to draw instead of the built-in ones.
        yunet: file of that face detector, None for the one that ships.
        workers, cluster: see `parallel.open_executor`. The bytes do not depend on them.

    Raises:
        UserError: `out` was begun with other settings, is in use or cannot be written; a frame cannot be
            used; the cluster does not answer.
    """
    if frames:
        frames = frames.absolute()
    custom = {f.name: sha256_of(frames / f.name) for f in _custom_frames(frames)} if frames else {}
    record = asdict(settings) | {"frames": custom}
    with folder_lock(out):
        writer = Writer(out, RECORD, record, rows_each=2 * settings.each, sync=False)
        yield from writer.before()
        yield from writer.write(_to_draw(list(faces), settings, frames, yunet), workers, cluster)


def _to_draw(
    faces: list[SourcePhoto], settings: OverlaySettings, frames: Path | None, yunet: Path | None
) -> Iterator[SourcePhoto]:
    names = file_names([face.photo.origin for face in faces], ".png")
    for face in faces:
        assert isinstance(face.content, Path)
        photo = replace(face.photo, path=names[face.photo.origin])
        yield SourcePhoto(photo, partial(_draw, photo, face.content.absolute(), settings, frames, yunet))


def _draw(
    photo: Photo, file: Path, settings: OverlaySettings, frames: Path | None, yunet: Path | None
) -> list[SourcePhoto]:
    """The pairs of one photo."""
    try:
        image, points = _face_in(np.asarray(open_picture(file)), photo, settings, yunet)
    except UnreadablePicture as error:
        raise RejectedPhoto(f"overlay: unreadable: {error.reason}") from None
    except UserError as error:
        raise RejectedPhoto(f"overlay: {error}") from None
    photo = replace(photo, split=split_of(photo, settings.seed, settings.shares))
    names = enumerate(pair_names(photo.path, settings.each))
    pairs = (_draw_pair(photo, *name, image, points, settings, frames) for name in names)
    return list(chain.from_iterable(pairs))


def _face_in(
    image: np.ndarray, photo: Photo, settings: OverlaySettings, yunet: Path | None
) -> tuple[np.ndarray, np.ndarray]:
    """The picture, cropped where that was asked for, and the five landmarks in it.

    Raises:
        UserError: why there is no face that glasses fit.
    """
    known = _landmarks_of(photo, image.shape)
    if known is not None and settings.align in (0, *set(image.shape[:2])):
        points = known
    else:
        face = find_faces(image, yunet)[0]
        points = face.landmarks
        if settings.align:
            image, alignment = align(image, face, settings.align)
            points = alignment.to_crop(points)
    check_yaw(yaw_of(Face((0.0, 0.0, 1.0, 1.0), 1.0, points)), settings.max_turn)
    return image, points


def _landmarks_of(photo: Photo, shape: tuple[int, ...]) -> np.ndarray | None:
    """What the manifest knows of the face, float64 (5, 2), if it is of this very picture."""
    landmarks = known_landmarks(photo)
    if landmarks is None or (photo.height, photo.width) != shape[:2]:
        return None
    usable = np.isfinite(landmarks[:2]).all() and np.hypot(*(landmarks[1] - landmarks[0])) > 1
    return landmarks if usable else None


def _draw_pair(
    photo: Photo,
    number: int,
    name: str,
    image: np.ndarray,
    points: np.ndarray,
    settings: OverlaySettings,
    frames: Path | None,
) -> list[SourcePhoto]:
    """The face with drawn glasses, with its masks, and the face as it is."""
    rng = generator_of(photo, settings.seed, number)
    dark = bool(rng.random() < settings.sunglasses)
    custom = _custom_frames(frames) if frames else []
    if custom:
        frame: CustomFrame | Frame = custom[int(rng.integers(len(custom)))]
    elif settings.frame_mix == SHOP:
        frame = random_frame(rng, sunglasses=dark)
    else:
        frame = worn_frame(rng, dark)
    # Pose, light and camera are read from the photo, so that the glasses belong to it.
    pose = fit_pose(points)
    scene = read_scene(image, pose, seed=int(rng.integers(2**31)))
    if rng.random() < settings.hard:
        frame, scene = hard_example(frame, scene, rng)
    worn, mask, layers = draw_layers(image, frame, pose, scene)
    facts: dict[str, Any] = {
        "frame": {"file": frame.name, "width": frame.width}
        if isinstance(frame, CustomFrame)
        else asdict(frame),
        "pose": [round(float(value), 4) for value in pose.rotation.ravel()],
        "light": asdict(scene.light),
        "camera": asdict(scene.camera),
        "dazzle": scene.dazzle,
        "veil": scene.veil,
    }
    label = SUNGLASSES if dark and not custom else GLASSES
    return make_pair(replace(photo, label=label), name, facts, image, worn, mask, layers)


@lru_cache(maxsize=2)
def _custom_frames(folder: Path) -> list[CustomFrame]:
    """The custom frames of `folder`, read once a process."""
    return load_frames(folder)
