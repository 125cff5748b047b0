"""Draws hair: strands over a shaded sheet, curls, or the cloth of a head scarf."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.outlines import closed_curve
from cyclegan_glasses.overlays.raster import blur, fixed
from cyclegan_glasses.portraits.canvas import Canvas, curve, symmetric
from cyclegan_glasses.portraits.head import Head
from cyclegan_glasses.portraits.palette import CLOTHES, HAIR, rgb
from cyclegan_glasses.portraits.parameters import Portrait
from cyclegan_glasses.portraits.skin import light_of, shadow_colour
from cyclegan_glasses.portraits.styles import Look, Sheet

_ALONG = 18


def hair_colour(p: Portrait) -> np.ndarray:
    """Colour of the hair with its grey, float32 (3,)."""
    base = rgb(HAIR[p.hair_colour])
    return base + np.float32(p.grey) * (np.array([0.70, 0.69, 0.67], np.float32) - base)


def draw_back(canvas: Canvas, head: Head, look: Look, rng: np.random.Generator) -> None:
    """Hair behind the neck."""
    for sheet in look.behind:
        _draw(canvas, head, sheet, 0.55 * hair_colour(head.portrait), rng)


def draw_front(
    canvas: Canvas, head: Head, look: Look, skin: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Hair over the face with its shadow on the skin; returns what hides the temples, uint8 (size, size)."""
    p = head.portrait
    if look.curls:
        return _curls(canvas, head, look.curls, skin, rng)
    if look.front and p.hair != "buzz":
        _cast(canvas, head, canvas.mask(*(_edge(_grid(head, sheet)) for sheet in look.front)), skin)
    colour = rgb(CLOTHES[p.clothes]) if p.hair == "scarf" else hair_colour(p)
    hides = canvas.mask()
    for sheet in look.front:
        cover = _draw(canvas, head, sheet, colour, rng)
        if sheet.over:
            np.maximum(hides, cover, out=hides)
    return hides


def _cast(canvas: Canvas, head: Head, shape: np.ndarray, skin: np.ndarray) -> None:
    """The shadow of hair on the skin, away from the lamp."""
    p, mm = head.portrait, head.pose.scale
    shift = np.array([[1, 0, -4.0 * p.light_x * mm], [0, 1, (1.0 - 4.0 * p.light_y) * mm]])
    cast = blur(cv2.warpAffine(shape, shift, shape.shape[::-1]), 2.4 * mm)
    near = blur(shape, 3.5 * mm)
    dark = np.maximum(cast.astype(np.float32) * (0.5 * (1.2 - p.ambient)), near.astype(np.float32) * 0.3)
    dark *= skin.astype(np.float32) / (255 * 255)
    canvas.rgb *= 1 - dark[..., None] * (1 - shadow_colour(0.62))


def _grid(head: Head, sheet: Sheet) -> np.ndarray:
    """Pixels (across, along, 2) of a sheet: its rails, joined by splines from roots to tips."""
    # Rails across by their own splines, then splines along through all rails.
    rails = [head.pose.project(curve(rail, sheet.columns)) for rail in sheet.rails]
    grid = np.stack([curve(line, _ALONG) for line in np.stack(rails, axis=1)])
    # Waves swing sideways, more at the outer edge and away from the roots.
    along = np.linspace(0, 1, _ALONG)
    edge = np.linspace(0.5, 1, sheet.columns)[:, None]
    swing = np.sin(4.6 * np.pi * along + 1.4 * edge) * np.clip(2.2 * along - 0.5, 0, 1) * edge
    grid[..., 0] += 0.8 * sheet.wave * head.pose.scale * swing
    return grid


def _edge(grid: np.ndarray) -> np.ndarray:
    """The outline of a sheet, pixels (n, 2)."""
    return np.concatenate([grid[0], grid[1:, -1], grid[-1, -2::-1], grid[-2:0:-1, 0]])


def _draw(
    canvas: Canvas, head: Head, sheet: Sheet, colour: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw a sheet; returns its coverage, uint8 (size, size)."""
    mm = head.pose.scale
    grid = _grid(head, sheet)
    tone = _volume(canvas.size, grid, sheet)
    cover = canvas.mask(_edge(grid))
    _strands(tone, cover, grid, sheet, mm, rng)
    cover = blur(cover, sheet.soft * mm)
    _blend(canvas, head, tone, cover, colour, sheet)
    return cover


def _volume(size: int, grid: np.ndarray, sheet: Sheet) -> np.ndarray:
    """Brightness of a smooth sheet, uint8 (size, size), 128 is its colour: round, with a band of light."""
    layer = np.full((size, size), 100, np.uint8)
    across = np.linspace(0, 1, sheet.columns - 1)
    along = np.linspace(0, 1, _ALONG - 1)
    bulge = 92 + 34 * np.sin(np.pi * np.clip(across * 0.9 + 0.05, 0, 1)) ** 0.7
    band = 52 * sheet.shine * np.exp(-(((along - sheet.band) / 0.13) ** 2)) - 16 * along
    value = np.clip(bulge[:, None] + band[None], 20, 250)
    quads = fixed(np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2))
    for quad, level in zip(quads.reshape(-1, 4, 2), value.ravel().tolist(), strict=True):
        cv2.fillConvexPoly(layer, quad, level, cv2.LINE_8, 4)
    return blur(layer, 0.012 * size)


def _strands(
    tone: np.ndarray, cover: np.ndarray, grid: np.ndarray, sheet: Sheet, mm: float, rng: np.random.Generator
) -> None:
    """Draw strands that are lighter or darker than the sheet, in place."""
    n = sheet.strands
    # Lines from roots to tips between the columns of the sheet.
    place = rng.uniform(0, 1, n) * (sheet.columns - 1.001)
    low = place.astype(int)
    between = (place - low)[:, None, None]
    lines = grid[low] * (1 - between) + grid[low + 1] * between
    # They wave, and end unevenly.
    t = np.linspace(0, 1, _ALONG)
    phase = 2.2 * place / (sheet.columns - 1) * np.pi + rng.normal(0, 0.5, n)
    swing = np.sin(phase[:, None] + 4.6 * np.pi * t) * 0.45 * sheet.wave
    swing += rng.normal(0, 0.5, (n, 1)) * (0.4 + t)
    lines[..., 0] += mm * swing * np.minimum(1, 3 * t)
    tip = lines[:, -1:] - lines[:, -2:-1]
    tip /= np.maximum(np.linalg.norm(tip, axis=-1, keepdims=True), 1e-6)
    lines += tip * (rng.uniform(-0.3, 1, n)[:, None, None] * sheet.ragged * mm * t[None, :, None] ** 6)
    # Each has a brightness of its own, alike among neighbours; thick ones have dark edges.
    group = np.interp(place, np.linspace(0, sheet.columns, 14), rng.normal(0, 10, 14))
    change = np.clip(128 + group + rng.normal(0, 15, n), 60, 200)
    thick = max(1, round(sheet.lock * mm))
    layer = np.full_like(tone, 128)
    lines = fixed(lines)
    cv2.polylines(cover, list(lines), False, 255, 1, cv2.LINE_AA, 4)
    for line, value in zip(lines, change, strict=True):
        if thick > 2:
            cv2.polylines(layer, [line], False, 62, thick, cv2.LINE_AA, 4)
        cv2.polylines(layer, [line], False, float(value), max(1, thick - 2), cv2.LINE_AA, 4)
    tone[:] = cv2.addWeighted(tone, 1, layer, 1, -128)


def _blend(
    canvas: Canvas, head: Head, tone: np.ndarray, cover: np.ndarray, colour: np.ndarray, sheet: Sheet
) -> None:
    """Blend hair of brightness `tone` (128 is `colour`), lit from the lamp's side."""
    p, light = head.portrait, light_of(head.portrait)
    left, top, width, height = cv2.boundingRect(cover)
    place = (slice(top, top + height), slice(left, left + width))
    # Brighter towards the lamp, with a gleam where it is brightest.
    level = tone[place].astype(np.float32) * np.float32(1 / 128)
    span, origin = 90 * head.pose.scale, head.pose.origin.tolist()
    x = (np.arange(left, left + width, dtype=np.float32) - origin[0]) / span
    y = (np.arange(top, top + height, dtype=np.float32) - origin[1]) / span
    side = 1 + (1 - p.ambient) * (0.75 * p.light_x * x[None] + 0.4 * p.light_y * y[:, None])
    body = (level * side)[..., None] * (np.asarray(colour, np.float32) * np.array(light.colour, np.float32))
    gleam = (0.08 + 0.26 * sheet.shine) * np.clip(level * side - 0.98, 0, 1)[..., None]
    cloud = body + gleam * np.array([1.0, 0.97, 0.92], np.float32)
    below = canvas.rgb[place]
    below += (cover[place].astype(np.float32) * np.float32(sheet.opacity / 255))[..., None] * (cloud - below)


def _curls(
    canvas: Canvas, head: Head, volume: float, skin: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A mass of curls around the forehead and down the sides; returns what hides the temples."""
    p, mm = head.portrait, head.pose.scale
    w, y = p.face_width, -p.hairline
    # The outline of the mass, from the hairline to beyond the head.
    low, wide = (52.0, 6.0) if p.feminine > 0.5 else (8.0, 0.0)
    inner = [(0.955 * w, min(low, 30.0), 40), (0.955 * w, 4, 44), (0.925 * w, -9, 42), (0.87 * w, -24, 38),
             (0.80 * w, y + 11, 30), (0.6 * w, y + 3.5, 18), (0.3 * w, y + 0.5, 8), (0, y, 4)]  # fmt: skip
    outer = [(0, -112 - volume, 30), (0.6 * w, -104 - volume, 40), (0.98 * w + volume, y - 20, 55),
             (1.04 * w + 1.1 * volume, -14, 60), (1.03 * w + volume + wide, 0.4 * low, 60),
             (1.0 * w + 0.7 * volume + wide, low, 56), (0.97 * w + 0.3 * wide, low + wide, 48)]  # fmt: skip
    ring = symmetric([*inner[::-1], *outer[::-1]])
    ring = np.roll(ring, len(inner) - 1, axis=0)  # begins at the left
    outline = head.pose.project(closed_curve(ring, 160))
    base = canvas.mask(outline)
    _cast(canvas, head, base, skin)
    cover, tone = base.copy(), np.full_like(base, 66)
    # Places for curls: along the outline, and at random inside of it.
    x0, y0 = np.maximum(outline.min(axis=0), 0)
    x1, y1 = np.minimum(outline.max(axis=0), canvas.size - 1)
    spots = np.stack([rng.uniform(x0, x1, 900), rng.uniform(y0, y1, 900)], axis=1)
    inside = base[spots[:, 1].astype(int), spots[:, 0].astype(int)] > 128
    edge = outline + rng.normal(0, 1.0 * mm, outline.shape)
    spots = np.concatenate([edge[rng.permutation(len(edge))], spots[inside]])
    # Each curl is a dark disc with a bright arc.
    size = rng.uniform(1.7, 3.3, len(spots)) * mm * (0.85 if p.hair == "afro" else 1.15)
    angles, bright = rng.uniform(0, 360, len(spots)), rng.normal(128, 26, len(spots))
    for (cx, cy), radius, start, value in zip(spots, size, angles, bright, strict=True):
        centre, axes = (round(cx * 16), round(cy * 16)), (round(radius * 16), round(radius * 13))
        cv2.ellipse(cover, centre, axes, start, 0, 360, 255, -1, cv2.LINE_AA, 4)
        cv2.ellipse(tone, centre, axes, start, 0, 360, 72, -1, cv2.LINE_AA, 4)
        level, thick = float(np.clip(value, 40, 235)), max(1, round(0.9 * mm))
        cv2.ellipse(tone, centre, axes, start, 20, 250, level, thick, cv2.LINE_AA, 4)
    _blend(canvas, head, tone, cover, hair_colour(p), Sheet((), shine=0.4))
    return cover
