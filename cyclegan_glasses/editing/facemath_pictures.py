"""Photos as codes of the algebra of faces, and codes as pictures: one, a sheet of faces, or moving ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cyclegan_glasses.editing.facemath import FaceMath, move, nearest, sharpen
from cyclegan_glasses.editing.settings import FacemathOutput
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Alignment, align, paste_change
from cyclegan_glasses.faces.detect import FaceDetector
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.images import find_pictures, open_picture, readable_pictures, save_png, to_bytes
from cyclegan_glasses.walk import report

SIZE = 256
MILLISECONDS = 80  # that each frame of a GIF stands


#: The one face of a photo: the photo, its crop (`SIZE`, `SIZE`, 3), and how that was taken.
AlignedFace = tuple[np.ndarray, np.ndarray, Alignment]


def face_of(path: Path, detector: FaceDetector) -> AlignedFace:
    """The face of a photo that shows one.

    Raises:
        UserError: it cannot be read, or shows no face or several.
    """
    image = np.asarray(open_picture(path))
    faces = detector.find_faces(image)
    if not faces:
        raise UserError(f"{path}: no face found")
    if len(faces) > 1:
        raise UserError(f"{path} shows {len(faces)} faces: cut it to the one that is meant")
    return image, *align(image, faces[0], SIZE)


def write_pictures(path: Path, *frames: np.ndarray) -> None:
    """Write frames, uint8 RGB (height, width, 3): a GIF that runs for ever, or PNG files into a folder.

    A single frame goes into any picture file. A path without an extension is a folder.

    Raises:
        UserError: several frames do not fit the kind of file.
    """
    suffix = path.suffix.lower()
    if not suffix:
        for number, frame in enumerate(frames):
            save_png(path / f"{number:04d}.png", frame)
        return
    kind = Image.registered_extensions().get(suffix)
    if kind is None or (len(frames) > 1 and kind != "GIF"):
        wanted = "a .gif or a folder" if len(frames) > 1 else "a picture such as .png"
        raise UserError(f"{path} is not {wanted}: give -o another name")
    first, *rest = (Image.fromarray(frame) for frame in frames)
    more = {"save_all": True, "append_images": rest, "duration": MILLISECONDS, "loop": 0}
    content = to_bytes(first, kind, **(more if kind == "GIF" else {}))
    make_folder(path.parent)
    with atomic_write(path) as file:
        file.write(content)


def sheet(faces: np.ndarray, columns: int, side: int = 128) -> np.ndarray:
    """Faces, uint8 (n, size, size, 3), in rows of `columns`, each `side` wide; empty places are white."""
    rows = -(-len(faces) // columns)
    page = np.full((rows * side, columns * side, 3), 255, np.uint8)
    for number, face in enumerate(faces):
        top, left = number // columns * side, number % columns * side
        page[top : top + side, left : left + side] = _resized(face, side)
    return page


def encode_photos(math: FaceMath, photos: Sequence[Path], detector: FaceDetector) -> np.ndarray:
    """The codes (n, d) of photos with one face each."""
    return math.encode(np.stack([face_of(path, detector)[1] for path in photos]))


def write_sheet(math: FaceMath, codes: np.ndarray, output: FacemathOutput, columns: int = 0) -> None:
    """Decode codes (n, d) onto one sheet; by default it is about square."""
    faces = sharpen(math.decode(codes), output.sharpen)
    write_pictures(output.path, sheet(faces, columns or round(len(faces) ** 0.5), output.side))


def write_frames(math: FaceMath, codes: np.ndarray, output: FacemathOutput) -> None:
    """Decode codes (n, d) into moving pictures."""
    faces = sharpen(math.decode(codes), output.sharpen)
    write_pictures(output.path, *(_resized(face, output.side) for face in faces))


def write_edit(
    math: FaceMath,
    face: AlignedFace,
    step: np.ndarray,
    strength: float,
    output: FacemathOutput,
    face_only: bool = False,
) -> None:
    """Move a face along `step` (see `facemath.move`), and carry the change into its photo.

    `face_only` writes the decoded face alone.
    """
    image, crop, alignment = face
    code = math.encode(crop[None])
    faces = sharpen(math.decode(np.concatenate([code, move(code, step, strength)])), output.sharpen)
    if face_only:
        write_pictures(output.path, _resized(faces[1], output.side))
        return
    before, after = faces.astype(np.float32)
    write_pictures(output.path, paste_change(image, _resized(after - before, SIZE), alignment))


def write_neighbours(
    math: FaceMath, photo: Path, folder: Path, count: int, detector: FaceDetector, output: FacemathOutput
) -> list[tuple[Path, float]]:
    """The aligned faces of a folder most like that of a photo, onto a sheet behind it.

    Returns:
        Their paths and distances, the nearest first.

    Raises:
        UserError: the folder holds no squares.
    """
    _, face, _ = face_of(photo, detector)
    paths, crops, left_out = [], [], Counter[str]()
    for path, picture in readable_pictures(find_pictures(folder), left_out):
        if picture.shape[0] == picture.shape[1]:
            paths.append(path)
            crops.append(cv2.resize(picture, (math.size, math.size), interpolation=cv2.INTER_AREA))
        else:
            left_out["that are no squares"] += 1
    report(folder, left_out)
    if not paths:
        raise UserError(f"{folder} holds no aligned faces: squares, as crawl.py folder --align makes them")
    order, distances = nearest(math.encode(face[None])[0], math.encode(np.stack(crops)), math, count)
    first = cv2.resize(face, (math.size, math.size), interpolation=cv2.INTER_AREA)
    faces = np.stack([first, *(crops[index] for index in order)])
    write_pictures(output.path, sheet(faces, len(faces), output.side))
    return [(paths[index], float(distance)) for index, distance in zip(order, distances, strict=True)]


def mix_corners(corners: np.ndarray, steps: int) -> np.ndarray:
    """Between four codes (4, d): `steps` rows of as many, (steps², d), each mixed by how near they are."""
    weights = np.linspace(0, 1, steps, dtype=np.float32)
    down, right = (values.ravel()[:, None] for values in np.meshgrid(weights, weights, indexing="ij"))
    top = corners[0] * (1 - right) + corners[1] * right
    bottom = corners[2] * (1 - right) + corners[3] * right
    return np.asarray(top * (1 - down) + bottom * down)


def _resized(picture: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC))
