"""What a model takes off a face gives way to colours that the photo has: no stains, no tints of its own.

In a monochrome photo, toned or not, colour follows lightness, and so it does after the edit. In any other the
chroma (a and b of CIELAB) of what changed stays between grey and the photo's skin.
"""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.editing.filters import fill
from cyclegan_glasses.images import to_grey

#: A photo is monochrome where half of its pixels are off its tones by no more, in levels; these are a
#: polynomial of such a degree.
OFF_TONE, DEGREE = 2.5, 3
#: Where skin is looked for in a crop, in its side: centre (x, y) and half axes of an ellipse over the mouth.
FACE = ((0.5, 0.48), (0.27, 0.2))
#: The quantiles of the skin's chroma that are its range; in units of CIELAB, how much wider the range is
#: taken, and how far pixels of skin are off the usual chroma at most.
RANGE, WIDER, SKIN = (0.02, 0.98), 1.5, 18.0


def keep_colours(crop: np.ndarray, edited: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
    """`edited` with the colours of the photo: its lightness is kept, its chroma bounded.

    Args:
        crop, edited: an aligned face before and after, float32 RGB (size, size, 3) of 0 to 255. Where they
            are the same, so is the result.
        near: float32 (size, size), 0 to 1: where the frame is whose colour counts for nothing.
    """
    tones = tones_of(crop)
    if tones is None:
        return bounded(crop, edited, near)
    return np.clip(crop + in_tones(edited, tones) - in_tones(crop, tones), 0, 255)


def tones_of(crop: np.ndarray) -> np.ndarray | None:
    """The tones of a monochrome picture, None for one in colours.

    How far each channel is off the luminance, as a polynomial of it by least squares: float64 (degree + 1,
    3), the lowest power last, of luminance from -1 to 1.
    """
    grey = to_grey(crop).ravel()
    powers = _powers(grey)
    off = crop.reshape(-1, 3) - grey[:, None]
    tones = np.linalg.lstsq(powers, off, rcond=None)[0].round(3)  # rounded, so that grey is exactly grey
    apart = np.abs(off - powers @ tones).max(axis=1)
    return tones if np.median(apart) <= OFF_TONE else None


def in_tones(picture: np.ndarray, tones: np.ndarray) -> np.ndarray:
    """The luminance of `picture` (h, w, 3) in the tones that `tones_of` gives: float32 (h, w, 3)."""
    grey = to_grey(picture)
    return grey[:, :, None] + (_powers(grey.ravel()) @ tones).reshape(picture.shape).astype(np.float32)


def _powers(grey: np.ndarray) -> np.ndarray:
    return np.vander(grey.astype(np.float64) / 127.5 - 1, DEGREE + 1)


def bounded(crop: np.ndarray, edited: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
    """`edited` with its chroma between grey and the photo's skin, or what the photo has at that place.

    Chroma is measured along the skin's hue and across it. Lightness (L of CIELAB) stays.
    """
    before, after = (cv2.cvtColor(picture / 255, cv2.COLOR_RGB2LAB) for picture in (crop, edited))
    skin = _skin(before, near)
    if skin is None:
        return edited
    usual = np.median(skin, axis=0)
    along = usual / max(float(np.hypot(*usual)), 1e-3)
    axes = np.stack([along, (-along[1], along[0])], axis=1).astype(np.float32)
    low, high = np.quantile(skin @ axes, RANGE, axis=0) + np.array([[-WIDER], [WIDER]])
    low[0] = min(low[0], 0.0)
    base = before[:, :, 1:] @ axes
    if near is not None:
        base = fill(base, 1 - near, len(crop) / 50)
    chroma = after[:, :, 1:] @ axes
    kept = np.clip(chroma, np.minimum(base, low), np.maximum(base, high)).astype(np.float32)
    changed = np.abs(kept - chroma).max(axis=2, keepdims=True) > 1e-3
    after[:, :, 1:] = kept @ axes.T
    return np.where(changed, cv2.cvtColor(after, cv2.COLOR_LAB2RGB) * 255, edited)


def _skin(lab: np.ndarray, near: np.ndarray | None) -> np.ndarray | None:
    """The chroma (n, 2) of the pixels of skin of an aligned face in CIELAB (size, size, 3), if any."""
    size = len(lab)
    (x, y), (across, down) = FACE
    row, column = np.mgrid[:size, :size] / size
    there = ((column - x) / across) ** 2 + ((row - y) / down) ** 2 < 1
    if near is not None:
        there &= near < 0.05
    chroma = lab[there][:, 1:]
    if not len(chroma):
        return None
    skin = np.abs(chroma - np.median(chroma, axis=0)).max(axis=1) < SKIN
    return chroma[skin] if skin.any() else None
