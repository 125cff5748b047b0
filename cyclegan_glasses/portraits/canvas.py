"""A float picture that soft shapes are blended into, each on its own window only."""

from __future__ import annotations

from functools import lru_cache, reduce

import cv2
import numpy as np
from numpy.typing import ArrayLike

from cyclegan_glasses.overlays.raster import SHIFT, Crop, blur, fixed


def curve(points: ArrayLike, count: int = 24) -> np.ndarray:
    """An open Catmull-Rom spline through `points` (n, …), sampled at `count` places, ends included."""
    points = np.asarray(points, float)
    return np.tensordot(_spline(len(points), count), points, 1)


@lru_cache(maxsize=256)
def _spline(n: int, count: int) -> np.ndarray:
    """Weights (count, n) of the points of an open Catmull-Rom spline, whose ends go straight on."""
    place = np.linspace(0, n - 1, count)
    index = np.minimum(place.astype(int), n - 2)
    t = (place - index)[:, None]
    padded = np.zeros((n + 2, n))
    padded[1:-1] = np.eye(n)
    padded[0, :2], padded[-1, -2:] = (2, -1), (-1, 2)
    a, b, c, d = (padded[index + k] for k in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def symmetric(right: ArrayLike) -> np.ndarray:
    """A closed outline (m, d) by its right half (n, d), whose first and last points lie in the middle."""
    right = np.asarray(right, float)
    left = right[-2:0:-1].copy()
    left[:, 0] *= -1
    return np.concatenate([right, left])


def ellipse(x: float, y: float, wide: float, high: float, count: int = 20) -> np.ndarray:
    """An ellipse (count, 2) around (x, y) with these half axes."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + wide * np.cos(angle), y + high * np.sin(angle)], axis=1)


def tapered(line: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """The outline (2n, 2) of a stroke along `line` (n, 2) with a width at each point."""
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    normal = along[:, ::-1] * (-0.5, 0.5) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    offset = normal * np.reshape(width, (-1, 1))
    return np.concatenate([line + offset, (line - offset)[::-1]])


def moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
    """Points (…, 2) moved by (x, y)."""
    return points + np.array([x, y])


class Canvas:
    """RGB float32 (size, size, 3), about 0 … 1; shapes are pixels (n, 2), softness is a blur in pixels."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rgb = np.zeros((size, size, 3), np.float32)

    def mask(self, *shapes: np.ndarray) -> np.ndarray:
        """Coverage of polygons over the whole canvas, each by itself, uint8 (size, size)."""
        whole = Crop(0, 0, self.size, self.size, 1)
        layers = [whole.fill([points]) for points in shapes]
        return reduce(np.maximum, layers) if layers else whole.empty()

    def window(
        self, points: np.ndarray, soft: float, inside: np.ndarray | None = None
    ) -> tuple[tuple[slice, slice], np.ndarray]:
        """Where a soft polygon touches the canvas, and its coverage there, float32 (h, w, 1).

        `inside` (uint8, whole canvas) limits it.
        """
        crop = Crop.around(points, 2 + 3 * soft, self.rgb.shape, 1)
        if crop is None:
            return (slice(0), slice(0)), np.zeros((0, 0, 1), np.float32)
        cover = blur(crop.fill([points]), soft).astype(np.float32) * np.float32(1 / 255)
        if inside is not None:
            cover = cover * (inside[crop.slices] * np.float32(1 / 255))
        return crop.slices, cover[..., None]

    def fill(
        self,
        points: np.ndarray,
        colour: ArrayLike,
        alpha: float = 1.0,
        soft: float = 0.0,
        inside: np.ndarray | None = None,
    ) -> None:
        """Blend a polygon of one colour, (3,) or a grey; `inside` (uint8, whole canvas) limits it."""
        place, cover = self.window(points, soft, inside)
        below = self.rgb[place]
        below += cover * np.float32(alpha) * (np.asarray(colour, np.float32) - below)

    def shade(
        self, points: np.ndarray, factor: ArrayLike, soft: float = 0.0, inside: np.ndarray | None = None
    ) -> None:
        """Multiply by `factor` (a number or (3,)) inside a polygon."""
        place, cover = self.window(points, soft, inside)
        self.rgb[place] *= 1 + cover * (np.asarray(factor, np.float32) - 1)

    def hairs(self, lines: np.ndarray, width: float, colour: np.ndarray, alpha: float) -> None:
        """Blend many lines (n, k, 2) of one colour at once; thinner than a pixel means fainter."""
        crop = Crop.around(lines.reshape(-1, 2), 2, self.rgb.shape, 1) if len(lines) else None
        if crop is None:
            return
        layer = np.zeros((self.size, self.size), np.uint8)
        cv2.polylines(layer, list(fixed(lines)), False, 255, max(1, round(width)), cv2.LINE_AA, SHIFT)
        cover = layer[crop.slices].astype(np.float32) * np.float32(alpha * min(1.0, width) / 255)
        below = self.rgb[crop.slices]
        below += cover[..., None] * (np.asarray(colour, np.float32) - below)

    def blend(self, layer: np.ndarray, cover: np.ndarray) -> None:
        """Blend a whole layer (size, size, 3) or one colour with coverage float32 (size, size)."""
        self.rgb += cover[..., None] * (layer - self.rgb)
