"""From what a model did to an aligned face to what is done to the photo: only there, and as sharp as it is.

All levels are 0 to 255, whatever the photo holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.faces.align import Alignment, fading, spread

#: A change below the first is no change, above the second it counts in full.
NOISE, CERTAIN = 4.0, 12.0
#: In shares of the crop's side: how far the mask reaches beyond the change, how softly it ends, how far
#: around it the colours are compared, and the area below which a change is a speck.
REACH, FEATHER, AROUND, SPECK = 0.025, 0.015, 0.12, 0.0008
#: Windows of so many pixels to each side, and the variance in them that counts as detail.
RADIUS, FLAT = 2, 30.0
#: Where the crop is enlarged into the photo, thin slanted lines would show the crop's pixels as steps: they
#: are blurred first, by so many pixels of the crop.
ENLARGED, SMOOTH = 0.7, 0.45


@dataclass(frozen=True, eq=False)
class Change:
    """What is done to an aligned face: `photo + mask · (gain · photo + offset)`.

    Attributes:
        mask: float32 (size, size), 0 to 1: where the model changed something, with a soft edge.
        gain: float32 (size, size, 3), -1 to 0: 0 keeps the photo's own detail, -1 takes it away.
        offset: float32 (size, size, 3).
    """

    mask: np.ndarray
    gain: np.ndarray
    offset: np.ndarray


def measure_change(crop: np.ndarray, edited: np.ndarray) -> Change:
    """Where and how `edited` differs from `crop`, both float32 (size, size, 3).

    A model that also shifts the colours of the whole face would leave a seam: the shift is read off around
    the region that really changed, continued into it, and taken away.

    A photo may be sharper than the model. Where the change follows what is in the photo, as it does where a
    frame is taken away, it is written as a multiple of it (the guided filter of He, Sun and Tang 2013, doi
    10.1109/TPAMI.2012.213, equations 5 and 6): so the frame's sharp edges, which the model never saw, go with
    it. The rest is added, and the photo keeps its detail.
    """
    # The shift of the whole face is the median change, and what lies near it did not change.
    change = edited - crop
    shift = np.median(change, axis=(0, 1))
    still = 1 - _mask(change - shift)
    # Its mean around the changed region, continued into it, is taken away.
    width = AROUND * len(crop)
    weight = np.maximum(_blur(still, width), 1e-3)
    change = change - _blur(change * still[:, :, None], width) / weight[:, :, None]
    # The change as a multiple of the photo where it follows the photo, and the rest.
    mean, mean_change = _box(crop), _box(change)
    variance = _box(crop * crop) - mean * mean
    gain = np.clip((_box(crop * change) - mean * mean_change) / (variance + FLAT), -1, 0)
    gain = _box(gain)
    return Change(_mask(change), gain, change - gain * crop)


def apply_change(pixels: np.ndarray, change: Change, alignment: Alignment, strength: float = 1.0) -> int:
    """Write the change into the picture, and say how many of its pixels lie in the changed region.

    Args:
        pixels: (height, width, channels) of uint8, uint16, or float 0 to 1; 1 channel is grey, 3 are colour,
            a 2nd or 4th is transparency and stays. Where the mask is 0 it stays the same to the last bit.
        strength: 0 to 1.
    """
    colours = 1 if pixels.shape[2] < 3 else 3
    maps = [change.mask[:, :, None], change.gain[:, :, :colours], change.offset[:, :, :colours]]
    if alignment.scale < ENLARGED:
        maps[2] = _blur(np.ascontiguousarray(maps[2]), SMOOTH).reshape(maps[1].shape)
    window, there = spread(np.concatenate(maps, axis=2), alignment, pixels.shape)
    mask = strength * np.clip(there[:, :, :1], 0, 1)
    gain, offset = np.clip(there[:, :, 1 : 1 + colours], -1, 0), there[:, :, 1 + colours :]
    part = pixels[window][:, :, :colours]
    peak = peak_of(pixels.dtype)
    levels: np.ndarray = part.astype(np.float32) * (255 / peak)
    levels = np.clip(levels + mask * (gain * levels + offset), 0, 255) * (peak / 255)
    if np.issubdtype(pixels.dtype, np.integer):
        np.rint(levels, out=levels)
    np.copyto(part, levels.astype(pixels.dtype), where=mask > 0)
    return int(np.count_nonzero(mask))


def fade(result: np.ndarray, pixels: np.ndarray, strength: float) -> None:
    """Bring `result` nearer to the picture that it was made of; 1 leaves it, 0 makes them the same."""
    if strength == 1:
        return
    rows = np.flatnonzero((result != pixels).any((1, 2)))
    band = slice(rows[0], rows[-1] + 1) if len(rows) else slice(0)
    before, after = (values[band].astype(np.float32) for values in (pixels, result))
    mixed = before + np.float32(strength) * (after - before)
    if pixels.dtype.kind == "u":
        np.rint(mixed, out=mixed)
    np.copyto(result[band], mixed.astype(pixels.dtype), where=result[band] != pixels[band])


def peak_of(dtype: np.dtype) -> float:
    """What white is in pictures of that type: 255, 65535, or 1 for floats."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def _mask(change: np.ndarray) -> np.ndarray:
    """Float32 (size, size): 1 where there is change and a little around it, softly 0 elsewhere."""
    size = len(change)
    strength = _blur(np.abs(change).max(2), 0.007 * size)
    ramp = np.clip((strength - NOISE) / (CERTAIN - NOISE), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    count, labels, facts, _ = cv2.connectedComponentsWithStats((ramp > 0).astype(np.uint8))
    large = np.array(
        [number and facts[number, cv2.CC_STAT_AREA] >= SPECK * size**2 for number in range(count)]
    )
    reach = 2 * max(1, round(REACH * size)) + 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    wide = cv2.dilate((ramp * large[labels]).astype(np.float32), shape)
    soft = _blur(wide, FEATHER * size) * fading(size, 0.06)
    return np.where(soft < 0.01, 0, soft).astype(np.float32)


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def _box(values: np.ndarray) -> np.ndarray:
    side = 2 * RADIUS + 1
    return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
