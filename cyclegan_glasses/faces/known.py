"""What a manifest says of the face in a photo, where it says it rightly."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

import numpy as np

from cyclegan_glasses.photo import Photo


def known_landmarks(photo: Photo) -> np.ndarray | None:
    """The five landmarks of `facts["face"]` in pixels of the photo, float64 (5, 2), in the order of
    `detect.LANDMARKS`; NaN for those that were not found, None where they are not there or malformed."""
    face = photo.facts.get("face")
    points = face.get("landmarks") if isinstance(face, dict) else None
    if not isinstance(points, list) or len(points) != 5:
        return None
    rows = [[math.nan, math.nan] if point is None else point for point in points]
    if not all(isinstance(row, list) and len(row) == 2 and all(map(is_coordinate, row)) for row in rows):
        return None
    return np.array(rows, np.float64)


def known_yaw(photo: Photo) -> float:
    """The yaw of `facts["face"]` in degrees, positive towards the picture's right; 0 where not known."""
    face = photo.facts.get("face")
    yaw = face.get("turn") if isinstance(face, dict) else None
    return float(yaw) if is_coordinate(yaw) and abs(yaw) <= 180 else 0.0


def is_coordinate(value: Any) -> TypeGuard[float]:
    """Whether a value of JSON is a number that a place in a picture may have; NaN is one."""
    return type(value) in (int, float) and not abs(value) > 1e6
