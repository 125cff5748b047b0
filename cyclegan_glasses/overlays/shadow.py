"""The shadow that glasses cast on the face."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.canvas import Canvas
from cyclegan_glasses.overlays.raster import Crop, blur
from cyclegan_glasses.overlays.worn import Worn

REACH = 14
"""Millimetres that a shadow reaches beyond the glasses."""


def draw_shadow(canvas: Canvas, worn: Worn) -> None:
    """The shadow on the skin: red light goes furthest under it, so red is darkened least."""
    window, scene = canvas.window, worn.scene
    # Soft as it is, it is drawn at about a pixel a mm.
    step = max(1, int(worn.pose.scale))
    size = -(-window.width // step), -(-window.height // step)
    coarse = Crop(0, 0, *size, window.zoom if step == 1 else 2)
    shadow = _shadow(worn, coarse, (window.x, window.y), step)
    if step > 1:
        whole = (size[0] * step, size[1] * step)
        shadow = cv2.resize(shadow, whole, interpolation=cv2.INTER_LINEAR)[: window.height, : window.width]
    shadow = shadow[..., None]
    if scene.skin is not None:
        shadow = shadow * scene.layer(scene.skin, window)
    shadow[shadow < 0.02] = 0
    picture = canvas.marked(window, "shadow", shadow)
    picture *= 1 - shadow * np.array([0.88, 1.0, 1.04], np.float32)


def _shadow(worn: Worn, crop: Crop, corner: tuple[int, int], step: int) -> np.ndarray:
    """How much light the glasses take from the skin, 0 … 1 (h, w): the lamp's shadow and that of contact.

    The pixels of `crop` are `step` times as wide as the picture's, and begin at its pixel `corner`.
    """
    pose, light = worn.pose.in_window(corner, step), worn.scene.light
    # Outlines are moved away from the lamp as far as the skin lies behind them: 10 mm, 2 mm at the nose.
    lamp = light.unit() @ pose.rotation
    away = -lamp / max(0.45, -lamp[2])
    cast, near = crop.empty(), crop.empty()
    for piece in worn.model.front:
        if piece.opacity < 0.5:
            continue
        np.maximum(cast, crop.fill([pose.project(ring + 10.0 * away) for ring in piece.rings]), out=cast)
        np.maximum(near, crop.fill([pose.project(ring + 2.0 * away) for ring in piece.rings]), out=near)
    for ribbon in [*worn.temples[0], *worn.temples[1]]:
        np.maximum(cast, crop.fill([pose.project(ribbon + 2.5 * away)]), out=cast)
    # Both are blurred by their distance; the light of the sky fills the lamp's shadow.
    mm = pose.scale
    strength = 0.4 + 0.6 * worn.look.opacity
    cast_small = blur(crop.shrink(cast), light.penumbra * mm).astype(np.float32) / 255
    near_small = blur(crop.shrink(near), 2.4 * mm).astype(np.float32) / 255
    return strength * np.maximum(0.72 * (1 - light.ambient) * cast_small, 0.24 * near_small)
