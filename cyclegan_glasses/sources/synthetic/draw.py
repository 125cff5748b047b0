"""From parameters to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.overlays.geometry import Wearer
from cyclegan_glasses.overlays.light import Light
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.sources.synthetic.beard import draw_beard
from cyclegan_glasses.sources.synthetic.canvas import Canvas
from cyclegan_glasses.sources.synthetic.eyes import draw_eyes
from cyclegan_glasses.sources.synthetic.hair import draw_back, draw_front
from cyclegan_glasses.sources.synthetic.head import Head, pose_of
from cyclegan_glasses.sources.synthetic.mouth import draw_ears, draw_mouth, draw_nose
from cyclegan_glasses.sources.synthetic.parameters import Portrait
from cyclegan_glasses.sources.synthetic.scene import draw_background, draw_body
from cyclegan_glasses.sources.synthetic.skin import draw_age, draw_freckles, draw_skin, light_of
from cyclegan_glasses.sources.synthetic.styles import look

_DRAWN = 256
"""Portraits are drawn at a multiple of their size that is at least this many pixels, and twice at least."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A bare face and what is needed to put glasses on it.

    Attributes:
        image: uint8 RGB (size, size, 3).
        skin: coverage of the face, uint8 (size, size).
        cover: of the ears and hair that lie over the temples of glasses, uint8 (size, size).
    """

    image: np.ndarray
    skin: np.ndarray
    cover: np.ndarray
    pose: Pose
    light: Light
    wearer: Wearer


def draw_portrait(portrait: Portrait, size: int) -> Drawing:
    """The portrait as a square picture of `size` pixels, without glasses."""
    zoom = max(2, -(-_DRAWN // size))
    canvas = Canvas(size * zoom)
    head = Head.of(portrait, canvas.size)
    hair = look(portrait)

    def chance(part: int) -> np.random.Generator:
        return np.random.default_rng([portrait.texture, part])

    draw_background(canvas, head, chance(0))
    draw_back(canvas, head, hair, chance(1))
    draw_body(canvas, head)
    ears = draw_ears(canvas, head)
    skin = draw_skin(canvas, head, chance(2))
    draw_freckles(canvas, head, chance(3))
    draw_age(canvas, head, skin)
    draw_nose(canvas, head, skin)
    draw_beard(canvas, head, skin, chance(4))
    draw_mouth(canvas, head)
    draw_eyes(canvas, head, chance(5))
    hides = draw_front(canvas, head, hair, np.maximum(skin, ears), chance(6))

    def shrink(layer: np.ndarray) -> np.ndarray:
        return cv2.resize(layer, (size, size), interpolation=cv2.INTER_AREA)

    image = np.clip(np.round(shrink(canvas.rgb) * 255), 0, 255).astype(np.uint8)
    wearer = Wearer(half_width=portrait.face_width + 3.0, ear=(0.0, 70.0))
    cover = np.maximum(shrink(ears), shrink(hides))
    return Drawing(image, shrink(skin), cover, pose_of(portrait, size), light_of(portrait), wearer)
