"""Between pixels, uint8 levels of 0 to 255, and what networks read, float32 in [-1, 1], as numpy arrays.

`pixels` does the same with tensors, bit for bit.
"""

from __future__ import annotations

import numpy as np

#: Levels for each unit of [-1, 1].
LEVELS = 127.5
#: Weights of red, green and blue in the luminance of ITU-R BT.601.
LUMINANCE = (0.299, 0.587, 0.114)


def to_values(pixels: np.ndarray) -> np.ndarray:
    """uint8 (n, height, width, channels) as float32 (n, channels, height, width) in [-1, 1]."""
    values = np.ascontiguousarray(np.moveaxis(pixels, -1, -3)).astype(np.float32)
    values /= np.float32(255)
    values -= np.float32(0.5)
    values /= np.float32(0.5)
    return values


def to_levels(values: np.ndarray) -> np.ndarray:
    """Values (n, channels, height, width) in [-1, 1] as levels (n, height, width, channels), float32,
    neither rounded nor clipped."""
    return np.ascontiguousarray(np.moveaxis((values + 1) * np.float32(LEVELS), -3, -1))


def luminance(values: np.ndarray) -> np.ndarray:
    """Grey (n, 1, height, width) of RGB (n, 3, height, width)."""
    weights = np.array(LUMINANCE, np.float32).reshape(3, 1, 1)
    return (values * weights).sum(-3, keepdims=True)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) of `logits`, float64."""
    weights = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def to_rgb(values: np.ndarray) -> np.ndarray:
    """One picture, (1 or 3, height, width), as uint8 RGB (height, width, 3), rounded; what lies beyond
    [-1, 1] is clipped."""
    levels = np.rint((np.clip(values, -1, 1) + 1) * np.float32(LEVELS)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(np.moveaxis(levels, 0, -1), (*levels.shape[1:], 3)))
