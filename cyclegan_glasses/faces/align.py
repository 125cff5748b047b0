"""Bring a face to a canonical crop by its eyes, and take a change of the crop back into the picture.

Points are in pixels with (0, 0) the upper left corner of the picture or crop, as in `detect`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import Face

_MOST_SAMPLES = 16


@dataclass(frozen=True, slots=True)
class Framing:
    """Where the eyes come to lie: a property of a data set, to be the same in training and in use.

    Attributes:
        eye_height: of the line between the eyes, as a fraction of the crop's height from its top.
        eye_distance: between the eye centres, as a fraction of the crop's width.
    """

    eye_height: float = 0.40
    eye_distance: float = 0.36


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a crop was taken from a picture; enough to undo it, and plain enough for a manifest.

    Attributes:
        matrix: 2 x 3, takes a point (x, y, 1) of the picture to the crop: rotation, scale and shift.
        size: side of the square crop, in pixels.
        outside: fraction of the crop that lies outside of the picture, 0 to 1.
    """

    matrix: tuple[tuple[float, ...], tuple[float, ...]]
    size: int
    outside: float

    @property
    def scale(self) -> float:
        """Crop pixels for a pixel of the picture; below 1 the face was shrunk."""
        return math.hypot(self.matrix[0][0], self.matrix[1][0])

    def to_crop(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the picture in the crop."""
        matrix = np.array(self.matrix)
        return points @ matrix[:, :2].T + matrix[:, 2]

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the crop in the picture."""
        inverse = cv2.invertAffineTransform(np.array(self.matrix))
        return points @ inverse[:, :2].T + inverse[:, 2]


def yaw_of(face: Face) -> float | None:
    """Estimate of the head's yaw in degrees: 0 is frontal, positive towards the picture's right.

    From where the nose tip lies between the eyes: on a head whose nose tip stands half an eye distance before
    the eyes, it lies tan(yaw) / 2 eye distances beside their middle. None where the nose was not measured.
    """
    right, left, nose = face.landmarks[:3]
    across = left - right
    distance = float(across @ across)
    if not np.isfinite(nose).all() or distance == 0:
        return None
    return math.degrees(math.atan(2 * float((nose - (right + left) / 2) @ across) / distance))


def alignment_of(face: Face, size: int, shape: tuple[int, ...], framing: Framing | None = None) -> Alignment:
    """The similarity that brings the eyes of `face` to their place in a crop of side `size`.

    Args:
        face: found in the picture.
        size: of the crop.
        shape: (height, width, ...) of the picture.
        framing: where the eyes come to lie; `Framing()` by default.

    Raises:
        UserError: the eyes lie on one point, or nearly.
    """
    framing = framing or Framing()
    right, left = face.landmarks[:2]
    across = left - right
    distance = float(np.hypot(*across))
    if not distance > 1:
        raise UserError("the eyes of the face lie on one point: it cannot be aligned")
    scale = framing.eye_distance * size / distance
    cosine, sine = scale * across / distance
    linear = np.array([[cosine, sine], [-sine, cosine]])
    shift = np.array([0.5, framing.eye_height]) * size - linear @ ((right + left) / 2)
    first, second = np.column_stack([linear, shift]).tolist()
    alignment = Alignment((tuple(first), tuple(second)), size, 0.0)
    # How much of the crop the picture does not cover.
    crop = alignment.to_picture(_corners(size, size)).astype(np.float32)
    common, _ = cv2.intersectConvexConvex(crop, _corners(shape[1], shape[0]).astype(np.float32))
    return replace(alignment, outside=float(np.clip(1 - common / cv2.contourArea(crop), 0, 1)))


def take(image: np.ndarray, alignment: Alignment) -> np.ndarray:
    """The crop of `image`, uint8 or float32 (height, width, 3), that `alignment` describes, in the same type.

    Antialiased when the face is shrunk; what lies outside of the picture is its mirror image.
    """
    size, matrix, scale = (alignment.size, alignment.size), np.array(alignment.matrix), alignment.scale
    step = int(0.5 / scale)
    if (
        step > 1
    ):  # a large face is first shrunk by a whole number, to no less than twice the crop's resolution
        image, matrix, scale = _shrunk(image, alignment, step)
    return _warp(image, matrix, size, scale, cv2.BORDER_REFLECT)


def _shrunk(image: np.ndarray, alignment: Alignment, step: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The part of `image` that a crop is taken from, `step` times smaller; the matrix and scale from there.

    It reaches as far inwards as the crop reaches out of the picture, for the mirror image.
    """
    height, width = image.shape[:2]
    corners = alignment.to_picture(_corners(alignment.size, alignment.size))
    (left, top), (right, bottom) = np.floor(corners.min(0)) - step, np.ceil(corners.max(0)) + step
    left, right = min(left, 2 * width - right), max(right, -left)
    top, bottom = min(top, 2 * height - bottom), max(bottom, -top)
    first = np.clip((left, top), 0, (width - 1, height - 1)).astype(int)
    last = np.clip((right, bottom), first + 1, (width, height)).astype(int)
    part = image[first[1] : last[1], first[0] : last[0]]
    size = np.maximum(1, np.round((last - first) / step)).astype(int)
    ratio = (last - first) / size
    matrix = np.array(alignment.matrix)
    matrix[:, 2] += matrix[:, :2] @ first
    matrix[:, :2] *= ratio
    shrunk = cv2.resize(part, size.tolist(), interpolation=cv2.INTER_AREA)
    return shrunk, matrix, alignment.scale * float(ratio.mean())


def align(
    image: np.ndarray, face: Face, size: int, framing: Framing | None = None
) -> tuple[np.ndarray, Alignment]:
    """The canonical crop (size, size, 3) of a `face` of `image`, both uint8 RGB, and how it was taken.

    See `alignment_of` for the rest.
    """
    alignment = alignment_of(face, size, image.shape, framing)
    return take(image, alignment), alignment


def paste_change(
    image: np.ndarray, change: np.ndarray, alignment: Alignment, feather: float = 0.06
) -> np.ndarray:
    """Add what was changed in a crop to the picture that it was taken from.

    Only the difference travels, so the picture keeps its own sharpness, and where nothing was changed not a
    bit of it changes. Towards the border of the crop the change fades out.

    Args:
        image: uint8 RGB (height, width, 3); stays as it is.
        change: edited crop minus crop, float (size, size, 3), in grey levels of -255 to 255.
        alignment: of the crop.
        feather: width of the fading border, as a fraction of the crop's side.

    Returns:
        uint8 RGB (height, width, 3).
    """
    if change.shape != (alignment.size, alignment.size, 3):
        raise ValueError(f"the change is {change.shape}, the crop was {alignment.size} pixels wide")
    window, there = spread(change * fading(alignment.size, feather)[:, :, None], alignment, image.shape)
    result = image.copy()
    result[window] = np.clip(np.rint(result[window] + there), 0, 255).astype(np.uint8)
    return result


def part_of(alignment: Alignment, left: int, top: int) -> Alignment:
    """The alignment of the part of a crop that begins at `left`, `top`."""
    across, down = alignment.matrix
    return replace(alignment, matrix=((*across[:2], across[2] - left), (*down[:2], down[2] - top)))


def spread(
    values: np.ndarray, alignment: Alignment, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Values of a crop's pixels, brought to the pixels of the picture that it was taken from.

    Args:
        values: (rows, columns, channels), of the crop, or of the part of it that `part_of` says.
        shape: (height, width, ...) of the picture.

    Returns:
        The rows and columns of the picture that the crop covers (none where it lies outside), and float32
        values there (rows, columns, channels): 0 beyond the crop.
    """
    height, width = shape[:2]
    corners = alignment.to_picture(_corners(values.shape[1], values.shape[0]))
    left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, (width, height)).tolist()
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int), 0, (width, height)).tolist()
    window = slice(top, max(top, bottom)), slice(left, max(left, right))
    there = np.zeros((window[0].stop - top, window[1].stop - left, values.shape[2]), np.float32)
    if not there.size:
        return window, there
    inverse = cv2.invertAffineTransform(np.array(alignment.matrix))
    inverse[:, 2] -= (left, top)
    size = (there.shape[1], there.shape[0])
    for first in range(0, values.shape[2], 4):  # OpenCV warps up to four channels at once
        some = np.ascontiguousarray(values[:, :, first : first + 4], np.float32)
        warped = _warp(some, inverse, size, 1 / alignment.scale, cv2.BORDER_CONSTANT)
        there[:, :, first : first + 4] = warped.reshape(*there.shape[:2], -1)
    return window, there


def unalign(crop: np.ndarray, alignment: Alignment, image: np.ndarray) -> np.ndarray:
    """`image` with the edited `crop`, uint8 or float (size, size, 3) of 0 to 255, back in its place.

    The crop that `take` gives is subtracted first (see `paste_change`): an unedited crop changes nothing.
    """
    return paste_change(image, crop.astype(np.float32) - take(image, alignment), alignment)


def _warp(
    image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], scale: float, border: int
) -> np.ndarray:
    """Warp by `matrix`, several samples a pixel where `scale` shrinks, averaged: no aliasing."""
    samples = min(_MOST_SAMPLES, max(1, math.ceil(1 / scale)))
    fine = matrix * samples
    # OpenCV counts from the centre of the first pixel, not from its corner.
    fine[:, 2] += fine[:, :2].sum(1) / 2 - 0.5
    many = (size[0] * samples, size[1] * samples)
    warped = cv2.warpAffine(image, fine, many, flags=cv2.INTER_CUBIC, borderMode=border)
    return warped if samples == 1 else cv2.resize(warped, size, interpolation=cv2.INTER_AREA)


def fading(size: int, feather: float) -> np.ndarray:
    """(size, size) of 0 to 1: 1 inside, falling smoothly to 0 at the border over `feather` of the side."""
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    ramp = np.clip(np.minimum(centres, 1 - centres) / max(feather, 1e-6), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return np.minimum(ramp[:, None], ramp[None, :])


def _corners(width: float, height: float) -> np.ndarray:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
