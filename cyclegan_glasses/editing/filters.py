"""Filters that the blending of an edit is made of; all keep shape and type and mirror at the border."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np


def smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 up to `low`, 1 from `high` on, smooth between."""
    ramp = np.clip((values - low) / (high - low), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """By a Gaussian, `sigma` in pixels."""
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def box(values: np.ndarray, radius: int) -> np.ndarray:
    """The mean of squares of 2 · `radius` + 1 pixels."""
    side = 2 * radius + 1
    return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)


def blur_where(values: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """Blur by what has weight alone: the normalised convolution of Knutsson and Westin (1993).

    Args:
        values: (h, w) or (h, w, channels).
        weight: (h, w), 0 to 1.
    """
    return per_pixel(blur(values * like(weight, values), sigma), blur(weight, sigma))


def fill(values: np.ndarray, known: np.ndarray, sigma: float) -> np.ndarray:
    """`values` where they are `known` ((h, w), 1), continued smoothly from there to where they are not (0).

    The mean of what is known around a place, then Laplace's equation by a few steps of relaxation, so that
    no edge is left where the known begins.
    """
    kept, unknown = values * like(known, values), like(1 - known, values)
    filled = kept + unknown * blur_where(values, known, sigma)
    for step in np.linspace(sigma, 1, 8):
        filled = kept + unknown * blur(filled, float(step))
    return filled


def guided_filter(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """`values` with the edges of `guide`, both (h, w).

    He, Sun and Tang 2013, doi 10.1109/TPAMI.2012.213, equations 5, 6 and 8.

    Args:
        radius: of the windows, in pixels.
        epsilon: the variance of the guide below which a window counts as flat.
    """
    mean, mean_values = box(guide, radius), box(values, radius)
    variance = box(guide * guide, radius) - mean * mean
    slope = (box(guide * values, radius) - mean * mean_values) / (variance + epsilon)
    return box(slope, radius) * guide + box(mean_values - slope * mean, radius)


def largest(values: np.ndarray) -> np.ndarray:
    """The largest absolute value of each pixel, (h, w), of `values` (h, w, channels)."""
    # Many times as fast as `max(axis=2)` over a few channels.
    return reduce(np.maximum, np.abs(np.moveaxis(values, 2, 0)))


def per_pixel(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """`values` (h, w) or (h, w, channels) over `weight` (h, w); where that is 0, nearly 0."""
    return values / np.maximum(like(weight, values), 1e-4)


def like(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`weight` (h, w) with as many axes as `values`."""
    return weight[:, :, None] if values.ndim == 3 else weight
