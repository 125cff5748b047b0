"""From parameters to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.overlays.scene import Scene, Wearer
from cyclegan_glasses.portraits.beard import draw_beard
from cyclegan_glasses.portraits.canvas import Canvas
from cyclegan_glasses.portraits.eyes import draw_eyes
from cyclegan_glasses.portraits.hair import draw_back, draw_front
from cyclegan_glasses.portraits.head import Head, pose_of
from cyclegan_glasses.portraits.mouth import draw_ears, draw_mouth, draw_nose
from cyclegan_glasses.portraits.parameters import Portrait
from cyclegan_glasses.portraits.scene import draw_background, draw_body
from cyclegan_glasses.portraits.skin import draw_age, draw_freckles, draw_skin, light_of
from cyclegan_glasses.portraits.styles import look

_DRAWN = 256
"""Portraits are drawn at a multiple of their size that is at least this many pixels, and twice at least."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A bare face and what is needed to put glasses on it.

    Attributes:
        image: uint8 RGB (size, size, 3).
        scene: the light, the size of the head, and where skin, hair and ears are, (size, size).
    """

    image: np.ndarray
    pose: Pose
    scene: Scene

    def with_glasses(self, frame: Frame | CustomFrame) -> tuple[np.ndarray, np.ndarray]:
        """The picture with `frame` on the face, and the mask of it (see `draw_glasses`)."""
        return draw_glasses(self.image, frame, self.pose, self.scene)


def draw_portrait(portrait: Portrait, size: int) -> Drawing:
    """The portrait as a square picture of `size` pixels, without glasses."""
    zoom = max(2, -(-_DRAWN // size))
    canvas = Canvas(size * zoom)
    head = Head.of(portrait, canvas.size)
    hair = look(portrait)

    def rng(stream: int) -> np.random.Generator:
        return np.random.default_rng([portrait.texture, stream])

    # From behind to the front; each part has random numbers of its own.
    draw_background(canvas, head, rng(0))
    draw_back(canvas, head, hair, rng(1))
    draw_body(canvas, head)
    ears = draw_ears(canvas, head)
    skin = draw_skin(canvas, head, rng(2))
    draw_freckles(canvas, head, rng(3))
    draw_age(canvas, head, skin)
    draw_nose(canvas, head, skin)
    draw_beard(canvas, head, skin, rng(4))
    draw_mouth(canvas, head)
    draw_eyes(canvas, head, rng(5))
    hides = draw_front(canvas, head, hair, np.maximum(skin, ears), rng(6))

    def shrink(layer: np.ndarray) -> np.ndarray:
        return cv2.resize(layer, (size, size), interpolation=cv2.INTER_AREA)

    image = np.clip(np.round(shrink(canvas.rgb) * 255), 0, 255).astype(np.uint8)
    wearer = Wearer(half_width=portrait.face_width + 3.0, ear=(0.0, 70.0))
    cover = np.maximum(shrink(ears), shrink(hides))
    scene = Scene(light_of(portrait), wearer=wearer, skin=shrink(skin), cover=cover)
    return Drawing(image, pose_of(portrait, size), scene)
