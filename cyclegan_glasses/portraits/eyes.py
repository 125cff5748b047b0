"""Eyes and eyebrows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cyclegan_glasses.overlays.settings import PUPILS
from cyclegan_glasses.portraits.canvas import Canvas, curve, ellipse, moved, tapered
from cyclegan_glasses.portraits.head import Head
from cyclegan_glasses.portraits.palette import HAIR, IRIS, rgb
from cyclegan_glasses.portraits.parameters import Portrait
from cyclegan_glasses.portraits.skin import shadow_colour, side_light, skin_colour

_RADIUS = 6.3


def brow_colour(p: Portrait) -> np.ndarray:
    """Colour of brows, lashes and beard: the hair's, darker when it is light or dyed."""
    hair: np.ndarray = rgb(HAIR["soft-black" if p.hair_colour in ("teal", "plum") else p.hair_colour])
    dark = hair * (0.75 if hair.mean() > 0.35 else 0.95)
    return dark + 0.55 * p.grey * (np.array([0.62, 0.61, 0.6], np.float32) - dark)


def draw_eyes(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Both eyes with lids, lashes and brows."""
    for side in (-1, 1):
        _eye(canvas, head, side)
        _brow(canvas, head, side, rng)


def _lids(p: Portrait) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower edge of an eye, mm from its middle, from the inner corner outwards."""
    w, up, low, tilt = p.eye_width, 0.6 * p.eye_open, 0.4 * p.eye_open, p.eye_tilt
    inner, outer = (-w, 1.6), (w, -0.4 - tilt)
    upper = [(-0.58 * w, -0.68 * up), (-0.05 * w, -up), (0.55 * w, -0.78 * up - 0.4 * tilt)]
    lower = [(-0.5 * w, 0.78 * low + 0.3), (0.1 * w, low), (0.65 * w, 0.62 * low - 0.4 * tilt)]
    return curve([inner, *upper, outer], 22), curve([inner, *lower, outer], 22)


def _eye(canvas: Canvas, head: Head, side: int) -> None:
    p, mm = head.portrait, head.pose.scale
    upper, lower = _lids(p)

    def on(points: np.ndarray) -> np.ndarray:
        return head.place(moved(points, PUPILS / 2, 0) * (side, 1))

    # Around the eye: the hollow above it, the inner corner, make-up, the crease of the lid.
    dark = 0.35 * brow_colour(p) + 0.02
    lid = curve(np.add(upper[[1, 6, 11, 16, 20]], [(0, -2.2), (0, -4), (0, -4.6), (0.5, -4), (1, -1.5)]), 20)
    socket = np.concatenate([moved(lid, 0, -2.5), upper[::-1]])
    canvas.shade(on(socket), shadow_colour(0.16), 2.2 * mm)
    inner = np.array([(-21, -8), (-15, -9), (-13, -3), (-15, 4), (-19, 3)])
    canvas.shade(on(inner), shadow_colour(0.17), 2.6 * mm)
    if p.eyeshadow:
        tone = rgb(("6b3f52", "5a4636", "3f4a63", "7a4a3a")[p.texture % 4])
        canvas.fill(on(np.concatenate([moved(lid, 0.6, -1), upper[::-1]])), tone, 0.7 * p.eyeshadow, 1.3 * mm)
    if p.crease:
        width = 1.25 * mm * np.sin(np.linspace(0.2, np.pi - 0.25, len(lid)))
        canvas.shade(tapered(on(lid), width), shadow_colour(0.45 * p.crease), 0.35 * mm)

    # The eye itself, under the shadow of the lid.
    ball = np.concatenate([upper, lower[::-1]])
    inside = canvas.mask(on(ball))
    white = np.array([0.93, 0.915, 0.9]) * (0.96 * side_light(p, side))
    canvas.fill(on(ball), white)
    canvas.fill(on(ball[[0, 2, 4, -3, -1]]), skin_colour(p) * (0.85, 0.6, 0.56), 0.5, 0.8 * mm, inside)
    _iris(canvas, head, side, inside)
    canvas.shade(on(np.concatenate([upper, moved(upper[::-1], 0, 3.4)])), 0.5, 1.0 * mm, inside)

    # The rims of the lids, and the lashes.
    rim = skin_colour(p) * (0.72, 0.5, 0.46)
    canvas.fill(tapered(on(moved(lower, 0, 0.5)), 1.0 * mm), rim, 0.55, 0.3 * mm)
    thick = (1.35 + 1.1 * p.feminine) * mm * np.sin(np.linspace(0.35, 2.75, len(upper)))
    canvas.fill(tapered(on(moved(upper, 0, -0.3)), np.maximum(thick, 0.7 * mm)), dark, 0.93, 0.15 * mm)
    canvas.fill(tapered(on(moved(lower[8:], 0, 0.2)), 0.5 * mm), dark, 0.3 + 0.2 * p.feminine, 0.2 * mm)
    _lashes(canvas, head, side, upper, dark)


def _iris(canvas: Canvas, head: Head, side: int, inside: np.ndarray) -> None:
    p, mm = head.portrait, head.pose.scale
    tone = rgb(IRIS[p.iris]) * side_light(p, side)

    def disc(
        radius: float, colour: ArrayLike, alpha: float, soft: float, x: float = 0.0, y: float = 0.0
    ) -> None:
        ring = ellipse(side * PUPILS / 2 + p.gaze + x, y - 0.5, radius, radius, 28)
        canvas.fill(head.place(ring), colour, alpha, soft * mm, inside)

    # Its dark rim, its colour, the light in it, the pupil, the lamp and its faint image.
    lamp = 2.1 * np.sign(p.light_x)
    disc(_RADIUS, 0.32 * tone, 1.0, 0.2)
    disc(0.86 * _RADIUS, tone, 1.0, 0.6)
    disc(0.52 * _RADIUS, np.minimum(1.55 * tone + 0.05, 1), 0.55, 1.1, y=1.9)
    disc(0.44 * _RADIUS, 0.02, 1.0, 0.25)
    disc(1.35, 0.99, 0.95, 0.15, lamp, -2.2)
    disc(0.9, 0.9, 0.3, 0.4, -0.9 * lamp, 2.4)


def _lashes(canvas: Canvas, head: Head, side: int, upper: np.ndarray, dark: np.ndarray) -> None:
    p, mm = head.portrait, head.pose.scale
    along = np.linspace(0.42, 0.98, 8)
    root = upper[(along * (len(upper) - 1)).astype(int)]
    length = (1.2 + 2.4 * p.feminine) * (0.35 + 0.65 * along)[:, None]
    tip = root + length * np.stack([along - 0.25, np.full(len(along), -0.8)], axis=1)
    lines = np.stack([root, moved((root + tip) / 2, 0.25, 0.3), tip], axis=1)
    canvas.hairs(head.place(moved(lines, PUPILS / 2, 0) * (side, 1)), 0.5 * mm, dark, 0.85)


def _brow(canvas: Canvas, head: Head, side: int, rng: np.random.Generator) -> None:
    p, mm = head.portrait, head.pose.scale
    lift, arch = p.brow_lift, p.brow_arch
    anger = 1.5 if p.smile < -0.08 else 0.0
    # A tapered shape.
    inner = [(12.5, -lift + 1.5 + anger), (22, -lift - 0.35 * arch), (36, -lift - arch)]
    line = curve([*inner, (44, -lift - 0.45 * arch + 1), (51, -lift + 4.0)], 24)
    along = np.linspace(0, 1, 24)
    thick = p.brow_thickness * np.clip(0.55 + 1.6 * along, 0, 1) * np.clip(1.9 * (1 - along), 0.16, 1)
    colour = brow_colour(p)
    colour = colour + 0.16 * (skin_colour(p) * 0.6 - colour) if p.tone < 8 else colour * 0.75
    outline = head.place(tapered(line, thick) * (side, 1), 0.6)
    canvas.fill(outline, colour, 0.62, 0.55 * mm)
    # Hairs on it: upwards at the nose, outwards at the temple.
    where, across = rng.uniform(0, 1, 54), rng.uniform(-0.5, 0.5, 54)
    index = (where * 22).astype(int)
    root = line[index] + np.stack([rng.uniform(0, 1.5, 54), across * thick[index]], axis=1)
    lean = np.stack([1.2 + 2.4 * where, -2.6 + 3.7 * where - 1.2 * across], axis=1)
    hairs = np.stack([root, root + 0.55 * lean, root + lean * (1, 0.85)], axis=1)
    canvas.hairs(head.place(hairs * (side, 1), 0.6), 0.5 * mm, colour * 0.75, 0.7)
