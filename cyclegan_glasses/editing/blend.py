"""From what a model did to an aligned face to what is done to the photo: only there, and as sharp as it is.

All levels are 0 to 255, whatever the photo holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.editing.colours import keep_colours
from cyclegan_glasses.editing.filters import (
    blur,
    blur_where,
    box,
    fill,
    largest,
    per_pixel,
    smoothstep,
)
from cyclegan_glasses.editing.rims import PRESENT, Rims, near_frame, replace_rims, rims_of
from cyclegan_glasses.faces.align import Alignment, fading, part_of, spread

#: A change below the first is no change, above the second it counts in full.
NOISE, CERTAIN = 4.0, 12.0
#: In shares of the crop's side: how far the mask reaches beyond the change, how softly it ends, how far
#: around it the colours are compared, and the area below which a change is a speck.
REACH, FEATHER, AROUND, SPECK = 0.025, 0.015, 0.12, 0.0008
#: In shares of the crop's side: how far from a frame its removal changes anything, and the border that the
#: mask fades over.
BESIDE, FADING = 0.06, 0.06
#: In levels: up to the first a change far from the frame is taken for a shift, from the second on it is not.
HAZE = (8.0, 20.0)
#: Windows of so many pixels to each side, and the variance in them that counts as detail.
RADIUS, FLAT = 2, 30.0
#: A model gives a face back a little softer than it saw it. Where it says what is frame, the photo is
#: compared with it after a blur of so many pixels, so that the softness counts as no change.
SOFTNESS = 1.2
#: Where the crop is enlarged into the photo, thin slanted lines would show the crop's pixels as steps: they
#: are blurred first, by so many pixels of the crop.
ENLARGED, SMOOTH = 0.7, 0.45


@dataclass(frozen=True, eq=False)
class Change:
    """What is done to an aligned face: `photo + mask · (gain · photo + offset)`, then the frame is replaced.

    Attributes:
        mask: float32 (size, size), 0 to 1: where the model changed something, with a soft edge.
        gain: float32 (size, size, 3), -1 to 0: 0 keeps the photo's own detail, -1 takes it away.
        offset: float32 (size, size, 3).
        rims: the frame that is replaced, where the model says what is frame.
    """

    mask: np.ndarray
    gain: np.ndarray
    offset: np.ndarray
    rims: Rims | None = None


def measure_change(
    crop: np.ndarray, edited: np.ndarray, frame: np.ndarray | None = None, bounded: bool = False
) -> Change:
    """Where and how `edited` differs from `crop`, both float32 (size, size, 3).

    A model that also shifts the colours of the whole face would leave a seam: the shift is read off around
    the region that really changed, continued into it, and taken away.

    A photo may be sharper than the model. Where the change follows what is in the photo, as it does where a
    frame is taken away, it is written as a multiple of it (the guided filter of He, Sun and Tang 2013, doi
    10.1109/TPAMI.2012.213, equations 5 and 6): so the frame's sharp edges, which the model never saw, go with
    it. The rest is added, and the photo keeps its detail.

    Args:
        frame: float32 (size, size), 0 to 1: how much of each pixel a frame takes that `edited` is without.
            It is replaced, its neighbourhood changes as what lies beside it does, and nothing changes far
            from it.
        bounded: nothing was put on the face, so that its colours stay within those of the photo
            (`colours.keep_colours`).
    """
    near = None if frame is None or not (frame > PRESENT).any() else near_frame(frame)
    region = np.float32(1) if near is None else _beside(near)
    # The shift of the whole face is the median change, and what lies near it did not change.
    change = edited - crop
    shift = np.median(change, axis=(0, 1))
    still = 1 - _mask(change - shift)
    if near is not None:  # what changes a little far from the frame is such a shift, too
        hazy = 1 - smoothstep(largest(change - shift), *HAZE)
        still = np.maximum(still, (1 - region) * hazy)
    # Its mean around the changed region, continued into it, is taken away.
    width = AROUND * len(crop)
    weight = np.maximum(blur(still, width), 1e-3)
    change = change - blur(change * still[:, :, None], width) / weight[:, :, None]
    if bounded:
        change = keep_colours(crop, np.clip(crop + change, 0, 255), near) - crop
    mask = _mask(change)
    if frame is None or near is None:
        return Change(mask, *_as_multiple(crop, change))
    free = 1 - near
    soft = blur_where(crop, free, SOFTNESS), blur_where(change, free, SOFTNESS)
    gain, offset = (fill(part, free, 2 * RADIUS) for part in _as_multiple(*soft, free))
    mask = np.maximum(mask * region, near * fading(len(crop), FADING))
    photo = np.clip(crop + mask[:, :, None] * (gain * crop + offset), 0, 255)
    return Change(mask, gain, offset, rims_of(frame, crop + change, photo))


def _as_multiple(
    crop: np.ndarray, change: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The change as a multiple of the photo where it follows the photo, and the rest: gain and offset.

    Args:
        weight: (size, size), 0 to 1: how much a pixel tells of its surroundings.
    """
    weight = np.ones(crop.shape[:2], np.float32) if weight is None else weight
    many, each = box(weight, RADIUS), weight[:, :, None]
    mean, mean_change = (per_pixel(box(each * part, RADIUS), many) for part in (crop, change))
    variance = np.maximum(per_pixel(box(each * crop * crop, RADIUS), many) - mean * mean, 0)
    common = per_pixel(box(each * crop * change, RADIUS), many) - mean * mean_change
    gain = box(np.clip(common / (variance + FLAT), -1, 0), RADIUS)
    return gain, change - gain * crop


def apply_change(
    pixels: np.ndarray, change: Change, alignment: Alignment, settled: np.ndarray | None = None
) -> int:
    """Write the change into the picture, and say how many of its pixels lie in the changed region.

    Args:
        pixels: (height, width, channels) of uint8, uint16, or float 0 to 1; 1 channel is grey, 3 are colour,
            a 2nd or 4th is transparency and stays. Where the mask is 0 it stays the same to the last bit.
        settled: float32 (height, width), 0 to 1: how far other faces of the picture have been edited there.
            So much of a pixel stays, and what this face edits is added.
    """
    if not change.mask.any():
        return 0
    colours = 1 if pixels.shape[2] < 3 else 3
    rows, columns = _extent(change.mask)
    aligned = part_of(alignment, columns.start, rows.start)

    def bring(values: np.ndarray) -> np.ndarray:
        return spread(values[rows, columns], aligned, pixels.shape)[1]

    offset = change.offset[:, :, :colours]
    if alignment.scale < ENLARGED:
        offset = blur(np.ascontiguousarray(offset), SMOOTH).reshape(offset.shape)
    window, mask = spread(change.mask[rows, columns, None], aligned, pixels.shape)
    if not mask.size:
        return 0
    if settled is not None:
        mask *= 1 - settled[window][:, :, None]
        settled[window] += np.clip(mask[:, :, 0], 0, 1)
    part = pixels[window][:, :, :colours]
    peak = peak_of(pixels.dtype)
    levels: np.ndarray = part.astype(np.float32) * (255 / peak)
    edited = levels + np.clip(bring(change.gain[:, :, :colours]), -1, 0) * levels + bring(offset)
    if change.rims is not None:
        replace_rims(edited, mask[:, :, 0], change.rims, bring, _to_crop(alignment, window))
    mask = np.clip(mask, 0, 1)
    levels = np.clip(levels + mask * (edited - levels), 0, 255) * (peak / 255)
    if np.issubdtype(pixels.dtype, np.integer):
        np.rint(levels, out=levels)
    np.copyto(part, levels.astype(pixels.dtype), where=mask > 0)
    return int(np.count_nonzero(mask))


def _to_crop(alignment: Alignment, window: tuple[slice, slice]) -> np.ndarray:
    """What takes (x, y, 1) of a window of the picture to the crop: (2, 3)."""
    matrix = np.array(alignment.matrix)
    matrix[:, 2] += matrix[:, :2] @ [window[1].start, window[0].start]
    return matrix


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
    strength = blur(largest(change), 0.007 * size)
    ramp = smoothstep(strength, NOISE, CERTAIN)
    wide = cv2.dilate(ramp * _without_specks(ramp > 0), _disc(REACH * size))
    soft = blur(wide, FEATHER * size) * fading(size, FADING)
    return np.where(soft < 0.01, 0, soft).astype(np.float32)


def _beside(near: np.ndarray) -> np.ndarray:
    """Float32 (size, size), 0 to 1: where a frame's removal may change anything: on it, in it, and beside it.

    Args:
        near: (size, size), 0 to 1: where the frame is.
    """
    size = len(near)
    points = np.argwhere(_without_specks(near > 0.5))[:, ::-1].astype(np.int32)
    inside = np.zeros((size, size), np.float32)
    if len(points):
        cv2.fillConvexPoly(inside, cv2.convexHull(points), 1.0)
    return np.maximum(near, blur(cv2.dilate(inside, _disc(BESIDE * size)), FEATHER * size))


def _without_specks(there: np.ndarray) -> np.ndarray:
    """`there` (size, size), bool, without its small pieces."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(there.astype(np.uint8))
    least = SPECK * there.size
    return np.array([number and facts[number, cv2.CC_STAT_AREA] >= least for number in range(count)])[labels]


def _disc(radius: float) -> np.ndarray:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _extent(mask: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of a crop where there is mask, and a few around them; none where there is none."""
    spans = []
    for axis in (1, 0):
        there = np.flatnonzero(mask.any(axis))
        first, last = (int(there[0]), int(there[-1])) if len(there) else (0, -4)
        spans.append(slice(max(0, first - 3), max(0, min(len(mask), last + 4))))
    return spans[0], spans[1]
