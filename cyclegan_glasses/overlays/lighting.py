"""The light on the face of a photograph: where the lamp is, how hard and coloured, and how it falls."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import blur
from cyclegan_glasses.overlays.scene import Light
from cyclegan_glasses.overlays.skin import INNER, filled, ring, values_at

_SKIN = np.array((1.34, 0.91, 0.75))
"""Red, green and blue of skin beside their mean: medians of 1,200 photos of FairFace, of all its groups."""
_BELIEVED = 0.35
"""Exponent of the hue of the skin, which differs from person to person."""
_WHITE = 245.0
"""Level of white paper in a photo of the usual exposure."""


def find_light(image: np.ndarray, pose: Pose, skin: np.ndarray, saturation: float = 1.0) -> Light:
    """The lamp that shades the face so, its colour and brightness, and how soft the light is.

    The brightness of the skin is fitted by `1 + b · n` over the normals `n` of an ellipsoid (Lambert's law,
    one lamp and a sky). The colour is that of the picture's bright parts (Shades of Grey, Finlayson and
    Trezzi 2004, Minkowski norm 6) and of the skin beside most people's, each partly believed. White is as
    bright as the face's brightest parts: its highlights, the eyes, the teeth.

    Args:
        image: uint8 RGB (height, width, 3).
        skin: uint8 (height, width), as from `skin.find_skin`.
        saturation: of the camera; in a photo of one hue all light is of that hue.
    """
    # Spots on an ellipsoid, their normals, and the brightness of the picture there.
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), axis=-1).reshape(-1, 2)
    grid = grid[np.hypot(*grid.T) < 1] * (56, 82) + (0, 25)
    normal = np.column_stack([grid / (72, 105) ** np.array(2), -np.ones(len(grid)) / 80])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    spots = pose.project(grid)
    grey = to_grey(image)
    level = values_at(blur(grey, 3 * pose.scale)[..., None], spots)[:, 0]
    weight = values_at(skin[..., None], spots)[:, 0] / 255 + 1e-3
    # Weighted least squares for the two sideways components of the lamp, a little pulled to zero.
    level = level / max(1.0, float(np.average(level, weights=weight))) - 1
    sides = (normal @ pose.rotation.T)[:, :2]
    sides = sides - np.average(sides, axis=0, weights=weight)
    gram = (sides * weight[:, None]).T @ sides + 0.03 * weight.sum() * np.eye(2)
    across, down = np.linalg.solve(gram, (sides * weight[:, None]).T @ level)
    strength = float(np.hypot(across, down))
    direction = (float(np.clip(across, -0.8, 0.8)), float(np.clip(down, -0.6, 0.6)) - 0.3, -0.75)
    colour = _colour(image, grey, pose, skin, saturation)
    return Light(direction, tuple(colour.tolist()), float(np.clip(0.8 - 0.5 * strength, 0.4, 0.75)))


def _colour(
    image: np.ndarray, grey: np.ndarray, pose: Pose, skin: np.ndarray, saturation: float
) -> np.ndarray:
    """RGB (3,) of what is white, 1 for the level 255 or so."""
    face = filled(image.shape, pose, ring(*INNER)) > 0
    if not face.any():
        face[:] = True
    bright = np.power(cv2.mean(np.square(image.astype(np.float32) / 255) ** 3)[:3], 1 / 6) + 1e-3
    bare = image[face & (skin > 127)]
    tone = (np.median(bare, axis=0) if len(bare) else np.full(3, 128.0)) + 4
    relative = tone / tone.mean()
    lamp = np.sqrt(bright / bright.mean()) * (relative / _SKIN) ** _BELIEVED
    hue = lamp * saturation + relative * (1 - saturation)
    highlight, brightest = np.quantile(grey[face], (0.95, 0.997)).tolist()
    exposure = np.clip(max(1.08 * highlight, brightest) / _WHITE, 0.25, 1.0)
    return np.clip(hue / hue.mean(), 0.7, 1.4) * exposure


def find_shade(image: np.ndarray, pose: Pose, skin: np.ndarray) -> np.ndarray:
    """How much light falls on each part of the face, uint8 (height, width): 128 is the mean of the face.

    The brightness of the skin, blurred by 11 mm, half believed, and carried on to where there is no skin.
    """
    weight = (skin.astype(np.float32) / 255) ** 2
    grey = to_grey(image).astype(np.float32) * weight
    wide = 11 * pose.scale
    mean = max(float(grey.sum() / max(weight.sum(), 1e-3)), 1.0)
    local = (blur(grey, wide) + 0.05 * mean) / (blur(weight, wide) + 0.05) / mean
    return np.round(128 * np.clip(np.sqrt(local), 0.5, 1.4)).astype(np.uint8)
