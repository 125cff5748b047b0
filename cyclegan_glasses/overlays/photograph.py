"""What a photograph of a face says about its light, its skin and its camera."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.lighting import find_light, find_shade
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop, bytes_of
from cyclegan_glasses.overlays.scene import Camera, Scene
from cyclegan_glasses.overlays.skin import HEAD, find_cover, find_hair, find_skin, ring

_FINEST = 2.0
"""Pixels a mm at which skin and light are read, at most."""
_SLOPE = 0.4
"""Variance in square pixels that measuring a slope over three pixels adds to an edge."""
_SHARP_QUANTILE = 0.8
"""The sharpest fifth of the steep places counts: the edges of a face are soft by themselves."""
_SCALES, _QUANTILES = (1.3, 2.9, 5.8, 17.0), (0.66, 0.82, 0.92, 0.97)
"""That quantile at so many pixels a mm: the finer lashes are seen, the rarer are edges that only the camera
softens. Read off portraits softened by known blurs."""
_SHARPEST, _SOFTEST = 0.4, 2.5
_DARKEST, _TONED = 6.0, 3.0
"""Level of the darkest things in a photo without haze, and deviation of the chroma of one in a single hue."""


def read_scene(image: np.ndarray, pose: Pose, seed: int = 0) -> Scene:
    """Estimate light and camera of a photo, and what is skin and hair on a face in it.

    Only the head is looked at, at no more than `_FINEST` pixels a mm, so a large photo takes no longer.

    Args:
        image: uint8 or uint16 RGB (height, width, 3).
        pose: of the face.
        seed: of the grain that drawn parts will get.
    """
    head = Crop.around(pose.project(ring(*HEAD)), 2, image.shape, 1)
    if head is None:
        return Scene()
    face, step = head.reduced(image, pose.scale / _FINEST)
    corner = (head.x, head.y)
    seen = pose.in_window(corner, step)
    skin = find_skin(face, seen)
    black, saturation = _blacks_and_colours(image)
    quantile = float(np.interp(pose.scale, _SCALES, _QUANTILES))
    camera = measure_camera(_sharpest_part(image, pose), seed, quantile)
    camera = replace(camera, black=black, saturation=saturation)
    light = find_light(face, seen, skin, saturation)
    hair, shade = find_hair(face, seen), find_shade(face, seen, skin)
    return Scene(
        light,
        camera,
        skin=skin,
        cover=find_cover(skin, seen),
        hair=hair,
        shade=shade,
        corner=corner,
        step=step,
    )


def _sharpest_part(image: np.ndarray, pose: Pose) -> np.ndarray:
    """The face as uint8, or, of a large one, what lies around its eyes: about a million pixels at most."""
    middle, size = ((0.0, 20.0), (90.0, 120.0)) if pose.scale < 8 else ((0.0, 0.0), (100.0, 40.0))
    corners = pose.project(np.array([middle])) + np.outer((-0.5, 0.5), size) * pose.scale
    part = Crop.around(corners, 0, image.shape, 1)
    return bytes_of(image if part is None else image[part.slices])


def measure_camera(image: np.ndarray, seed: int = 0, sharp: float = _SHARP_QUANTILE) -> Camera:
    """Blur and grain of a picture, uint8 RGB (height, width, 3).

    `sharp` is the quantile of the steepest places that is taken for an edge as sharp as the camera allows.

    Blur: an edge of deviation s that is blurred again by one pixel keeps s / sqrt(s² + 1) of its slope (Zhuo
    and Sim 2011, doi 10.1016/j.patcog.2011.03.009, eq. 4), read at the steepest places. Grain: the median of
    what the Laplacian of Immerkær (1996, doi 10.1006/cviu.1996.0060) leaves where the picture is smooth.
    """
    # Blur: how much of its slope an edge keeps when it is blurred again.
    grey = to_grey(image).astype(np.float32)
    slope, softer = (_slope(layer) for layer in (grey, cv2.GaussianBlur(grey, (0, 0), 1.0)))
    steep = slope >= np.quantile(slope, 0.97)
    ratio = float(np.quantile(slope[steep] / np.maximum(softer[steep], 1e-3), sharp))
    width = np.sqrt(max(1 / max(ratio**2 - 1, 1e-3) - _SLOPE, 0))
    # Grain: what is left of even areas when every smooth change is taken out.
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    smooth = slope <= np.quantile(slope, 0.5)
    grain = 1.4826 * float(np.median(np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel)[smooth])))
    return Camera(float(np.clip(width, _SHARPEST, _SOFTEST)), min(grain, 12.0), seed)


def _blacks_and_colours(image: np.ndarray) -> tuple[tuple[float, ...], float]:
    """The darkest level of each colour, and how much colours differ from those of a toned grey."""
    rows, columns = (slice(None, None, 1 + side // 250) for side in image.shape[:2])
    small = bytes_of(image[rows, columns])
    black = np.clip(np.quantile(small, 0.002, axis=(0, 1)) - _DARKEST, 0, 50)
    chroma = cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb)[..., 1:].reshape(-1, 2).std(axis=0).sum()
    return tuple(black.tolist()), float(np.clip((chroma - _TONED) / _TONED, 0, 1))


def _slope(layer: np.ndarray) -> np.ndarray:
    """Length of the gradient; `cv2.magnitude` rounds by where in memory its arguments lie (OpenCV 4, IPP)."""
    across, down = cv2.Sobel(layer, cv2.CV_32F, 1, 0), cv2.Sobel(layer, cv2.CV_32F, 0, 1)
    return np.sqrt(across * across + down * down)
