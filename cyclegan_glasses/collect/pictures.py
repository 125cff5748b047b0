"""What may be made of a photo before it is written: checked whole, cropped to its face, or to the middle.

Each function makes the content of one `SourcePhoto`, in whatever process writes it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align, yaw_of
from cyclegan_glasses.faces.detect import Face, process_detector
from cyclegan_glasses.images import open_picture, to_bytes
from cyclegan_glasses.photo import REJECTED, Photo
from cyclegan_glasses.sources.source import RejectedPhoto, SourcePhoto


def find_faces(pixels: np.ndarray, yunet: Path | None) -> list[Face]:
    """The faces of a picture, uint8 RGB (height, width, 3), best first.

    Args:
        yunet: file of that face detector, None for the one that ships.

    Raises:
        UserError: there is none, in a few words.
    """
    faces = process_detector(yunet).find_faces(pixels)
    if not faces:
        raise UserError("no face found")
    return faces


def check_yaw(yaw: float | None, most: float) -> None:
    """Raise `UserError` where the head is turned further to the side than `most` degrees."""
    if yaw is not None and abs(yaw) > most:
        raise UserError(f"side view, turned {abs(yaw):.0f} degrees")


def checked(photo: Photo, file: Path) -> list[SourcePhoto]:
    """The photo as it is, with its size, once it was read to its end.

    Raises:
        UnreadablePicture: it cannot be.
    """
    image = open_picture(file)
    return [SourcePhoto(replace(photo, width=image.width, height=image.height), file)]


def aligned(
    photo: Photo, file: Path, size: int, image_format: str, max_yaw: float, yunet: Path | None
) -> list[SourcePhoto]:
    """The face of the photo, and what is known of it; a side view is cropped and rejected, for review.

    Raises:
        UnreadablePicture: the file cannot be read.
        RejectedPhoto: there is no face.
    """
    pixels = np.asarray(open_picture(file))
    try:
        faces = find_faces(pixels, yunet)
        crop, alignment = align(pixels, faces[0], size)
    except UserError as error:
        raise RejectedPhoto(f"align: {error}") from None
    yaw = yaw_of(faces[0])
    facts = {
        "detector": process_detector(yunet).name,
        "faces": len(faces),
        "score": round(faces[0].score, 3),
        "turn": None if yaw is None else round(yaw, 1),
        "landmarks": [
            [round(value, 2) for value in point] if math.isfinite(point[0]) else None
            for point in alignment.to_crop(faces[0].landmarks).tolist()
        ],
        "matrix": [[round(value, 6) for value in row] for row in alignment.matrix],
        "outside": round(alignment.outside, 3),
    }
    photo = replace(photo, facts={**photo.facts, "face": facts}, width=size, height=size)
    try:
        check_yaw(yaw, max_yaw)
    except UserError as error:
        path = f"rejected/{photo.path.rpartition('/')[2]}"
        photo = replace(photo, path=path, verdict=REJECTED, reason=f"align: {error}")
    return [SourcePhoto(photo, encoded(Image.fromarray(crop), image_format))]


def resized(
    photo: Photo, file: Path, size: int, image_format: str, to_face: bool, yunet: Path | None
) -> list[SourcePhoto]:
    """The photo with `size` pixels a side: cropped to its face, or to the middle square.

    Raises:
        UnreadablePicture: the file cannot be read.
        RejectedPhoto: there is no face.
    """
    image = open_picture(file)
    if to_face:
        pixels = np.asarray(image)
        try:
            face = find_faces(pixels, yunet)[0]
            image = Image.fromarray(align(pixels, face, size)[0])
        except UserError:
            raise RejectedPhoto("align: no face found") from None
    else:
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    return [SourcePhoto(replace(photo, width=size, height=size), encoded(image, image_format))]


def encoded(image: Image.Image, image_format: str = "png", compress_level: int = 6) -> bytes:
    """A picture as PNG, as JPEG of quality 95 without subsampling of colours, or as WebP of quality 90."""
    if image_format == "jpg":
        return to_bytes(image, "JPEG", quality=95, subsampling=0)
    if image_format == "webp":
        return to_bytes(image, "WEBP", quality=90, method=6)
    return to_bytes(image, "PNG", compress_level=compress_level)
