"""Beards, moustaches and stubble."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.overlays.outlines import closed_curve
from cyclegan_glasses.overlays.raster import blur
from cyclegan_glasses.portraits.canvas import Canvas, symmetric
from cyclegan_glasses.portraits.eyes import brow_colour
from cyclegan_glasses.portraits.head import Head, mouth_height
from cyclegan_glasses.portraits.parameters import Portrait
from cyclegan_glasses.portraits.skin import skin_colour

STYLES = ("none", "stubble", "short", "full", "goatee", "moustache")


def draw_beard(canvas: Canvas, head: Head, skin: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a portrait's beard; the lips come after it. `skin` is the coverage of the face."""
    p, mm = head.portrait, head.pose.scale
    if p.beard == "none":
        return
    # Where it grows, and how far it reaches beyond the skin.
    longer = {"short": 1.5, "full": 4.0 + 6.0 * p.beard_length}.get(p.beard, 0.0)
    shapes = []
    if p.beard in ("stubble", "short", "full"):
        shapes.append(_jaw(head, longer))
    if p.beard == "goatee":
        shapes.append(head.place(_chin(p)))
    if p.beard != "stubble" or p.beard_length > 0.4:
        shapes.append(head.place(_moustache(p)))
    cover = canvas.mask(*shapes)
    if longer <= 2:
        cover = np.minimum(cover, skin)
    # A soft, grainy shade of it; longer beards get hairs besides.
    soft = {"stubble": 4.0, "short": 1.8, "full": 1.3}.get(p.beard, 1.2)
    faded = blur(cover, soft * mm)
    if longer <= 2:
        faded = np.minimum(faded, skin)
    tint, strength, rough = 1.1 * brow_colour(p), 0.86, 0.05
    if p.beard == "stubble":
        tint, strength, rough = tint + 0.35 * (skin_colour(p) * 0.5 - tint), 0.26 + 0.2 * p.beard_length, 0.10
    grain = rng.normal(1.0, rough, faded.shape).astype(np.float32)
    canvas.blend(tint.astype(np.float32), np.clip(faded.astype(np.float32) * (strength / 255) * grain, 0, 1))
    if p.beard != "stubble":
        _hairs(canvas, head, faded, tint, rng)


def _hairs(
    canvas: Canvas, head: Head, cover: np.ndarray, colour: np.ndarray, rng: np.random.Generator
) -> None:
    p, mm = head.portrait, head.pose.scale
    spots = rng.uniform((-p.face_width, p.nose_length), (p.face_width, p.chin + 4), (1100, 2))
    roots = head.place(spots)
    at = np.clip(np.round(roots).astype(int), 0, canvas.size - 1)
    kept = cover[at[:, 1], at[:, 0]] > rng.uniform(30, 160, len(at))
    roots, spots = roots[kept], spots[kept]
    outwards = 0.5 * np.sign(spots[:, 0]) * np.minimum(1, np.abs(spots[:, 0]) / 25)
    lean = np.stack([outwards, np.ones(len(spots))], axis=1) + rng.normal(0, 0.25, spots.shape)
    lean *= (2.2 + 3.5 * p.beard_length) * mm
    lines = np.stack([roots, roots + 0.5 * lean, roots + lean], axis=1)
    for quarter, bright in enumerate((0.45, 0.75, 1.35, 1.8)):
        canvas.hairs(lines[quarter::4], 0.55 * mm, np.clip(colour * bright + 0.02 * quarter, 0, 1), 0.55)


def _jaw(head: Head, longer: float) -> np.ndarray:
    """Beard along the jaw from ear to ear, pixels: the face's outline below, the cheeks' edge above."""
    p, mm = head.portrait, head.pose.scale
    w, y = p.face_width, mouth_height(p)
    right = np.array(
        [(6, p.nose_length + 8), (p.mouth_width + 7, y - 9), (0.62 * w, 47), (0.86 * w, 30), (0.94 * w, 10)]
    )
    cheek = head.place(np.concatenate([right[::-1] * (-1, 1), right]))
    height = (head.outline[:, 1] - head.pose.origin[1]) / mm
    below = head.outline[height > 10]
    grown = np.clip((height[height > 10] - 10) / 55, 0.1, 1)[:, None]
    away = below - head.place((0.0, 45.0))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return np.concatenate([cheek, below + away * grown * longer * mm])


def _chin(p: Portrait) -> np.ndarray:
    y, c = mouth_height(p), p.chin
    w = 0.72 * p.mouth_width
    side = [(w + 5, y - 4), (w + 5.5, y + 8), (w + 1, c - 8), (0.55 * w, c + 1)]
    return closed_curve(symmetric([(0, y + p.lip_lower + 2), *side, (0, c + 3)]), 60)


def _moustache(p: Portrait) -> np.ndarray:
    y, n, w = mouth_height(p), p.nose_length, p.mouth_width
    lip = y - 0.5 * p.lip_upper
    upper = [(0, n + 7.5), (5, n + 5.5), (13, n + 7.5), (w + 2, y - 3)]
    lower = [(w + 3, y + 2.5), (0.75 * w, y - 1.5), (7, lip), (0, lip - 0.8)]
    return closed_curve(symmetric([*upper, *lower]), 72)
