"""Photos and folders as aligned faces, and moving pictures written."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Alignment, align
from cyclegan_glasses.faces.detect import FaceDetector
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.images import UnreadablePicture, open_picture

SIZE = 256


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """The one face of a photo: the photo, its crop (`SIZE`, `SIZE`, 3), and how that was taken."""

    image: np.ndarray
    crop: np.ndarray
    alignment: Alignment


def face_of(path: Path, detector: FaceDetector) -> AlignedFace:
    """The face of a photo that shows one.

    Raises:
        UserError: it cannot be read, or shows no face or several.
    """
    try:
        image = np.asarray(open_picture(path))
    except UnreadablePicture as error:
        raise UserError(f"{error.path} cannot be read: {error.reason}") from None
    faces = detector.find_faces(image)
    if not faces:
        raise UserError(f"{path}: no face found")
    if len(faces) > 1:
        raise UserError(f"{path} shows {len(faces)} faces: cut it to the one that is meant")
    return AlignedFace(image, *align(image, faces[0], SIZE))


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write uint8 RGB (height, width, 3) as the file's extension says.

    Raises:
        UserError: the extension is not one of a picture.
    """
    write_moving(path, [picture])


def write_moving(path: Path, frames: Sequence[np.ndarray], seconds: float = 0.08) -> None:
    """Write frames, uint8 RGB (height, width, 3): a GIF that runs for ever, or PNG files into a folder.

    A single frame goes into any picture file. A path without an extension is a folder.

    Raises:
        UserError: several frames do not fit the kind of file.
    """
    suffix = path.suffix.lower()
    if not suffix:
        make_folder(path)
        for number, frame in enumerate(frames):
            write_moving(path / f"{number:04d}.png", [frame])
        return
    kind = Image.registered_extensions().get(suffix)
    if kind is None or (len(frames) > 1 and kind != "GIF"):
        wanted = "a .gif or a folder" if len(frames) > 1 else "a picture such as .png"
        raise UserError(f"{path} is not {wanted}: give -o another name")
    first, *rest = (Image.fromarray(frame) for frame in frames)
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": rest, "duration": round(1000 * seconds), "loop": 0}
    first.save(buffer, kind, **(more if kind == "GIF" else {}))
    make_folder(path.parent)
    with atomic_write(path) as file:
        file.write(buffer.getbuffer())


def sheet(faces: np.ndarray, columns: int, side: int = 128) -> np.ndarray:
    """Faces, uint8 (n, size, size, 3), in rows of `columns`, each `side` wide; empty places are white."""
    rows = -(-len(faces) // columns)
    page = np.full((rows * side, columns * side, 3), 255, np.uint8)
    for number, face in enumerate(faces):
        top, left = number // columns * side, number % columns * side
        page[top : top + side, left : left + side] = cv2.resize(
            face, (side, side), interpolation=cv2.INTER_CUBIC
        )
    return page
