"""What a lens does to the picture: it bends what lies behind it and mirrors what lies in front."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Light

_GAP = 0.016
"""Metres from the lens to the skin behind it."""


def refract(crop: np.ndarray, lenses: list[np.ndarray], cover: np.ndarray, power: float) -> np.ndarray:
    """The picture as seen through thin lenses.

    What lies `d` behind a thin lens of power `F` looks 1 / (1 - dF) as large to a distant eye.

    Args:
        crop: float32 (h, w, 3), levels of 0 to 255.
        lenses: outline (n, 2) of each lens in pixels of the crop.
        cover: float32 (h, w, 1), how much of a pixel is lens.
        power: in dioptres.

    Returns:
        float32 (h, w, 3), 0 … 255.
    """
    larger = 1 / (1 - _GAP * power)
    if abs(larger - 1) < 0.003:
        return crop
    # Each pixel looks towards the middle of its own lens.
    y, x = np.indices(crop.shape[:2], np.float32)
    left, right = sorted((lens.mean(axis=0) for lens in lenses), key=lambda middle: float(middle[0]))
    mine = np.arange(crop.shape[1])[:, None] < (left[0] + right[0]) / 2
    middle = np.where(mine, left, right).astype(np.float32)
    source = middle + (np.stack([x, y], axis=-1) - middle) / np.float32(larger)
    bent = cv2.remap(crop, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return crop + cover * (bent - crop)


def reflections(crop: Crop, lens: np.ndarray, frame: Frame, light: Light) -> np.ndarray:
    """How much of the lamp one lens ((n, 2) pixels) mirrors, float32 (h, w, 1) of the crop, 0 … 1."""
    # Places on the lens from -1 to 1, along the direction to the lamp and across it.
    outline = lens - (crop.x, crop.y)
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    radius = (outline.max(axis=0) - outline.min(axis=0)) / 2 + 1e-6
    x = ((np.arange(crop.width) - middle[0]) / radius[0]).astype(np.float32)[None]
    y = ((np.arange(crop.height) - middle[1]) / radius[1]).astype(np.float32)[:, None]
    lamp = light.unit()[:2]
    lamp = (lamp / max(0.2, float(np.hypot(*lamp)))).astype(np.float32)
    towards = x * lamp[0] + y * lamp[1]
    across = np.square(np.square((x * lamp[1] - y * lamp[0] - 0.12) / 0.45))
    # A soft sheen, a window, and a stripe beside it.
    sheen = 0.16 * np.square(np.clip((towards + 0.3) / 1.2, 0, 1))
    window = np.exp(-np.square(np.square((towards - 0.52) / 0.17)) - across)
    stripe = np.exp(-np.square(np.square((towards - 0.1) / 0.09)) - across)
    on = (np.abs(x) < 1.1) & (np.abs(y) < 1.1)
    return np.where(on, frame.reflection * (sheen + 0.5 * window + 0.22 * stripe + 0.06), 0)[..., None]


def light_through(crop: Crop, lenses: list[np.ndarray], frame: Frame) -> np.ndarray:
    """The fraction of red, green and blue that each pixel's lens lets through, float32 (h, 1 or w, 3).

    A gradient fades evenly from the upper rim of the lenses ((n, 2) pixels) to the lower one.
    """
    taken = frame.tint_strength * (1 - np.array(frame.tint, np.float32) / 255)
    if not frame.gradient:
        return (1 - taken)[None, None]
    # Across the lenses as the head is tilted: their lowest points lie along the line from lens to lens.
    across = lenses[1].mean(axis=0) - lenses[0].mean(axis=0)
    down = np.array([-across[1], across[0]]) / max(float(np.hypot(*across)), 1e-6)
    heights = np.concatenate(lenses) @ down
    low, high = float(heights.min()), float(heights.max())
    y, x = np.indices((crop.height, crop.width), np.float32)
    height = ((x + crop.x) * down[0] + (y + crop.y) * down[1] - low) / max(high - low, 1e-6)
    left = 1 - frame.gradient * np.clip(height, 0, 1)
    return 1 - left[..., None].astype(np.float32) * taken
