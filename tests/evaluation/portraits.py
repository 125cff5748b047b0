"""One synthetic portrait with and without glasses, and ways of spoiling a result."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from cyclegan_glasses.evaluation.inputs import Input
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait

SIDE = 96


@lru_cache
def portrait(number: int = 3, shape: str = "round") -> Input:
    """A face without glasses as the input, with thick round ones as the truth."""
    facts = random_portrait(0, number)
    drawing = draw_portrait(facts, SIDE)
    frame = Frame(shape=shape, rim=3.5)
    worn, mask = drawing.with_glasses(frame)
    roll = np.radians(facts.roll)
    half = np.array([np.cos(roll), np.sin(roll)]) * facts.eye_distance / 2
    eyes = (np.array([facts.eye_x, facts.eye_y]) + np.stack([-half, half])) * SIDE
    return Input(f"{number}", drawing.image, eyes, worn, mask / 255)


def spoiled(picture: np.ndarray, other: np.ndarray, eyes: np.ndarray) -> dict[str, np.ndarray]:
    """`picture` in all the ways in which a result is wrong; `other` is the face as it was before."""
    rng = np.random.default_rng(0)
    middle = round(float(eyes[:, 0].mean()))
    half, faint = picture.copy(), (picture.astype(float) + other) / 2
    half[:, :middle] = other[:, :middle]
    noisy = picture + rng.normal(0, 20, picture.shape)
    return {
        "blurred": cv2.GaussianBlur(picture, (0, 0), 2),
        "gamma": np.round(255 * (picture / 255.0) ** 1.4).astype(np.uint8),
        "shifted": np.roll(picture, 3, axis=1),
        "noisy": np.clip(noisy, 0, 255).astype(np.uint8),
        "half": half,
        "faint": np.round(faint).astype(np.uint8),
        "untouched": other,
    }
