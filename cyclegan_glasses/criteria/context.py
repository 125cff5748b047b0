"""What the criteria look at: a picture, its faces, and the regions of an aligned face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from cyclegan_glasses.faces.align import Alignment, Framing, align
from cyclegan_glasses.faces.detect import Face

SIZE = 128
_FRAMING = Framing()
EYE_DISTANCE = _FRAMING.eye_distance * SIZE


@dataclass(frozen=True, eq=False)
class Context:
    """One picture as the criteria see it.

    Attributes:
        image: uint8 RGB (height, width, 3).
        faces: found in it, best first; at least one.
        crop: the best face, aligned: uint8 RGB (`SIZE`, `SIZE`, 3).
        alignment: how `crop` was taken.
    """

    image: np.ndarray
    faces: list[Face]
    crop: np.ndarray
    alignment: Alignment

    @property
    def face(self) -> Face:
        """The face that the photo is of."""
        return self.faces[0]

    @property
    def across(self) -> np.ndarray:
        """From the right eye to the left one, in pixels."""
        right, left = self.face.landmarks[:2]
        return left - right

    @property
    def eye_distance(self) -> float:
        """In pixels."""
        return float(np.hypot(*self.across))

    def margin(self, points: Iterable[np.ndarray]) -> float:
        """The nearest of `points` to the border, in eye distances from it; negative outside."""
        height, width = self.image.shape[:2]
        return float(min(min(x, y, width - x, height - y) for x, y in points)) / self.eye_distance


def look(image: np.ndarray, faces: list[Face]) -> Context:
    """The context of `image`, uint8 RGB (height, width, 3), with the `faces` found in it (one at least).

    Raises:
        UserError: the eyes lie on one point.
    """
    crop, alignment = align(image, faces[0], SIZE)
    return Context(image, faces, crop, alignment)


@cache
def ellipse(x: float, y: float, width: float, height: float) -> np.ndarray:
    """Mask, bool (`SIZE`, `SIZE`), of an ellipse of the aligned face, in eye distances.

    `x` and `y` count from the middle between the eyes, to the right and down; `width` and `height` are the
    half axes.
    """
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    across = (columns - SIZE / 2) / EYE_DISTANCE - x
    down = (rows - _FRAMING.eye_height * SIZE) / EYE_DISTANCE - y
    return (across / width) ** 2 + (down / height) ** 2 <= 1


@cache
def box(left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
    """Rows and columns of a rectangle of the aligned face, in eye distances as in `ellipse`."""
    x, y = SIZE / 2, _FRAMING.eye_height * SIZE
    rows = slice(round(y + top * EYE_DISTANCE), round(y + bottom * EYE_DISTANCE))
    return rows, slice(round(x + left * EYE_DISTANCE), round(x + right * EYE_DISTANCE))


LENSES = (ellipse(-0.5, 0.06, 0.34, 0.24), ellipse(0.5, 0.06, 0.34, 0.24))
CHEEKS = (ellipse(-0.5, 0.62, 0.2, 0.14), ellipse(0.5, 0.62, 0.2, 0.14))
SKIN = CHEEKS[0] | CHEEKS[1] | ellipse(0, 0.45, 0.14, 0.2)
UPPER_FACE = ellipse(-0.5, 0.33, 0.2, 0.08) | ellipse(0.5, 0.33, 0.2, 0.08) | ellipse(0, 0.08, 0.1, 0.15)
LOWER_FACE = ellipse(0, 1.15, 0.5, 0.4)
FACE = ellipse(0, 0.35, 0.95, 1.2)
