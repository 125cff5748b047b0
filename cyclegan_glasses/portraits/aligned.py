"""Drawn faces, half of them with glasses, for checks that need no photographs."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.faces.align import Framing, align
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.head import landmarks_of
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

SEED = 7


def drawn_portrait(number: int, size: int, glasses: bool) -> tuple[np.ndarray, Face]:
    """A portrait, uint8 RGB (size, size, 3), and where its face is: the landmarks exactly, the box nearly."""
    portrait = random_portrait(SEED, number)
    drawing = draw_portrait(portrait, size)
    image = drawing.with_glasses(frame_of(SEED, number))[0] if glasses else drawing.image
    half = portrait.eye_distance * size / 2
    landmarks = landmarks_of(portrait, size)
    x, y = (landmarks[:2].mean(axis=0) - (2.2 * half, 1.64 * half)).tolist()
    return image, Face((x, y, 4.4 * half, 5.3 * half), 1.0, landmarks)


def drawn_faces(count: int, size: int, framing: Framing | None = None) -> np.ndarray:
    """Aligned faces, uint8 RGB (count, size, size, 3)."""
    portraits = (drawn_portrait(number, 2 * size, number % 2 == 0) for number in range(count))
    return np.stack([align(image, face, size, framing)[0] for image, face in portraits])
