"""Nose, mouth and ears."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cyclegan_glasses.portraits.canvas import Canvas, curve, ellipse, moved, tapered
from cyclegan_glasses.portraits.head import Head, mouth_height
from cyclegan_glasses.portraits.palette import LIPSTICK, rgb
from cyclegan_glasses.portraits.parameters import Portrait
from cyclegan_glasses.portraits.skin import shadow_colour, side_light, skin_colour


def draw_nose(canvas: Canvas, head: Head, inside: np.ndarray) -> None:
    """What the relief alone does not show of a nose: nostrils, creases and the shadow it casts."""
    p, mm = head.portrait, head.pose.scale
    length, w = p.nose_length, p.nose_width
    lamp = -np.sign(p.light_x)
    reach = 3.0 + 7.0 * abs(p.light_x)
    fall = length + 4 + 5 * abs(p.light_y)
    cast = [(-0.6 * w, length + 1), (0.6 * w, length + 1), (0.75 * w + max(lamp, 0) * reach, fall),
            (0, fall + 2), (-0.75 * w + min(lamp, 0) * reach, fall)]  # fmt: skip
    # The shadow that the nose casts down, and along its far side.
    canvas.shade(head.place(cast), shadow_colour(0.26 * (1.15 - p.ambient)), 2.4 * mm, inside)
    far = lamp * (w + 2 + 0.4 * reach)
    along = [(lamp * 5.0, -4), (lamp * 6.5, 14), (lamp * (w - 3), length - 8), (far, length - 3),
             (lamp * 13, 14), (lamp * 9, -2)]  # fmt: skip
    dim = shadow_colour(0.14 * abs(p.light_x) * (1.2 - p.ambient))
    canvas.shade(head.place(along), dim, 2.6 * mm, inside)
    # Nostrils, creases of the wings, and the base.
    hole = ellipse(0.47 * w, length + 0.9, 3.3, 1.7, 16)
    hole[:, 1] -= 0.9 / 3.3 * (hole[:, 0] - 0.47 * w)
    wing = moved(curve([(-2.0, -10), (0.4, -5.5), (-0.3, -0.5), (-4.5, 1.4)], 14), w, length)
    taper = 1.7 * mm * np.sin(np.linspace(0.25, np.pi - 0.2, 14))
    for side in (-1, 1):
        canvas.fill(head.place(hole * (side, 1)), skin_colour(p) * (0.26, 0.13, 0.12), 0.85, 0.5 * mm)
        canvas.shade(tapered(head.place(wing * (side, 1)), taper), shadow_colour(0.42), 0.5 * mm)
    base = curve([(-0.4 * w, length + 1.2), (0, length + 3.2), (0.4 * w, length + 1.2)], 10)
    canvas.shade(tapered(head.place(base), 1.8 * mm), shadow_colour(0.3), 0.7 * mm)


def draw_mouth(canvas: Canvas, head: Head) -> None:
    """Lips, the line between them, and teeth when the mouth is open."""
    p, mm = head.portrait, head.pose.scale
    y, w, gap = mouth_height(p), p.mouth_width, p.mouth_open
    up, low = p.lip_upper * (0.85 if gap else 1), p.lip_lower * (0.88 if gap else 1)
    lift = 5.2 * p.smile
    corner = (w, y - lift)

    def both(points: ArrayLike) -> np.ndarray:
        """A line from corner to corner through its right half, from the middle outwards."""
        right = curve(points, 14)
        return head.place(np.concatenate([(right * (-1, 1))[:0:-1], right]))

    # Four lines from corner to corner: upper edge, between the lips, the open mouth's, lower edge.
    top = both([(0, y - up + 1.3), (5.2, y - up - 0.4), (0.55 * w, y - 0.62 * up - 0.25 * lift), corner])
    line = both([(0, y + 0.7 + 0.1 * lift), (4, y + 0.3), (0.6 * w, y + 0.2 - 0.3 * lift), corner])
    open_line = both([(0, y + 0.7 + gap), (0.5 * w, y + 0.75 * gap), (w - 0.5, y - lift + 0.2)])
    bottom = both([(0, y + low + gap), (0.5 * w, y + 0.84 * (low + gap) - 0.2 * lift), corner])

    # The lips, the upper one darker, with a shine on the lower.
    lip = _lip_colour(p)
    strength, edge = (0.96, 0.35 * mm) if p.lipstick else (0.82, 0.8 * mm)
    canvas.fill(np.concatenate([top, bottom[::-1]]), lip, strength, edge)
    canvas.shade(np.concatenate([top, line[::-1]]), shadow_colour(0.16), 0.6 * mm)
    shine = head.place(ellipse(0.3 * p.light_x * w * 0.4, y + gap + 0.52 * low, 0.3 * w, 0.2 * low))
    canvas.fill(shine, np.minimum(lip * 1.25 + 0.16, 1), 0.55 if p.lipstick else 0.36, 1.1 * mm)
    # Teeth under the upper lip, or a closed line.
    if gap:
        mouth = np.concatenate([line, open_line[::-1]])
        inside = canvas.mask(mouth)
        canvas.fill(mouth, np.array([0.22, 0.07, 0.07]))
        teeth = np.array([0.93, 0.91, 0.87]) * 0.96
        canvas.fill(moved(mouth, 0, -0.16 * gap * mm), teeth, 0.97, 0.25 * mm, inside)
        canvas.shade(np.concatenate([line, moved(line[::-1], 0, 1.6 * mm)]), 0.62, 0.6 * mm, inside)
        for side in (-1, 1):
            dark = head.place(ellipse(side * 0.86 * w, y + 0.4 * gap - lift * 0.75, 0.22 * w, gap))
            canvas.shade(dark, 0.45, 1.2 * mm, inside)
        canvas.fill(tapered(line, 0.7 * mm), lip * 0.45, 0.6, 0.25 * mm)
    else:
        thick = 1.25 * mm * np.sin(np.linspace(0.3, np.pi - 0.3, len(line)))
        canvas.fill(tapered(line, thick), lip * (0.42, 0.34, 0.34), 0.85, 0.28 * mm)
    # Shadows at the corners and under the lip.
    for side in (-1, 1):
        spot = head.place(ellipse(side * (w + 0.8), corner[1] + 0.3, 2.2, 1.7))
        canvas.shade(spot, shadow_colour(0.3), 1.0 * mm)
    under = head.place(ellipse(0, y + gap + low + 3.2, 0.5 * w, 1.8))
    canvas.shade(under, shadow_colour(0.2), 1.6 * mm)


def _lip_colour(p: Portrait) -> np.ndarray:
    if p.lipstick:
        return rgb(LIPSTICK[p.lipstick]) * (1.0 if p.tone < 8 else 0.85)
    skin, pink = skin_colour(p), np.array([0.70, 0.36, 0.34], np.float32)
    return 0.62 * skin * (0.96, 0.74, 0.72) + 0.38 * pink * (0.45 + 0.65 * float(skin.mean()))


def draw_ears(canvas: Canvas, head: Head) -> np.ndarray:
    """Both ears behind the face; returns their coverage, uint8 (size, size)."""
    p, mm = head.portrait, head.pose.scale
    k, outlines = p.ears, []
    shape = [(-4, -14), (2, -19), (8, -16), (10, -6), (7.5, 6), (4.5, 16), (0, 20), (-5, 14), (-4, -14)]
    rim = moved(k * curve([(-2, -12), (3, -15), (6.5, -11), (7, -3), (5, 6)], 18), -2.2, 1.5)
    hollow = k * curve([(-3, -6), (2.5, -7), (4, 0), (1, 6), (-3, 7)], 18)
    near = k * np.array([(-9, -22), (-1.5, -20), (-0.5, 0), (-2, 22), (-9, 22)])
    for side in (-1, 1):

        def on(points: np.ndarray, side: int = side) -> np.ndarray:
            return head.pose.project(moved(points, p.face_width + 1.0, 13.0) * (side, 1), 62.0)

        outer = on(k * curve(shape, 40))
        outlines.append(outer)
        canvas.fill(outer, skin_colour(p) * (0.92, 0.84, 0.82) * side_light(p, side))
        canvas.shade(tapered(on(rim), 2.6 * mm), shadow_colour(0.38), 0.8 * mm)
        canvas.shade(on(hollow), shadow_colour(0.34), 1.6 * mm)
        canvas.shade(on(near), shadow_colour(0.28), 2.0 * mm, canvas.mask(outer))
    return canvas.mask(*outlines)
