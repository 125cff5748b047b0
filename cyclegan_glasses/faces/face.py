"""A face in a picture, and what every detector of faces has.

Points are in pixels of the picture, x to the right and y down; (0, 0) is the picture's upper left corner, so
the centre of its first pixel is (0.5, 0.5). The right eye is the person's own, on the left of the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

LANDMARKS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
_LARGEST_SIDE = 640
_SMALLEST_SIDE = 160


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a picture.

    Attributes:
        box: x, y, width, height; may reach past the picture.
        score: the detector's trust, 0 to 1; not a probability, and not comparable between detectors.
        landmarks: float64 (5, 2), in the order of `LANDMARKS`: the person's right eye (on the left of the
            picture), left eye, nose tip, right corner of the mouth, left corner. NaN where nose and mouth are
            not known; detectors give all.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        return self.box[2] * self.box[3]


class FaceDetector(Protocol):
    """Finds faces. May be shared by threads; each process makes its own (`make_detector`)."""

    name: str

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """Faces of `image`, uint8 RGB (height, width, 3) of any size: large and trusted ones first."""


def scaled(image: np.ndarray) -> tuple[np.ndarray, float]:
    """`image` with its longest side brought between the limits, and what brings points of it back.

    Raises:
        ValueError: it is not uint8 RGB.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"faces are looked for in uint8 (height, width, 3), not {image.dtype} {image.shape}")
    longest = max(image.shape[:2])
    scale = min(max(longest, _SMALLEST_SIDE), _LARGEST_SIDE) / longest
    return (image, 1.0) if scale == 1 else (resized(image, scale), 1 / scale)


def resized(image: np.ndarray, scale: float) -> np.ndarray:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def best_first(faces: list[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: -face.area * math.sqrt(max(face.score, 1e-6)))
