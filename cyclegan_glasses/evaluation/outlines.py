"""Whether the eyes kept their shape: how far the outlines in them moved, read off the pixels.

Five landmarks say where an eye is, not whether it is still the same eye. Here the outlines of lids and iris
before are looked for in the result, and those of the result in the input.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cyclegan_glasses.evaluation.metrics import Picture
from cyclegan_glasses.images import to_grey

Values = NDArray[np.floating]

SIDE, SPAN = 96, 0.64  # pixels of an eye's window, and its width in eye distances
WIDE, HIGH = 0.23, 0.13  # half axes of the ellipse that holds an eye and no rim, in eye distances
SOFT = 0.012  # blur before outlines are looked for, in eye distances
FAINTEST = 0.35  # of the root mean square of the slopes in the eye: a weaker one is no outline
FLATTEST = 0.5  # of 255 a pixel of the window: where all slopes are below it there is no outline
ALIKE = 0.5  # an outline is another one's if it is this much as strong and runs within 30 degrees of it
FURTHEST = 0.08  # in eye distances: an outline that has moved so far, or is gone


def outlines_moved(before: Picture, after: Picture, eyes: NDArray) -> dict[str, float]:
    """How far the outlines of the eyes moved, in percent of the eye distance, the mean of both eyes.

    The larger of both ways, as in the modified Hausdorff distance (Dubuisson and Jain, ICPR 1994): from each
    outline of the input to the nearest one of the result that runs the same way and is not much weaker, and
    back, mean weighted by strength. 8 stands for outlines that are not there any more. Light and contrast do
    not count, nor what lies further from the middle of an eye than its own lids, as rims do. Empty where the
    eyes of the input have no outline.

    Args:
        before, after: uint8 RGB (height, width, 3).
        eyes: (2, 2), x and y of the right and left eye in pixels.
    """
    blur = max(0.5, SOFT * float(np.hypot(*(eyes[1] - eyes[0]))))
    soft = []
    for picture in (before, after):
        grey = to_grey(picture).astype(np.float32)
        soft.append(np.asarray(cv2.GaussianBlur(grey, (0, 0), blur), np.float32))
    found = []
    for eye in eyes:
        window = _window(eye, eyes)
        old, new = (_outlines(picture, window) for picture in soft)
        if old.inside.any():
            found.append(max(_way(old, new), _way(new, old)))
    return {"eye outlines moved": float(np.mean(found))} if found else {}


@dataclass(frozen=True, eq=False)
class _Outlines:
    """The points (n, 2) of the outlines in a window, slopes (n, 2) and steepness (n,) there, in the usual one
    of the eye, and which of them lie inside the eye."""

    points: NDArray[np.float32]
    slopes: NDArray[np.float32]
    steepness: Values
    inside: NDArray[np.bool_]


def _way(ours: _Outlines, others: _Outlines) -> float:
    """Mean way, in percent of the eye distance, from the outlines in an eye to those of another picture."""
    points, slopes, steepness = (v[ours.inside] for v in (ours.points, ours.slopes, ours.steepness))
    furthest = np.full(len(points), FURTHEST * SIDE / SPAN, np.float32)
    if len(points) and len(others.points):
        apart = np.subtract.outer(points[:, 0], others.points[:, 0]) ** 2
        apart += np.subtract.outer(points[:, 1], others.points[:, 1]) ** 2
        alike = others.steepness >= ALIKE * steepness[:, None]
        alike &= slopes @ others.slopes.T > np.float32(0.866) * np.outer(steepness, others.steepness)
        furthest = np.minimum(furthest, np.sqrt(np.where(alike, apart, np.inf).min(axis=1)))
    return 100 * SPAN / SIDE * float(np.average(furthest, weights=steepness)) if len(points) else 0.0


def _outlines(grey: Values, window: NDArray) -> _Outlines:
    """Where the lightness in the window of an eye is steepest along its own slope, as in Canny's detector."""
    # Slope and steepness of each pixel, measured by what is usual in the eye.
    eye = cv2.warpAffine(grey, window, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    both = [cv2.Sobel(eye, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1))]
    slopes = np.stack(both, axis=2).astype(np.float32)
    steepness = np.hypot(slopes[:, :, 0], slopes[:, :, 1])
    usual = max(float(np.sqrt((steepness[_INSIDE] ** 2).mean())), FLATTEST)
    # Points that are steeper than their neighbours along the slope, to a fraction of a pixel.
    y, x = np.nonzero((steepness > FAINTEST * usual) & _NEAR)
    here, way = steepness[y, x], slopes[y, x] / steepness[y, x][:, None]
    places = np.stack([x, y], axis=1)
    behind, ahead = (_at(steepness, places + sign * way) for sign in (-1, 1))
    ridge = (here >= behind) & (here > ahead)
    beyond = 0.5 * (behind - ahead) / np.minimum(behind - 2 * here + ahead, -1e-6)  # the top of a parabola
    points = (places + beyond[:, None] * way)[ridge]
    return _Outlines(points, slopes[y, x][ridge] / usual, here[ridge] / usual, _INSIDE[y, x][ridge])


def _at(values: Values, places: Values) -> Values:
    """Values between the pixels, at (n, 2) places."""
    if not len(places):
        return np.zeros(0, np.float32)
    x, y = (part.astype(np.float32) for part in places.T)
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR)[:, 0], np.float32)


def _window(eye: NDArray, eyes: NDArray) -> NDArray:
    """The 2 x 3 matrix that takes a point of the picture to the window of an eye, which it turns upright."""
    across = (eyes[1] - eyes[0]) * SPAN / SIDE
    linear = np.array([across, [-across[1], across[0]]]) / float(across @ across)
    return np.column_stack([linear, np.full(2, (SIDE - 1) / 2) - linear @ (eye - 0.5)])


def _ellipse(more: float) -> NDArray[np.bool_]:
    y, x = (np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2) * SPAN / SIDE
    return np.asarray((x / (WIDE + more)) ** 2 + (y / (HIGH + more)) ** 2 < 1)


_INSIDE, _NEAR = _ellipse(0), _ellipse(FURTHEST)
