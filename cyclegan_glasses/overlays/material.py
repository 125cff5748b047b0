"""The look of acetate and metal: colour, pattern, and light on a bevelled edge."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.geometry import Piece
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop, blur
from cyclegan_glasses.overlays.scene import Light


def solid(
    pieces: Sequence[Piece], frame: Frame, pose: Pose, light: Light, crop: Crop
) -> tuple[np.ndarray, np.ndarray]:
    """Solid parts, lit: premultiplied colour (h, w, 3) 0 … 255, alpha (h, w, 1) of the crop, float32."""
    # Coverage and colour of all pieces, on the enlarged crop.
    shape, colour = crop.empty(), crop.empty(3)
    alpha = np.zeros(shape.shape, np.float32)
    for piece in pieces:
        rings = [pose.project(ring) for ring in piece.rings]
        covered = crop.fill(rings)
        crop.paint(colour, rings, piece.colour)
        np.maximum(alpha, covered * np.float32(piece.opacity / 255), out=alpha)
        np.maximum(shape, covered, out=shape)
    # Only covered pixels are lit: the blurred coverage is the height of a bevelled edge.
    on = np.nonzero(alpha)
    layer = np.zeros(colour.shape, np.float32)
    if len(on[0]):
        tone, clear = _pattern(frame, colour[on], on, shape.shape)
        alpha[on] *= clear
        bevel = max(1.0, 0.3 * max(frame.rim, 1.0) * pose.scale * crop.zoom)
        height = blur(shape, bevel)
        across, down = (
            cv2.Sobel(height, cv2.CV_32F, *axis, scale=-1.6 * bevel / 1020)[on] for axis in ((1, 0), (0, 1))
        )
        layer[on] = _lit(frame, light, tone, across, down) * alpha[on][:, None]
    return crop.shrink(layer), crop.shrink(alpha)[..., None]


def _lit(frame: Frame, light: Light, tone: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Colours (n, 3) 0 … 255 of points of a `tone`, whose surface leans `across` and `down` (n,)."""
    # Lambert's law, and Blinn's half vector for the highlight.
    metal = frame.material == "metal"
    length = np.sqrt(across * across + down * down + 1)
    diffuse, shine = (
        np.clip((across * to[0] + down * to[1] - to[2]) / length, 0, None)
        for to in (light.unit().astype(np.float32), light.half_vector())
    )
    for _ in range(4 if metal else 5):
        shine = shine * shine
    # What leans upwards mirrors the sky or ceiling; what looks at the camera, the darker side behind it.
    up = np.clip(-1.7 * down / length, 0, 1)
    gloss, lamp = np.float32(frame.gloss), np.array(light.colour, np.float32)
    if metal:
        level = 0.4 + 0.3 * light.ambient + 0.28 * (1 - light.ambient) * diffuse + 0.45 * gloss * up
        shaded = tone * level[:, None] * lamp
        return np.clip(shaded + gloss * (0.5 * shaded + 50 * lamp) * shine[:, None], 0, 255)
    level = light.ambient + (1 - light.ambient) * 1.3 * diffuse
    sheen = gloss * (30 * up * up + 84 * shine)
    return np.clip((tone * level[:, None] + sheen[:, None]) * lamp, 0, 255)


def _pattern(
    frame: Frame, colour: np.ndarray, at: tuple[np.ndarray, ...], shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Paint (n, 3) with its pattern at rows and columns `at` of a layer, and how opaque it is there (n,)."""
    tone, clear = colour.astype(np.float32), np.ones(len(colour), np.float32)
    if frame.pattern == "tortoise":
        spots = np.random.default_rng(int(frame.lens_width * 100)).random((9, 34), np.float32)
        spots = cv2.resize(spots, shape[::-1], interpolation=cv2.INTER_CUBIC)[at]
        tone *= np.clip(1.7 * spots - 0.15, 0.25, 1.5)[:, None]
    elif frame.pattern == "fade":
        low = np.clip((at[0] / shape[0] - 0.35) * 2.5, 0, 1).astype(np.float32)
        tone += 0.6 * low[:, None] * (216 - tone)
        clear -= 0.55 * low
    return tone, clear
