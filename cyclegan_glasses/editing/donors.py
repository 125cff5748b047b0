"""Where a photo shows, sharp, what a model gives only softly: for each place under a frame a place beside it.

The model's face is too smooth where a frame was. Skin, hair, a brow and the border of the cheek go on beside
the frame, and are sharp there: a donor is a place beside the frame whose surroundings, made as soft as the
model's face, look like it. Donors are searched as PatchMatch does (Barnes et al. 2009, doi
10.1145/1531326.1531330): from those of the neighbours and from random places ever nearer to the best so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from cyclegan_glasses.editing.filters import blur_where, largest, smoothstep

#: Donors are searched for every so manieth pixel of the crop, up to so many pixels away.
STEP, REACH = 2, 40
#: Compared are a place and the eight around it, so many pixels of the crop apart.
APART = 3
#: In levels: the difference up to which a donor counts in full, and from which on not at all.
ALIKE = (8.0, 28.0)
#: A donor's detail is at most so many times the usual, and that share of the contrast at the place that it is
#: for: neither a mole nor a piece of jewellery is to be seen twice.
STRONGEST, OF_CONTRAST = 2.0, 0.6
#: What a pixel of distance costs, as a share of a squared level: nearer ones are likelier to be the same.
NEARNESS = 0.02
#: How often all donors are offered to their neighbours, and how far away these are, in steps.
ROUNDS, NEIGHBOURS = 2, (4, 1)


@dataclass(frozen=True, eq=False)
class Donors:
    """Donors on a grid of every `STEP`-th pixel of a crop, from its upper left corner on.

    Attributes:
        offset: float32 (rows, columns, 2): from the place to its donor, x and y, in pixels of the crop.
        trust: float32 (rows, columns), 0 to 1: how alike they are; 0 where none is needed.
    """

    offset: np.ndarray
    trust: np.ndarray


def find_donors(soft: np.ndarray, photo: np.ndarray, near: np.ndarray, softness: float) -> Donors | None:
    """Donors for what is `near` a frame, from where nothing of it is.

    Args:
        soft: float32 (size, size, 3), levels: the face without the frame, by the model.
        photo: float32 (size, size, 3), levels: the photo; counts where no frame is.
        near: (size, size), 0 to 1: where the frame may be.
        softness: how many pixels the model's face is blurred by.

    Returns:
        None where there is no frame, or nothing beside it.
    """
    size = len(near)
    free = near < 0.02
    allowed = cv2.erode(free.astype(np.uint8), np.ones((3, 3)), borderValue=0) > 0
    sought = near[::STEP, ::STEP] > 0.05
    here = np.argwhere(sought) * STEP
    if not len(here) or not allowed.any():
        return None
    blurred = blur_where(photo, free.astype(np.float32), softness)
    seen = _surroundings(blurred)
    wanted = _surroundings(soft)[here[:, 0], here[:, 1]]
    best = _nearest(allowed, here) - here
    nearby = np.ones((5, 5), np.uint8)
    strength = cv2.dilate(largest(photo - blurred) * free, nearby)
    contrast = largest(cv2.dilate(soft, nearby) - cv2.erode(soft, nearby))[here[:, 0], here[:, 1]]
    limit = STRONGEST * np.median(strength[allowed][::4]) + OF_CONTRAST * contrast
    number = np.full(sought.shape, -1)
    number[sought] = np.arange(len(here))

    def cost_of(offset: NDArray) -> NDArray:
        y, x = (here + offset).T
        inside = (y >= 0) & (y < size) & (x >= 0) & (x < size)
        y, x = np.clip(y, 0, size - 1), np.clip(x, 0, size - 1)
        apart = (seen[y, x] - wanted).reshape(len(here), -1)
        cost = np.einsum("nk,nk->n", apart, apart) / apart.shape[1]
        cost += NEARNESS * (offset * offset).sum(axis=1)
        return np.where(inside & allowed[y, x] & (strength[y, x] <= limit), cost, np.inf)

    least = cost_of(best)

    def offer(offset: NDArray) -> None:
        cost = cost_of(offset)
        better = cost < least
        best[better], least[better] = offset[better], cost[better]

    draw = np.random.default_rng(0)
    for _ in range(ROUNDS):
        for reach in (REACH, REACH // 2, REACH // 5, REACH // 13):
            offer(best + draw.integers(-reach, reach + 1, best.shape))
        for far in NEIGHBOURS:
            for shift in ((0, far), (0, -far), (far, 0), (-far, 0)):
                beside = np.clip(here // STEP + shift, 0, np.array(sought.shape) - 1)
                theirs = number[beside[:, 0], beside[:, 1]]
                offer(np.where(theirs[:, None] >= 0, best[theirs], best))
    offsets, trust = np.zeros((*sought.shape, 2), np.float32), np.zeros(sought.shape, np.float32)
    offsets[sought] = best[:, ::-1]
    apart = np.maximum(np.where(np.isfinite(least), least, 0) - NEARNESS * (best * best).sum(axis=1), 0)
    trust[sought] = np.where(np.isfinite(least), 1 - smoothstep(np.sqrt(apart), *ALIKE), 0)
    return Donors(offsets, trust)


def _surroundings(picture: np.ndarray) -> np.ndarray:
    """Each pixel of `picture` (h, w, 3) and the eight around it, as a view: (h, w, 3, 3, 3)."""
    wide = np.pad(picture, ((APART, APART), (APART, APART), (0, 0)), "edge")
    down, right, channel = wide.strides
    shape = (*picture.shape[:2], 3, 3, 3)
    return as_strided(wide, shape, (down, right, APART * down, APART * right, channel), writeable=False)


def _nearest(allowed: np.ndarray, here: NDArray) -> NDArray:
    """The allowed place nearest to each of `here` (n, 2), rows and columns."""
    _, labels = cv2.distanceTransformWithLabels(
        (~allowed).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.empty((int(labels.max()) + 1, 2), np.int64)
    places[labels[allowed]] = np.argwhere(allowed)
    return places[labels[here[:, 0], here[:, 1]]]


def detail_of_donors(
    where: tuple[np.ndarray, ...],
    texture: np.ndarray,
    detail: np.ndarray,
    donors: Donors,
    matrix: np.ndarray,
) -> np.ndarray:
    """What a window of the photo shows, finer than the model, at the donors of the pixels `where` (n).

    All by trust: texture of the nearest place of the grid, what is coarser of the four nearest, weighted
    bilinearly. Where their donors are one piece of the photo it stays as it is, elsewhere it is weaker.

    Args:
        where: rows and columns.
        texture, detail: (h, w, channels), of the window; detail is coarser, and contains the texture.
        matrix: (2, 3), takes (x, y, 1) of the window to the crop.

    Returns:
        (n, channels).
    """
    height, width = detail.shape[:2]
    offsets = donors.offset @ np.linalg.inv(matrix[:, :2]).T.astype(np.float32)
    y, x = (places.astype(np.float32) for places in where)
    column, row = ((matrix @ np.stack([x, y, np.ones_like(x)])) / STEP).astype(np.float32)

    def donors_of(i: NDArray, j: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Rows and columns in the window, and how far they are to be trusted."""
        i, j = (np.clip(at, 0, last - 1) for at, last in zip((i, j), donors.trust.shape, strict=True))
        at_y, at_x = (np.rint(at + offsets[i, j, axis]).astype(int) for at, axis in ((y, 1), (x, 0)))
        inside = (at_x >= 0) & (at_x < width) & (at_y >= 0) & (at_y < height)
        trust = np.where(inside, donors.trust[i, j], np.float32(0))
        return at_y.clip(0, height - 1), at_x.clip(0, width - 1), trust

    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    at_y, at_x, trust = donors_of(np.rint(row).astype(int), np.rint(column).astype(int))
    found = trust[:, None] * texture[at_y, at_x]
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        at_y, at_x, trust = donors_of(top + down, left + right)
        weight = trust * (1 - np.abs(row - top - down)) * (1 - np.abs(column - left - right))
        found += weight[:, None] * (detail[at_y, at_x] - texture[at_y, at_x])
    return found
