"""What is behind and under the face: background, neck, shoulders and clothes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

from cyclegan_glasses.overlays.raster import blur
from cyclegan_glasses.portraits.canvas import Canvas, curve, tapered
from cyclegan_glasses.portraits.head import Head
from cyclegan_glasses.portraits.palette import BACKGROUND, CLOTHES, rgb
from cyclegan_glasses.portraits.skin import light_of, shadow_colour, skin_colour

_COLLARS = {"crew": (0.95, 108, 112), "shirt": (0.98, 97, 128),
            "roll": (1.0, 88, 94), "open": (1.3, 106, 130)}  # fmt: skip
"""Where each starts, in widths of the neck and in mm below the eyes, and its lowest point in mm."""


def draw_background(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """A gradient that is brighter at the lamp's side, with out-of-focus shapes on it."""
    p, size = head.portrait, canvas.size
    small = 48
    bright, dark = (rgb(code) for code in BACKGROUND[p.background])
    y, x = np.indices((small, small), np.float32) / (small - 1)
    away = np.hypot(x - 0.5 - 0.4 * p.light_x, y - 0.25) / 1.1
    layer = bright + np.clip(away, 0, 1)[..., None] * (dark - bright)
    if p.backdrop != "plain":
        layer = _out_of_focus(layer, p.backdrop, bright, dark, rng)
    canvas.rgb[:] = cv2.resize(layer, (size, size), interpolation=cv2.INTER_CUBIC)


def _out_of_focus(
    layer: np.ndarray, kind: str, bright: np.ndarray, dark: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    small, shift = len(layer), 4
    for _ in range({"lights": 14, "window": 3, "shapes": 6}[kind]):
        mask = np.zeros((small, small), np.uint8)
        x, y = rng.uniform(-2, small + 2, 2)
        if kind == "lights":
            centre = (round(x * 16), round(y * 16))
            cv2.circle(mask, centre, round(rng.uniform(1.5, 4.5) * 16), 255, -1, cv2.LINE_AA, shift)
            colour, alpha, soft = np.minimum(bright * 1.15 + 0.12, 1), rng.uniform(0.15, 0.5), 0.7
        elif kind == "window":
            wide = rng.uniform(6, 16)
            cv2.rectangle(mask, (int(x), -1), (int(x + wide), int(small * rng.uniform(0.5, 1.1))), 255, -1)
            colour, alpha, soft = np.minimum(bright * 1.2 + 0.1, 1), rng.uniform(0.3, 0.6), 2.5
        else:
            angle = np.sort(rng.uniform(0, 2 * np.pi, 7))
            ring = np.stack([x + 11 * np.cos(angle), y + 11 * np.sin(angle)], axis=1)
            cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32)], 255, cv2.LINE_AA, shift)
            mix = rng.random()
            colour, alpha, soft = mix * bright + (1 - mix) * dark * 0.85, 0.55, 2.2
        cover = blur(mask, soft).astype(np.float32)[..., None] / 255
        layer = layer + alpha * cover * (colour - layer)
    return layer


def draw_body(canvas: Canvas, head: Head) -> None:
    """Neck with the shadow of the chin, shoulders and a collar."""
    p, mm = head.portrait, head.pose.scale
    lamp = np.array(light_of(p).colour, np.float32)
    w = (0.75 - 0.13 * p.feminine) * p.face_width
    skin = skin_colour(p) * lamp * 0.92

    right = [
        (0.97 * w, 30),
        (0.95 * w, 70),
        (w, 95),
        (1.3 * w, 112),
        (2.1 * w, 122),
        (2.2 * w, 170),
        (0, 190),
    ]
    neck = _both_sides(head, right, 52)
    inside = canvas.mask(neck)
    canvas.fill(neck, skin)
    chin = head.outline + np.array([-4.0 * p.light_x, 9.0]) * mm
    canvas.shade(chin, shadow_colour(0.5), 5.0 * mm, inside)
    for side in (-1, 1):
        edge = np.array([(w * 0.72, 40), (w * 1.3, 40), (w * 1.3, 104), (w * 0.85, 108)]) * (side, 1)
        dim = 0.3 if side * p.light_x < 0 else 0.12
        canvas.shade(head.pose.project(edge, 52), shadow_colour(dim), 4.5 * mm, inside)
    _clothes(canvas, head, w, lamp * 0.97)


def _both_sides(head: Head, right: ArrayLike, z: float) -> np.ndarray:
    """Pixels of a symmetric outline by its right half in mm and its depth."""
    half = curve(right)
    return head.pose.project(np.concatenate([half, (half * (-1, 1))[::-1]]), z)


def _clothes(canvas: Canvas, head: Head, w: float, level: np.ndarray) -> None:
    p, mm = head.portrait, head.pose.scale
    colour = rgb(CLOTHES[p.clothes]) * level
    wide, high, dip = _COLLARS[p.collar]
    start = (wide * w, high)
    right = [(0, dip), (0.6 * w, dip - 2), start, (1.5 * w, 108), (2.3 * w, 116), (2.6 * w, 190)]
    body = _both_sides(head, right, 40)
    canvas.fill(body, colour)
    inside = canvas.mask(body)
    canvas.shade(head.outline + np.array([-5.0 * p.light_x, 13.0]) * mm, 0.62, 5 * mm, inside)
    if p.collar in ("shirt", "roll"):
        right = [(0.75 * w, dip + 4), start, (1.12 * w, high + 5), (1.0 * w, high + 14)]
        for fold in np.split(_both_sides(head, right, 36), 2):
            canvas.fill(tapered(fold, 1.5 * mm), colour * 0.6, 0.6, 0.7 * mm)
