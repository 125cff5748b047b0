"""Skin: its colour from place to place, and the light on it."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.raster import blur
from cyclegan_glasses.overlays.scene import Light
from cyclegan_glasses.portraits.canvas import Canvas, curve, tapered
from cyclegan_glasses.portraits.head import Head, mouth_height
from cyclegan_glasses.portraits.palette import MONK, rgb
from cyclegan_glasses.portraits.parameters import Portrait

_SUNK = np.array([0.80, 1.0, 1.12], np.float32)
"""Exponents of a shadow by channel: light that went under the skin comes back red."""


def skin_colour(p: Portrait) -> np.ndarray:
    """Colour of the skin where it faces the camera, float32 (3,): its Monk tone, as cameras expose it."""
    tone = rgb(MONK[p.tone - 1])
    dark = (1 - float(tone.mean())) ** 3
    exposed = (1 + 0.6 * dark) * np.array([1 + 0.1 * dark, 1, 1 - 0.1 * dark], np.float32)
    pale = float(tone.mean()) ** 2
    rosy = np.array([0.985, 0.985 - 0.095 * pale, 0.975 - 0.15 * pale], np.float32)
    return tone * exposed * rosy


def shadow_colour(depth: float) -> np.ndarray:
    """What a skin shadow of `depth` 0 … 1 multiplies colours by."""
    return np.float32(1 - depth) ** _SUNK


def side_light(p: Portrait, side: int) -> float:
    """Brightness of what lies at the right (1) or left (-1) of the face: 1, or less away from the lamp."""
    return 1 - 0.4 * (1 - p.ambient) * max(0.0, -side * p.light_x)


def light_of(p: Portrait) -> Light:
    """The lamp of a portrait."""
    warm = 0.06 * p.warmth
    return Light((p.light_x, p.light_y, -0.9), (1 + warm, 1.0, 1 - 1.2 * warm), p.ambient)


def draw_skin(canvas: Canvas, head: Head, rng: np.random.Generator) -> np.ndarray:
    """Draw the face without features; returns its coverage, uint8 (size, size)."""
    p, light = head.portrait, light_of(head.portrait)
    # Light on the form of the face.
    cover = canvas.mask(head.outline)
    place, normal = head.surface()
    normal = _round_off(normal, cover, head)
    shade, gloss = _light(normal, light)
    # Its own colour, shadows reddened by light that went under the skin, and its shine.
    tone = _albedo(p, place, rng)
    warmth = np.array(light.colour, np.float32)
    lit = tone * np.power(shade[..., None], _SUNK) * warmth
    oil = 0.13 + 0.012 * p.tone
    lit += (oil * gloss * _oily(p, place))[..., None] * (0.35 + 0.65 * tone) * warmth
    lit = cv2.resize(lit, (canvas.size, canvas.size), interpolation=cv2.INTER_LINEAR)
    canvas.blend(lit, cover.astype(np.float32) / 255)
    return cover


def _round_off(normal: np.ndarray, cover: np.ndarray, head: Head) -> np.ndarray:
    """Normals that turn away towards the outline of the face, whatever its shape."""
    small = cv2.resize(cover, normal.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    mm = head.pose.scale / 2
    soft = blur(small, 7.0 * mm)
    across, down = (cv2.Sobel(soft, -1, *axis, scale=8.5 * mm / 8) for axis in ((1, 0), (0, 1)))
    bent = normal - np.stack([across, down, np.zeros_like(down)], axis=-1) * 1.5
    return bent / np.sqrt((bent * bent).sum(axis=-1, keepdims=True))


def _light(normal: np.ndarray, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Brightness, 1 where the face looks at the camera, and highlight 0 … 1 by unit normals (h, w, 3)."""
    lamp, wrap = light.unit().astype(np.float32), np.float32(0.3)
    diffuse = np.clip((normal @ lamp + wrap) / (1 + wrap), 0, 1)
    front = (-lamp[2] + wrap) / (1 + wrap)
    shade = light.ambient + (1 - light.ambient) * diffuse / front
    fill = 0.10 * np.clip(-normal[..., 1], 0, 1) - 0.16 * np.clip(normal[..., 1], 0, 1)
    rim = np.clip(1 + normal[..., 2], 0, 1)
    gloss = np.clip(normal @ light.half_vector(), 0, 1)
    for _ in range(4):
        gloss = gloss * gloss
    return np.clip(shade + fill - 0.22 * rim * rim, 0.12, 1.35), gloss


def _oily(p: Portrait, place: np.ndarray) -> np.ndarray:
    """Where skin shines: nose, forehead, cheekbones, chin."""
    x, y = np.abs(place[..., 0]), place[..., 1]
    tip = np.exp(-((x / 6) ** 2) - ((y - p.nose_length + 6) / 5) ** 2)
    nose = 0.35 * np.exp(-((x / 9) ** 2)) * (y > -10) * (y < p.nose_length - 8) + tip
    forehead = np.exp(-((x / 34) ** 2) - ((y + 38) / 16) ** 2)
    cheek = np.exp(-(((x - 40) / 12) ** 2) - ((y - 20) / 9) ** 2)
    bald = 0.8 if p.hair in ("bald", "buzz") else 0.4
    return 0.25 + 0.9 * nose + (0.4 + bald) * forehead + 0.7 * cheek


def _albedo(p: Portrait, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colour of the skin (h, w, 3) by place on the face in mm."""
    x, y = np.abs(place[..., 0]), place[..., 1]

    def spot(at: tuple[float, float], wide: float, high: float) -> np.ndarray:
        return np.exp(-(((x - at[0]) / wide) ** 2) - ((y - at[1]) / high) ** 2)

    # Blood, tired eyes, lids and grain change the three channels apart.
    red = 0.75 * spot((39, 30), 16, 13) + 0.5 * spot((0, p.nose_length - 4), 11, 8)
    red = p.blush * red + 0.18 * spot((0, p.chin - 8), 14, 8) + 0.25 * spot((24, 9), 12, 5)
    tired = (0.25 + 0.5 * (p.age - 18) / 60) * spot((26, 10), 12, 4.5)
    lid = spot((31.5, -7), 15, 5)
    noise = rng.standard_normal((40, 40), np.float32)
    grain = cv2.resize(noise, place.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    factor = np.empty((*x.shape, 3), np.float32)
    strength = 0.17 if p.tone <= 5 else 0.13
    factor[..., 0] = 1 + 0.03 * red - 0.10 * tired - 0.03 * lid
    factor[..., 1] = 1 - strength * red - 0.12 * tired - 0.09 * lid
    factor[..., 2] = 1 - 0.9 * strength * red - 0.08 * tired - 0.08 * lid
    factor += 0.012 * grain[..., None]
    if p.beard == "none" and p.feminine < 0.4:
        jaw = np.clip((y - 0.62 * mouth_height(p) - 12 + 0.25 * (45 - x)) / 22, 0, 1)
        factor *= 1 - 0.07 * jaw[..., None] * np.array([1.1, 0.9, 0.7], np.float32)
    return factor * skin_colour(p)


def draw_freckles(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Freckles over nose and cheeks."""
    p = head.portrait
    if not p.freckles:
        return
    count = int(70 * p.freckles)
    spots = rng.normal((0, 20), (26, 9), (count, 2))
    middles = head.place(spots[np.abs(spots[:, 0]) < 52])
    short = np.array([[-0.3, 0.0], [0.3, 0.1]])
    for width, dots in ((0.8, middles[::2]), (1.3, middles[1::2])):
        tone = skin_colour(p) * (0.72, 0.52, 0.4)
        canvas.hairs(dots[:, None] + short * head.pose.scale, width * head.pose.scale, tone, 0.42)


def draw_age(canvas: Canvas, head: Head, inside: np.ndarray) -> None:
    """Lines of the face: from nose to mouth on everyone, and those that come with the years."""
    p = head.portrait
    old = float(np.clip((p.age - 30) / 45, 0, 1))
    mm, mouth = head.pose.scale, mouth_height(p)
    nose, corner = p.nose_width, p.mouth_width

    def line(points: list[tuple[float, float]], width: float, depth: float) -> None:
        for side in (-1, 1):
            path = head.place(curve(points, 20) * (side, 1))
            taper = width * mm * np.sin(np.linspace(0.15, np.pi - 0.1, len(path)))
            canvas.shade(tapered(path, taper), shadow_colour(depth), 0.55 * width * mm, inside)

    fold = [(nose + 1.5, p.nose_length - 5), (nose + 7, p.nose_length + 5), (corner + 5.5, mouth - 3)]
    line(fold, 2.6, 0.06 + 0.16 * old + 0.16 * max(p.smile, 0))
    line([(20, 8.5), (28, 11.5), (39, 8.5)], 2.2, 0.09 + 0.2 * old)
    if old <= 0:
        return
    line([(corner + 2, mouth + 3), (corner + 4, mouth + 11), (corner + 2, mouth + 18)], 2.0, 0.17 * old)
    for rise, length in ((-2.5, 7), (1.0, 8), (4.5, 6)):
        line([(50, 0.5 + rise * 0.4), (50 + length, rise * 1.6)], 1.1, 0.28 * old)
    for y in (-29, -35, -41):
        path = head.place(curve([(-30, y + 2), (-14, y), (0, y + 1), (15, y - 0.5), (30, y + 2)], 20))
        taper = 1.5 * mm * np.sin(np.linspace(0.05, np.pi - 0.05, len(path)))
        canvas.shade(tapered(path, taper), shadow_colour(0.19 * old), 0.8 * mm, inside)
    line([(4.5, -10), (5.2, -17)], 1.4, 0.3 * old)
