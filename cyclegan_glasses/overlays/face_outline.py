"""The outline of a face in a photograph, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.overlays.outlines import closed_curve
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.skin import find_skin

MOUTH = 63.0
"""How many mm below its eyes the mouth of a generic face lies."""
_CHIN = 44.0
"""How many mm below the mouth the chin is expected."""
_HALF = (
    (26, -101), (49, -82), (61, -48), (64, -14), (62, 15), (56, 41), (50, 67), (33, 94), (22, 105), (10, 110),
)  # fmt: skip
_TYPICAL = np.array([(0, -106), *_HALF, (0, 111), *((-x, y) for x, y in reversed(_HALF))], float)
"""A generic outline in mm; what lies below the eyes is stretched to where the chin is expected."""
_MIDDLE = np.array([0.0, 28.0])
_DEPTH = 20.0
"""How far behind the eyes the outline lies, about, in mm."""
_FINEST = 1.2
"""Pixels a mm at which the outline is looked for."""
_ANGLES = np.linspace(0, 2 * np.pi, 60, endpoint=False)
_RADII = np.linspace(40, 140, 81)
_AXES = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)


@dataclass(frozen=True, eq=False)
class Outline:
    """Where a face ends.

    Attributes:
        points: (n, 2) in mm of head coordinates, clockwise as seen, from the right on.
        certainty: (n,) of 0 to 1: how clearly the picture shows an edge there.
        window: the part of the picture that was looked at, uint8 RGB (h, w, 3).
        pose: of the head in the window.
        skin: of the window, uint8 (h, w), as `skin.find_skin` gives it.
    """

    points: np.ndarray
    certainty: np.ndarray
    window: np.ndarray
    pose: Pose
    skin: np.ndarray

    def width(self, height: float) -> float:
        """In mm of the face at `height` mm below the eyes."""
        across = self.points[:, 0]
        right, left = (np.interp(height, *_rising(self.points[side])) for side in (across > 0, across < 0))
        return float(right - left)

    @property
    def chin(self) -> float:
        """How many mm below the eyes the face ends."""
        return float(self.points[:, 1].max())


def trace_outline(image: np.ndarray, pose: Pose, mouth: float = MOUTH) -> Outline | None:
    """The outline of the face, or None where it lies outside of the picture.

    From a point below the eyes rays go out; along each, a change of colour, the end of the skin, and a
    generic outline all speak for a radius. The closed way round that has most of it is taken (dynamic
    programming, as for the ring of Amini et al. 1990, doi 10.1109/34.57681).

    Args:
        image: uint8 or uint16 RGB (height, width, 3).
        pose: of the head in it.
        mouth: its distance below the eyes in mm, see `mouth_below_eyes`.
    """
    seen = _window(image, pose)
    if seen is None:
        return None
    window, pose = seen
    skin = find_skin(window, pose)
    # Colour and skin on a grid of angles and radii.
    rays = _MIDDLE + _RADII[None, :, None] * _AXES[:, None]
    x, y = (
        pose.project(rays.reshape(-1, 2), _DEPTH).astype(np.float32).reshape(*rays.shape).transpose(2, 0, 1)
    )
    soft = cv2.GaussianBlur(window, (0, 0), 0.9 * pose.scale)
    lab = cv2.cvtColor(soft.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    colour = cv2.remap(lab, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    bare = cv2.remap(skin, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32) / 255
    edge = np.minimum(np.linalg.norm(_step(colour), axis=-1) / 12, 1)
    end = np.clip(_step(bare[..., None])[..., 0], -0.3, 1)
    edge, end = (cv2.blur(np.concatenate([m[-1:], m, m[:1]]), (1, 3))[1:-1] for m in (edge, end))
    # The generic outline, and no chin above the lower lip.
    spread = np.where(_AXES[:, 1] > 0.5, 11, 14)[:, None]
    typical = -0.18 * ((_RADII - _typical_radii(mouth + _CHIN)[:, None]) / spread) ** 2
    lips = (np.abs(rays[..., 0]) < 32) & (rays[..., 1] > 30) & (rays[..., 1] < mouth + 22)
    path = _closed_path(np.where(lips, -5, edge + 1.2 * end + typical))
    each = np.arange(len(path))
    certainty = np.clip(edge[each, path] + np.maximum(end[each, path], 0), 0, 1)
    radius = _RADII[path]
    radius = (np.roll(radius, 1) + radius + np.roll(radius, -1)) / 3
    return Outline(_MIDDLE + radius[:, None] * _AXES, certainty, window, pose, skin)


def mouth_below_eyes(landmarks: np.ndarray, pose: Pose) -> float:
    """How many mm the mouth lies below the eyes, of `landmarks` (5, 2); `MOUTH` where it was not measured."""
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    down = pose.rotation[:2, 1]
    distance = float((mouth - eyes) @ down / (down @ down) / pose.scale)
    return float(np.clip(distance, 52, 80)) if np.isfinite(distance) else MOUTH


def _window(image: np.ndarray, pose: Pose) -> tuple[np.ndarray, Pose] | None:
    """The head, shrunk to `_FINEST` pixels a mm, and its pose there."""
    corners = pose.project(np.array([(-95.0, -115.0), (95, -115), (95, 150), (-95, 150)]))
    crop = Crop.around(corners, 2, image.shape, 1)
    if crop is None:
        return None
    window, step = crop.reduced(image, pose.scale / _FINEST)
    return window, pose.in_window((crop.x, crop.y), step)


def _typical_radii(chin: float) -> np.ndarray:
    """The generic outline, with the chin so many mm below the eyes, as a radius for each angle."""
    points = _TYPICAL.copy()
    points[:, 1] *= np.where(points[:, 1] > 0, chin / _TYPICAL[:, 1].max(), 1)
    curve = closed_curve(points, 132) - _MIDDLE
    angle = np.arctan2(curve[:, 1], curve[:, 0])
    order = np.argsort(angle)
    return np.interp(_ANGLES, angle[order], np.hypot(*curve.T)[order], period=2 * np.pi)


def _step(values: np.ndarray, width: int = 4) -> np.ndarray:
    """How much larger values (angles, radii, c) are just inside of a radius than just outside of it."""
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0), (0, 0))), axis=1)
    difference = np.zeros_like(values)
    inner = sums[:, width:-width] - sums[:, : -2 * width]
    outer = sums[:, 2 * width :] - sums[:, width:-width]
    difference[:, width : width + inner.shape[1]] = (inner - outer) / width
    return difference


def _closed_path(strength: np.ndarray, reach: int = 2) -> np.ndarray:
    """The radius at each angle of the strongest way round, (angles,); it changes by `reach` steps at most."""
    # Two turns, so that the end meets the beginning; a change of radius costs a little.
    places = np.arange(strength.shape[1])
    shifts = np.arange(-reach, reach + 1)
    twice = np.concatenate([strength, strength])
    best, came = twice[0], np.zeros(twice.shape, int)
    for row in range(1, len(twice)):
        wide = np.pad(best, reach, constant_values=-np.inf)
        options = np.lib.stride_tricks.sliding_window_view(wide, len(shifts)) - 0.06 * np.abs(shifts)
        choice = options.argmax(axis=1)
        came[row] = choice + places - reach
        best = options[places, choice] + twice[row]
    path = np.empty(len(twice), int)
    path[-1] = best.argmax()
    for row in range(len(twice) - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    # The middle half is a whole turn that neither end has touched.
    quarter = len(strength) // 2
    return np.roll(path[quarter : quarter + len(strength)], quarter)


def _rising(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights in rising order, and the places across at them, of points (n, 2) of one side."""
    order = np.argsort(points[:, 1])
    return points[order, 1], points[order, 0]
