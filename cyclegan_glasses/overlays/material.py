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
        tone, clear = _pattern(frame, colour[on], on, shape.shape, pose.scale * crop.zoom)
        alpha[on] *= clear
        bevel = max(1.0, 0.3 * max(frame.rim, 1.0) * pose.scale * crop.zoom)
        height = blur(shape, bevel)
        across, down = (
            cv2.Sobel(height, cv2.CV_32F, *axis, scale=-1.6 * bevel / 1020)[on] for axis in ((1, 0), (0, 1))
        )
        # What is mirrored differs from place to place: highlights come and go along a rim.
        glints = 0.4 + 3 * _spots(frame, 1, (16.0, 14.0), pose.scale * crop.zoom, shape.shape)[on] ** 4
        colours = _lit(frame, light, tone, across, down, glints)
        layer[on] = colours * alpha[on][:, None]
    return crop.shrink(layer), crop.shrink(alpha)[..., None]


def _lit(
    frame: Frame, light: Light, tone: np.ndarray, across: np.ndarray, down: np.ndarray, glints: np.ndarray
) -> np.ndarray:
    """Colours (n, 3) 0 … 255 of points of a `tone`, whose surface leans `across` and `down` (n,).

    `glints` (n,), 1 in the mean, is how much of a highlight the surroundings give each point.
    """
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
        return np.clip(shaded + gloss * (0.5 * shaded + 110 * lamp) * (glints * shine)[:, None], 0, 255)
    level = light.ambient + (1 - light.ambient) * 1.3 * diffuse
    sheen = gloss * (30 * up * up + 84 * shine) * glints
    return np.clip((tone * level[:, None] + sheen[:, None]) * lamp, 0, 255)


def _spots(
    frame: Frame, number: int, size: tuple[float, float], mm: float, shape: tuple[int, ...]
) -> np.ndarray:
    """Soft spots of 0 to 1, float32 of `shape`: of `size` (height, width) in mm, of `mm` pixels each."""
    cells = [max(2, round(side / (mm * length))) for side, length in zip(shape, size, strict=True)]
    spots = np.random.default_rng([round(100 * frame.lens_width), number]).random(cells, np.float32)
    return np.clip(cv2.resize(spots, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _pattern(
    frame: Frame, colour: np.ndarray, at: tuple[np.ndarray, ...], shape: tuple[int, ...], mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Paint (n, 3) and how opaque it is (n,) at rows and columns `at` of a layer of `mm` pixels a mm."""
    tone, clear = colour.astype(np.float32), np.ones(len(colour), np.float32)
    if frame.pattern == "tortoise":
        spots = _spots(frame, 0, (6.0, 4.5), mm, shape)[at]
        tone *= np.clip(1.7 * spots - 0.15, 0.25, 1.5)[:, None]
    elif frame.pattern == "fade":
        low = np.clip((at[0] / shape[0] - 0.35) * 2.5, 0, 1).astype(np.float32)
        tone += 0.6 * low[:, None] * (216 - tone)
        clear -= 0.55 * low
    elif frame.pattern == "two-tone":
        tone[at[0] > 0.5 * shape[0]] = frame.wire
    return tone, clear
