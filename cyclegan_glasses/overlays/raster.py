"""Antialiased coverage of projected polygons on a crop, drawn at a multiple of its resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

SHIFT = 4


def fixed(points: np.ndarray) -> np.ndarray:
    """Pixels as OpenCV's fixed-point numbers of `SHIFT` bits after the point."""
    return np.round(points * (1 << SHIFT)).astype(np.int32)


def levels_of(pixels: np.ndarray) -> np.ndarray:
    """Pixels of uint8 or uint16, or levels as they are, as float32 levels of 0 to 255.

    Raises:
        ValueError: they are of another type.
    """
    scale = {"uint8": 1.0, "uint16": 257.0, "float32": 1.0}.get(pixels.dtype.name)
    if scale is None:
        raise ValueError(f"pixels are uint8, uint16 or float32 levels, not {pixels.dtype}")
    return pixels.astype(np.float32) / np.float32(scale)


def bytes_of(pixels: np.ndarray) -> np.ndarray:
    """Pixels as of `levels_of`, as uint8."""
    return pixels if pixels.dtype == np.uint8 else np.round(levels_of(pixels)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Crop:
    """A window of a picture: its first column and row, its size in pixels, and the supersampling."""

    x: int
    y: int
    width: int
    height: int
    zoom: int

    @staticmethod
    def around(points: np.ndarray, margin: float, shape: tuple[int, ...], zoom: int) -> Crop | None:
        """The window of a picture of `shape` that holds `points` (n, 2) and a margin; None when outside."""
        low = np.maximum(np.floor(points.min(axis=0) - margin), 0).astype(int)
        high = np.minimum(np.ceil(points.max(axis=0) + margin) + 1, shape[1::-1]).astype(int)
        if (high <= low).any():
            return None
        (x, y), (width, height) = low.tolist(), (high - low).tolist()
        return Crop(x, y, width, height, zoom)

    def reduced(self, image: np.ndarray, step: float) -> tuple[np.ndarray, float]:
        """The window of `image`, RGB as of `levels_of`, as uint8 with about one pixel for `step` of its own,
        at least 1, and how many it became."""
        window, step = bytes_of(image[self.slices]), max(1.0, step)
        if step == 1:
            return window, step
        size = (max(1, round(self.width / step)), max(1, round(self.height / step)))
        return cv2.resize(window, size, interpolation=cv2.INTER_AREA), self.width / size[0]

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the picture."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def part(self, points: np.ndarray, margin: float) -> Crop | None:
        """The part of this window that holds `points` (n, 2) and a margin, if any."""
        inside = Crop.around(points - (self.x, self.y), margin, (self.height, self.width), self.zoom)
        if inside is None:
            return None
        return replace(inside, x=inside.x + self.x, y=inside.y + self.y)

    def within(self, window: Crop) -> tuple[slice, slice]:
        """Rows and columns of this crop in a window that holds it."""
        x, y = self.x - window.x, self.y - window.y
        return slice(y, y + self.height), slice(x, x + self.width)

    def local(self, points: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of the picture as pixels of the enlarged crop."""
        return (points - (self.x, self.y) + 0.5) * self.zoom - 0.5

    def empty(self, channels: int = 1) -> np.ndarray:
        """A black uint8 layer of the enlarged crop."""
        size = (self.height * self.zoom, self.width * self.zoom)
        return np.zeros(size if channels == 1 else (*size, channels), np.uint8)

    def fill(self, rings: Sequence[np.ndarray]) -> np.ndarray:
        """Coverage 0 … 255 of the area inside an odd number of `rings` ((n, 2) pixels of the picture)."""
        layer = self.empty()
        cv2.fillPoly(layer, [fixed(self.local(ring)) for ring in rings], 255, cv2.LINE_AA, SHIFT)
        return layer

    def paint(self, layer: np.ndarray, rings: Sequence[np.ndarray], colour: Sequence[int]) -> None:
        """Fill `rings` of a three-channel layer with `colour`, a little beyond the edge, unblended."""
        outlines = [fixed(self.local(ring)) for ring in rings]
        cv2.fillPoly(layer, outlines, colour, cv2.LINE_8, SHIFT)
        cv2.polylines(layer, outlines, True, colour, 3, cv2.LINE_8, SHIFT)

    def shrink(self, layer: np.ndarray) -> np.ndarray:
        """A layer of the enlarged crop at the picture's resolution, by the mean over each pixel."""
        return cv2.resize(layer, (self.width, self.height), interpolation=cv2.INTER_AREA)


def blur(layer: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur by `sigma` pixels; large ones are done at a lower resolution."""
    if sigma < 0.3:
        return layer
    factor = int(min(8, max(1, sigma // 1.6)))
    if factor == 1:
        return cv2.GaussianBlur(layer, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    height, width = layer.shape[:2]
    small = cv2.resize(
        layer, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
