"""A float picture that soft shapes are blended into, each on its own window only."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from cyclegan_glasses.overlays.raster import blur

_SHIFT = 4


def curve(points: np.ndarray, count: int = 24) -> np.ndarray:
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


def tapered(line: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """The outline (2n, 2) of a stroke along `line` (n, 2) with a width at each point."""
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    normal = along[:, ::-1] * (-0.5, 0.5) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    offset = normal * (width[:, None] if isinstance(width, np.ndarray) else width)
    return np.concatenate([line + offset, (line - offset)[::-1]])


def moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
    """Points (…, 2) moved by (x, y)."""
    return points + np.array([x, y])


def fixed(points: np.ndarray) -> np.ndarray:
    """Pixels as OpenCV's fixed-point numbers of `_SHIFT` bits."""
    return np.round(np.asarray(points) * (1 << _SHIFT)).astype(np.int32)


class Canvas:
    """RGB float32 (size, size, 3), about 0 … 1; shapes are pixels (n, 2), softness is a blur in pixels."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rgb = np.zeros((size, size, 3), np.float32)

    def mask(self, points: np.ndarray, soft: float = 0.0) -> np.ndarray:
        """Coverage of a polygon over the whole canvas, uint8 (size, size)."""
        layer = np.zeros((self.size, self.size), np.uint8)
        cv2.fillPoly(layer, [fixed(points)], 255, cv2.LINE_AA, _SHIFT)
        return blur(layer, soft)

    def window(self, points: np.ndarray, soft: float) -> tuple[tuple[slice, slice], np.ndarray] | None:
        """Where a soft polygon touches the canvas, and its coverage there, float32; None if nowhere."""
        margin = 2 + 3 * soft
        low = np.maximum(np.floor(points.min(axis=0) - margin), 0).astype(int)
        high = np.minimum(np.ceil(points.max(axis=0) + margin) + 1, self.size).astype(int)
        if (high <= low).any():
            return None
        layer = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(layer, [fixed(points - low)], 255, cv2.LINE_AA, _SHIFT)
        place = (slice(low[1], high[1]), slice(low[0], high[0]))
        return place, blur(layer, soft).astype(np.float32) * np.float32(1 / 255)

    def fill(
        self,
        points: np.ndarray,
        colour: np.ndarray,
        alpha: float = 1.0,
        soft: float = 0.0,
        inside: np.ndarray | None = None,
    ) -> None:
        """Blend a polygon of one colour (3,); `inside` (uint8, whole canvas) limits it."""
        window = self.window(points, soft)
        if window is None or alpha <= 0:
            return
        place, cover = window
        if inside is not None:
            cover = cover * (inside[place] * np.float32(1 / 255))
        below = self.rgb[place]
        below += (cover * np.float32(alpha))[..., None] * (np.asarray(colour, np.float32) - below)

    def shade(
        self,
        points: np.ndarray,
        factor: np.ndarray | float,
        soft: float = 0.0,
        inside: np.ndarray | None = None,
    ) -> None:
        """Multiply by `factor` (a number or (3,)) inside a polygon."""
        window = self.window(points, soft)
        if window is None:
            return
        place, cover = window
        if inside is not None:
            cover = cover * (inside[place] * np.float32(1 / 255))
        self.rgb[place] *= 1 + cover[..., None] * (np.asarray(factor, np.float32) - 1)

    def stroke(
        self, line: np.ndarray, width: np.ndarray | float, colour: np.ndarray, alpha: float, soft: float = 0.0
    ) -> None:
        """Blend a stroke along a line, whose width may change along it."""
        self.fill(tapered(line, width), colour, alpha, soft)

    def hairs(self, lines: np.ndarray, width: float, colour: np.ndarray, alpha: float) -> None:
        """Blend many lines (n, k, 2) of one colour at once; thinner than a pixel means fainter."""
        if not len(lines):
            return
        layer = np.zeros((self.size, self.size), np.uint8)
        cv2.polylines(layer, list(fixed(lines)), False, 255, max(1, round(width)), cv2.LINE_AA, _SHIFT)
        low = np.maximum(np.floor(lines.min(axis=(0, 1))) - 2, 0).astype(int)
        high = np.maximum(np.ceil(lines.max(axis=(0, 1))) + 3, 0).astype(int)
        place = (slice(low[1], high[1]), slice(low[0], high[0]))
        cover = layer[place].astype(np.float32) * np.float32(alpha * min(1.0, width) / 255)
        self.rgb[place] += cover[..., None] * (np.asarray(colour, np.float32) - self.rgb[place])

    def blend(self, layer: np.ndarray, cover: np.ndarray) -> None:
        """Blend a whole layer (size, size, 3) or one colour with coverage float32 (size, size)."""
        self.rgb += cover[..., None] * (layer - self.rgb)
