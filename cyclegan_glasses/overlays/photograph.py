"""What a photograph of a face says about its light, its skin and its camera."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop, blur, levels_of
from cyclegan_glasses.overlays.scene import Camera, Light, Scene

_SAMPLES = np.array([(-30, 28), (30, 28), (-38, 40), (38, 40), (0, 18), (-18, 44), (18, 44), (0, -32)], float)
"""Where skin is bare on most faces, mm: cheeks, nose, forehead."""
_INNER, _HEAD = ((0, 28), (50, 62)), ((0, 15), (84, 125))
"""Middle and half axes in mm of an ellipse that is face for certain, and of one that the head is inside."""
_FINEST = 2.4
"""Pixels a mm at which skin and light are read, at most."""
_SLOPE = 0.4
"""Variance in square pixels that measuring a slope over three pixels adds to an edge."""
_SHARP_QUANTILE = 0.8
"""The sharpest fifth of the steep places counts: the edges of a face are soft by themselves."""
_SHARPEST, _SOFTEST = 0.4, 2.5


def read_scene(image: np.ndarray, pose: Pose, seed: int = 0) -> Scene:
    """Estimate light, camera and skin of a face; whatever is not skin covers the temples.

    Only the head is looked at, at no more than `_FINEST` pixels a mm, so a large photo takes no longer.

    Args:
        image: uint8 or uint16 RGB (height, width, 3).
        pose: of the face.
        seed: of the grain that drawn parts will get.
    """
    head = Crop.around(pose.project(_ring(*_HEAD)), 2, image.shape, 1)
    if head is None:
        return Scene()
    step = max(1.0, pose.scale / _FINEST)
    face = _as_bytes(image[head.slices])
    if step > 1:
        size = (max(1, round(head.width / step)), max(1, round(head.height / step)))
        step, face = head.width / size[0], cv2.resize(face, size, interpolation=cv2.INTER_AREA)
    corner = (head.x, head.y)
    seen = pose.in_window(corner, step)
    skin = find_skin(face, seen)
    light, camera = find_light(face, seen, skin), measure_camera(_sharpest_part(image, pose), seed)
    return Scene(light, camera, skin=skin, cover=255 - skin, corner=corner, step=step)


def _as_bytes(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.dtype == np.uint8 else np.round(levels_of(pixels)).astype(np.uint8)


def _sharpest_part(image: np.ndarray, pose: Pose) -> np.ndarray:
    """The face as uint8, or, of a large one, what lies around its eyes: about a million pixels at most."""
    middle, size = ((0.0, 20.0), (90.0, 120.0)) if pose.scale < 8 else ((0.0, 0.0), (100.0, 40.0))
    corners = pose.project(np.array([middle])) + np.outer((-0.5, 0.5), size) * pose.scale
    part = Crop.around(corners, 0, image.shape, 1)
    return _as_bytes(image if part is None else image[part.slices])


def measure_camera(image: np.ndarray, seed: int = 0) -> Camera:
    """Blur and grain of a picture, uint8 RGB (height, width, 3).

    Blur: an edge of deviation s that is blurred again by one pixel keeps s / sqrt(s² + 1) of its slope (Zhuo
    and Sim 2011, doi 10.1016/j.patcog.2011.03.009, eq. 4), read at the steepest places. Grain: the median of
    what the Laplacian of Immerkær (1996, doi 10.1006/cviu.1996.0060) leaves where the picture is smooth.
    """
    # Blur: how much of its slope an edge keeps when it is blurred again.
    grey = to_grey(image).astype(np.float32)
    slope, softer = (_slope(layer) for layer in (grey, cv2.GaussianBlur(grey, (0, 0), 1.0)))
    steep = slope >= np.quantile(slope, 0.97)
    ratio = float(np.quantile(slope[steep] / np.maximum(softer[steep], 1e-3), _SHARP_QUANTILE))
    width = np.sqrt(max(1 / max(ratio**2 - 1, 1e-3) - _SLOPE, 0))
    # Grain: what is left of even areas when every smooth change is taken out.
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    smooth = slope <= np.quantile(slope, 0.5)
    grain = 1.4826 * float(np.median(np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel)[smooth])))
    return Camera(float(np.clip(width, _SHARPEST, _SOFTEST)), min(grain, 12.0), seed)


def _slope(layer: np.ndarray) -> np.ndarray:
    """Length of the gradient; `cv2.magnitude` rounds by where in memory its arguments lie (OpenCV 4, IPP)."""
    across, down = cv2.Sobel(layer, cv2.CV_32F, 1, 0), cv2.Sobel(layer, cv2.CV_32F, 0, 1)
    return np.sqrt(across * across + down * down)


def find_skin(image: np.ndarray, pose: Pose) -> np.ndarray:
    """How likely each pixel is bare skin of the face, uint8 (height, width).

    A normal distribution in YCrCb is fitted to spots that are skin on most faces; what lies far from it, or
    outside of a generous ellipse around the head, is not. The middle of the face is, whatever its colour.
    """
    # The colours of spots where most faces are bare, without those that differ: a beard, a fringe.
    mm = pose.scale
    colours = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb), (0, 0), max(0.8, 1.5 * mm))
    spots = pose.project(_SAMPLES)
    values = _at(colours, spots)
    middle = np.median(values, axis=0)
    near = np.abs(values - middle).sum(axis=1) < 60
    # How far each pixel is from them, in standard deviations.
    spread = np.maximum(values[near].std(axis=0) if near.sum() > 2 else 0, (22, 5, 5)).astype(np.float32)
    distance = np.square((colours.astype(np.float32) - middle.astype(np.float32)) / spread).sum(axis=2)
    likely = np.clip(2.2 - distance / 8, 0, 1)
    # Never outside of the head, always in the middle of the face.
    inner, head = (_filled(image.shape, pose, _ring(*oval)) for oval in (_INNER, _HEAD))
    likely = np.maximum(likely * head, inner)
    return np.round(255 * blur(likely.astype(np.float32), 1.2 * mm)).astype(np.uint8)


def find_light(image: np.ndarray, pose: Pose, skin: np.ndarray) -> Light:
    """The lamp that shades the face so, its colour and brightness, and how soft the light is.

    The brightness of the skin is fitted by `1 + b · n` over the normals `n` of an ellipsoid (Lambert's law,
    one lamp and a sky); the colour is that of the picture's bright parts (Shades of Grey, Finlayson and
    Trezzi 2004, Minkowski norm 6), half believed.
    """
    # Spots on an ellipsoid, their normals, and the brightness of the picture there.
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), axis=-1).reshape(-1, 2)
    grid = grid[np.hypot(*grid.T) < 1] * (56, 82) + (0, 25)
    normal = np.column_stack([grid / (72, 105) ** np.array(2), -np.ones(len(grid)) / 80])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    spots = pose.project(grid)
    grey = to_grey(image)
    level = _at(blur(grey, 3 * pose.scale)[..., None], spots)[:, 0]
    weight = _at(skin[..., None], spots)[:, 0] / 255 + 1e-3
    # Weighted least squares for the two sideways components of the lamp, a little pulled to zero.
    level = level / max(1.0, float(np.average(level, weights=weight))) - 1
    sides = (normal @ pose.rotation.T)[:, :2]
    sides = sides - np.average(sides, axis=0, weights=weight)
    gram = (sides * weight[:, None]).T @ sides + 0.03 * weight.sum() * np.eye(2)
    across, down = np.linalg.solve(gram, (sides * weight[:, None]).T @ level)
    strength = float(np.hypot(across, down))
    direction = (float(np.clip(across, -0.8, 0.8)), float(np.clip(down, -0.6, 0.6)) - 0.3, -0.75)
    # The colour of the lamp, and how bright the picture is.
    bright = np.power(np.mean(np.square(image.astype(np.float32) / 255) ** 3, axis=(0, 1)), 1 / 6) + 1e-3
    exposure = float(np.clip(np.quantile(grey, 0.95) / 235, 0.3, 1.0))
    colour = np.sqrt(bright / bright.mean()) * exposure
    return Light(direction, tuple(colour.tolist()), float(np.clip(0.8 - 0.5 * strength, 0.4, 0.75)))


def _at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values (n, channels) of the pixels nearest to `points`, float64; the border where they lie outside."""
    x, y = np.round(points).astype(int).T
    return image[np.clip(y, 0, image.shape[0] - 1), np.clip(x, 0, image.shape[1] - 1)].astype(float)


def _ring(middle: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
    """Points (40, 2) in mm of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * half + middle


def _filled(shape: tuple[int, ...], pose: Pose, ring: np.ndarray) -> np.ndarray:
    """1 inside of a ring (n, 2) in mm, float32 of `shape`."""
    layer = np.zeros(shape[:2], np.float32)
    cv2.fillPoly(layer, [np.round(pose.project(ring)).astype(np.int32)], 1)
    return layer
