"""What a camera does to everything in a picture alike: blur and grain."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.raster import blur

_DRAWN = 0.4
"""Blur in pixels that drawing with antialiasing has by itself."""
_PROBE = 1.0
_SLOPE = 0.4
"""Variance in square pixels that measuring a slope over three pixels adds to an edge."""
_SHARP_QUANTILE = 0.8
"""The sharpest fifth of the steep places counts: the edges of a face are soft by themselves."""
_SHARPEST, _SOFTEST = 0.4, 2.5


@dataclass(frozen=True, slots=True)
class Camera:
    """How the camera shows an edge and an even area.

    Attributes:
        blur: standard deviation in pixels of an edge; up to 0.4 nothing is added to what is drawn.
        grain: standard deviation of the noise of an even area, in grey levels of 255.
        seed: of the grain.
    """

    blur: float = 0.0
    grain: float = 0.0
    seed: int = 0

    def soften(self, layer: np.ndarray) -> np.ndarray:
        """A drawn layer, float32 (h, w) or (h, w, c), as sharp as the camera's picture."""
        if self.blur <= _DRAWN:
            return layer
        soft = blur(layer, float(np.sqrt(self.blur**2 - _DRAWN**2)))
        return soft if soft.ndim == layer.ndim else soft[..., None]

    def noise(self, shape: tuple[int, int]) -> np.ndarray:
        """Grain (h, w, 1) of the camera's strength and coarseness, float32 in grey levels."""
        white = np.random.default_rng(self.seed).standard_normal(shape).astype(np.float32)
        soft = blur(white, 0.6 * self.blur)
        return (soft * (self.grain / max(float(soft.std()), 1e-6)))[..., None]


def measure_camera(image: np.ndarray, seed: int = 0) -> Camera:
    """Blur and grain of a picture, uint8 RGB (height, width, 3).

    Blur: an edge of deviation s that is blurred again by one pixel keeps s / sqrt(s² + 1) of its slope (Zhuo
    and Sim 2011, doi 10.1016/j.patcog.2011.03.009, eq. 4), read at the steepest places. Grain: the median of
    what the Laplacian of Immerkær (1996, doi 10.1006/cviu.1996.0060) leaves where the picture is smooth.
    """
    # Blur: how much of its slope an edge keeps when it is blurred again.
    grey = to_grey(image).astype(np.float32)
    slope, softer = (_slope(layer) for layer in (grey, cv2.GaussianBlur(grey, (0, 0), _PROBE)))
    steep = slope >= np.quantile(slope, 0.97)
    ratio = float(np.quantile(slope[steep] / np.maximum(softer[steep], 1e-3), _SHARP_QUANTILE))
    width = np.sqrt(max(_PROBE**2 / max(ratio**2 - 1, 1e-3) - _SLOPE, 0))
    # Grain: what is left of even areas when every smooth change is taken out.
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    smooth = slope <= np.quantile(slope, 0.5)
    grain = 1.4826 * float(np.median(np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel)[smooth])))
    return Camera(float(np.clip(width, _SHARPEST, _SOFTEST)), min(grain, 12.0), seed)


def _slope(grey: np.ndarray) -> np.ndarray:
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    return cv2.magnitude(across, down)
