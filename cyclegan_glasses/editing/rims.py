"""A frame taken out of a photo that is sharper than the model: what it covered is replaced.

The model says roughly where the frame is and, as coarsely, what the face looks like without it. At the
photo's own resolution the frame is what differs from that face by more than the skin's texture does. There
and close by the colours come from the model; the texture, which the model never saw, is the photo's own, and
where the frame was that of places beside it which look alike (`donors`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.editing.donors import Donors, detail_of_donors, find_donors
from cyclegan_glasses.editing.filters import blur, box, guided_filter, largest, per_pixel, smoothstep
from cyclegan_glasses.images import to_grey

#: From this fraction of a pixel of the crop on a frame is taken to be there; the reach of its blurred edges,
#: in pixels of the crop; and the fractions between which it is replaced whatever the photo shows there.
PRESENT, EDGES, SURE = 0.12, 2, (0.35, 0.7)
#: In levels: what differs from the face by less than twice the usual difference and this is no frame.
FAINT = 3.0
#: In pixels of the crop: detail finer than the first is texture; the photo has some where a pixel of the crop
#: is more than the second of its own.
TEXTURE, SHARPER = 0.8, 0.7
#: Traces of a frame that a model leaves are finer than the first, in pixels of the crop, are looked for in
#: windows of the second to each side, explain a part of the detail there, and are fainter than the last, in
#: levels.
TRACE, WINDOW, FOLLOWS, FAINTEST = 1.5, 8, (0.03, 0.15), 10.0
#: Models are least sure of the edges of a frame, and leave thin lines there: they are smoothed, by so many
#: pixels of the crop. What that changes by the first of so many levels is a line, from the second on an eye,
#: a brow, or a border of the face.
SMOOTH, LINES = 1.6, (8.0, 20.0)


@dataclass(frozen=True, eq=False)
class Rims:
    """A frame on an aligned face, and the face without it; float32, at the crop's resolution.

    Attributes:
        cover: (size, size), 0 to 1: how much of a pixel the frame takes.
        near: (size, size), 0 to 1: where the frame, or the blur of its edges, may be.
        behind: (size, size, 3), levels: the face without it.
        donors: places beside the frame whose detail stands for what it covered; None where there are none.
    """

    cover: np.ndarray
    near: np.ndarray
    behind: np.ndarray
    donors: Donors | None


def near_frame(cover: np.ndarray) -> np.ndarray:
    """Where a frame that takes `cover` of each pixel, or the blur of its edges, may be: 0 to 1, (h, w)."""
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * EDGES + 1, 2 * EDGES + 1))
    return np.clip(blur(cv2.dilate((cover > PRESENT).astype(np.float32), shape), 0.8), 0, 1)


def rims_of(cover: np.ndarray, face: np.ndarray, photo: np.ndarray) -> Rims:
    """What is needed to take a frame out of a photo.

    Args:
        cover: (size, size), 0 to 1: how much of a pixel the frame takes.
        face: float32 (size, size, 3), levels: without it, by the model.
        photo: float32 (size, size, 3), levels: with it; all else is changed already.
    """
    near = near_frame(cover)
    behind = _smoothed(_without_traces(face, cover), near)
    return Rims(cover, near, behind, find_donors(behind, photo, near, SMOOTH))


def _without_traces(face: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """`face` (size, size, 3) without the faint lines that a model leaves where a frame was.

    What of its detail follows that of the frame, by a linear regression over windows, is such a trace.
    """
    frame, detail = cover - blur(cover, TRACE), face - blur(face, TRACE)
    spread_of_frame = box(frame * frame, WINDOW)[:, :, None] + 1e-3
    common = box(frame[:, :, None] * detail, WINDOW)
    explained = common * common / (spread_of_frame * (box(detail * detail, WINDOW) + 0.05))
    trace = blur(common / spread_of_frame * smoothstep(explained, *FOLLOWS), WINDOW / 2)
    return face - cover[:, :, None] * np.clip(trace, -FAINTEST, FAINTEST)


def _smoothed(face: np.ndarray, near: np.ndarray) -> np.ndarray:
    """`face` (size, size, 3) without thin lines near the frame; its texture is the photo's, anyway."""
    soft = blur(face, SMOOTH)
    apart = cv2.dilate(blur(largest(face - soft), TEXTURE), np.ones((3, 3)))
    plain = blur(near * (1 - smoothstep(apart, *LINES)), TEXTURE)
    return face + plain[:, :, None] * (soft - face)


def replace_rims(
    picture: np.ndarray,
    mask: np.ndarray,
    rims: Rims,
    bring: Callable[[np.ndarray], np.ndarray],
    matrix: np.ndarray,
) -> None:
    """Take the frame out of a window of a photo, in place.

    Args:
        picture: float32 (h, w, 1 or 3), levels: the window, with all else changed already.
        mask: (h, w), 0 to 1: where it may be changed.
        rims: of the face.
        bring: takes values (size, size, channels) of the crop to the window.
        matrix: (2, 3), takes (x, y, 1) of the window to the crop.
    """
    pixel = 1 / float(np.hypot(*matrix[:, 0]))
    cover, near = np.moveaxis(bring(np.dstack([rims.cover, rims.near])), 2, 0)
    behind = bring(rims.behind[:, :, : picture.shape[2]])
    usual = _usual_difference(picture, behind, (mask > 0.5) & (near < 0.05))
    alpha = _frame_in(picture, behind, cover, np.clip(near, 0, 1), usual, pixel)
    new = behind
    if pixel > SHARPER and rims.donors is not None:
        texture, detail = (picture - _low_pass(picture, 1 - alpha, s * pixel) for s in (TEXTURE, SMOOTH))
        where = np.nonzero(alpha > 0.004)
        found = detail_of_donors(where, texture, detail, rims.donors, matrix)
        texture[where] += alpha[where][:, None] * (found - texture[where])
        new = behind + texture
    picture += smoothstep(near, 0, 0.5)[:, :, None] * (new - picture)


def _low_pass(picture: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """`picture` (h, w, channels) without its texture, read where it has weight (h, w)."""
    radius = max(1, round(1.2 * sigma - 0.5))
    sums = np.dstack([picture * weight[:, :, None], weight])
    sums = box(box(sums, radius), radius)
    return per_pixel(sums[:, :, :-1], sums[:, :, -1])


def _usual_difference(picture: np.ndarray, behind: np.ndarray, where: np.ndarray) -> float:
    """How far the photo differs from the model's face where there is no frame: its texture, in levels."""
    step = max(1, len(picture) // 400)
    some = np.abs(picture[::step, ::step] - behind[::step, ::step])[where[::step, ::step]]
    return 1.48 * float(np.median(some)) if some.size else FAINT


def _frame_in(
    picture: np.ndarray,
    behind: np.ndarray,
    cover: np.ndarray,
    near: np.ndarray,
    usual: float,
    pixel: float,
) -> np.ndarray:
    """How much of each pixel of the photo is to be replaced: (h, w), 0 to 1.

    Where the model is sure, and near it what differs from the face without the frame; with the photo's own
    edges by the guided filter, and a little wider.
    """
    least = 2 * usual + FAINT
    apart = box(largest(picture - behind), round(0.25 * pixel))
    differs = np.maximum(smoothstep(cover, *SURE), smoothstep(apart, least, 2 * least)) * near
    guide = _grey(picture) / 255
    edges = guided_filter(guide, differs, max(1, round(0.8 * pixel)), 1e-3)
    wide = box(np.clip(np.maximum(differs, edges), 0, 1), max(1, round(0.4 * pixel)))
    return smoothstep(wide, 0.08, 0.5) * smoothstep(near, 0, 0.5)


def _grey(levels: np.ndarray) -> np.ndarray:
    """Luminance, float32 (h, w), of levels (h, w, 1 or 3)."""
    return levels[:, :, 0] if levels.shape[2] == 1 else to_grey(levels)
