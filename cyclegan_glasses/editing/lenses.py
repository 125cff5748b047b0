"""Whether lenses are too dark, or mirror too much, to see the eyes behind them.

The attribute classifier tells sunglasses from glasses. Where it is not sure, the light that comes through is
measured, next to that of the skin, so that neither dark skin nor a dark photo is taken for dark lenses. It
takes some coloured mirrors for clear lenses; these have a colour that no eye region has.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from cyclegan_glasses.attributes.frame_reading import to_lab
from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.domains import SUNGLASSES
from cyclegan_glasses.editing.filters import blur
from cyclegan_glasses.editing.targets import probability_of, worn_probability
from cyclegan_glasses.faces.align import Framing

#: Sunglasses by the classifier alone; and from the second on where no more light than `DARK` comes through.
SURE, PERHAPS, DARK = 0.8, 0.02, 0.2
#: Where glasses are worn with this probability, lenses are mirrors from this distance in colour on.
WORN, COLOURED = 0.5, 28.0
#: Middle, down from the eye, and half axes, in eye distances: what a lens covers, and bare skin below it.
_LENS, _CHEEK = (0.03, (0.27, 0.17)), (0.75, (0.22, 0.14))
#: Lids and the white of an eye are among the brightest quarter of what a clear lens shows.
_BRIGHT = 0.75
_SMOOTHED = 1 / 128  # of the side: grain has colours of its own


def hides_eyes(crop: np.ndarray, verdict: Verdict | None) -> bool:
    """Whether a face wears lenses too dark, or too strong a mirror, to see the eyes.

    Args:
        crop: uint8 RGB (size, size, 3), aligned with the default framing.
        verdict: on the face.
    """
    probability = probability_of(verdict, SUNGLASSES)
    if probability >= SURE or (probability >= PERHAPS and lens_light(crop) <= DARK):
        return True
    return worn_probability(verdict) >= WORN and lens_colour(crop) >= COLOURED


def lens_light(crop: np.ndarray) -> float:
    """How bright what lies behind the lenses is, as a multiple of the cheek below: a light, not a grey level.

    The upper quartile of the relative luminance (IEC 61966-2-1, linear) of each eye region over the median of
    the cheek on its side, so that light from one side does not count; the mean of both. Clear lenses and bare
    eyes 0.3 to 1.4, dark lenses 0 to 0.3, mirrors anything.

    Args:
        crop: uint8 RGB (size, size, 3), aligned with the default framing.
    """
    luminance = _linear(crop) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    shares = [
        float(np.quantile(lens, _BRIGHT)) / max(float(np.median(cheek)), 1e-3)
        for lens, cheek in _lenses_and_cheeks(luminance)
    ]
    return float(np.mean(shares))


def lens_colour(crop: np.ndarray) -> float:
    """How far the colour of both lenses is from that of the cheeks: bare eyes and clear lenses 0 to 25.

    The distance of chroma (a*, b* of CIELAB) from the median of the cheek on its side, which three quarters
    of a lens exceed; the smaller of both sides.

    Args:
        crop: uint8 RGB (size, size, 3), aligned with the default framing.
    """
    chroma = blur(to_lab(crop), _SMOOTHED * len(crop))[:, :, 1:]
    return min(
        float(np.quantile(np.hypot(*(lens - np.median(cheek, axis=0)).T), 1 - _BRIGHT))
        for lens, cheek in _lenses_and_cheeks(chroma)
    )


def _lenses_and_cheeks(values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each side, what of `values` (size, size, ...) a lens covers, and what the cheek below."""
    for side in (-1, 1):
        lens, cheek = (values[_ellipse(len(values), side, *place)] for place in (_LENS, _CHEEK))
        yield lens, cheek


def _linear(crop: np.ndarray) -> NDArray[np.float32]:
    levels = crop.astype(np.float32) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _ellipse(size: int, side: int, down: float, axes: tuple[float, float]) -> NDArray[np.bool_]:
    """Beside (−1 left, 1 right) and below the middle of the eyes, all in eye distances: (size, size)."""
    framing = Framing()
    unit = framing.eye_distance * size
    middle = (0.5 * size + side * unit / 2, framing.eye_height * size + down * unit)
    region = np.zeros((size, size), np.uint8)
    cv2.ellipse(region, (middle, (2 * axes[0] * unit, 2 * axes[1] * unit), 0), 1, -1)
    return region.astype(bool)
