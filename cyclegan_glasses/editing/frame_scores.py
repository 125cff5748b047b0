"""Whether there is a frame around the eyes, and how much of one is left: by geometry, without a classifier.

One classifier is easily fooled: a lone dark line across the bridge has passed for glasses. Here the picture
is unrolled around each eye, lines that run round it are brought out, and the best closed way round is taken.
Eyes are (2, 2): x and y in pixels of the person's right eye (on the left of the picture) and left eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cyclegan_glasses.images import to_grey

Values = NDArray[np.float32]
Picture = NDArray[np.uint8]
Mask = NDArray[np.floating]

ANGLES, RADII = 72, 40
EACH = np.arange(ANGLES)
NEAR, FAR = 0.17, 0.66  # where a rim may run, in eye distances from the middle of the eye
#: Where bridge and temples may run, across and down from the middle of the eyes, in eye distances.
BRIDGE = (-0.08, 0.08), (-0.4, 0.4)
TEMPLES = ((-0.92, -1.1), (-0.4, 0.3)), ((0.92, 1.1), (-0.4, 0.3))
FAINTEST = 6.0  # of 255: a line below it is none
CLOSED, BRIDGED = 0.75, 0.5  # a rim, a bridge that counts as whole


@dataclass(frozen=True, slots=True)
class FrameScores:
    """How much of a frame there is, each 0 to 1.

    Attributes:
        rims: share of the way round that a line runs, of the eye where it is less.
        bridge: share of the way from eye to eye that a line crosses.
        temples: share of the way outwards that a line runs, mean of both sides.
    """

    rims: float
    bridge: float
    temples: float

    @property
    def whole(self) -> bool:
        """Both rims are closed (three quarters of the way) and joined."""
        return self.rims >= CLOSED and self.bridge >= BRIDGED


def glasses_zone(shape: tuple[int, ...], eyes: NDArray) -> Mask:
    """Where glasses may lie, (height, width) of 0 or 1: a band along the eyes, from temple to temple."""
    across, distance, middle = _axes(eyes)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    along = ((x - middle[0]) * across[0] + (y - middle[1]) * across[1]) / distance
    down = ((y - middle[1]) * across[0] - (x - middle[0]) * across[1]) / distance
    return ((np.abs(along) < 1.3) & (down > -0.5) & (down < 0.62)).astype(np.float64)


def frame_added(before: Picture, after: Picture, eyes: NDArray) -> FrameScores:
    """How complete the frame is that `after` has and `before` has not, read off the changed region alone."""
    change = _grey(after) - _grey(before)
    threshold = _threshold(change, eyes)
    rims = []
    for eye in eyes:
        lines = _round_lines(change, eye, eyes)
        path = _closed_path(np.abs(lines))
        rims.append(float((np.abs(lines)[EACH, path] > threshold).mean()))
    bridge, *temples = (
        float((_cross_lines(_patch(change, eyes, along, down)) > threshold).mean())
        for along, down in (BRIDGE, *TEMPLES)
    )
    return FrameScores(min(rims), bridge, float(np.mean(temples)))


def frame_left(before: Picture, after: Picture, eyes: NDArray) -> float:
    """Share of the contrast of the removed rims that `after` still has, 0 to 1.

    The rims are the lines round the eyes that were changed. Along them the lines of `after` are projected on
    the change, as share of those of `before` (least squares): 1 where nothing was removed, 0 without a trace.
    Only says something of the part that `frame_added(after, before)` calls removed.
    """
    change = _grey(before) - _grey(after)
    threshold = _threshold(change, eyes)
    old, left = 0.0, 0.0
    for eye in eyes:
        removed = _round_lines(change, eye, eyes)
        path = _closed_path(np.abs(removed))
        pattern = removed[EACH, path]
        pattern = np.where(np.abs(pattern) > threshold, pattern, 0)
        old += float(pattern @ _round_lines(_grey(before), eye, eyes)[EACH, path])
        left += float(pattern @ _round_lines(_grey(after), eye, eyes)[EACH, path])
    return float(np.clip(left / old, 0, 1)) if old > 0 else 1.0


def _round_lines(image: Values, eye: NDArray, eyes: NDArray) -> Values:
    """(`ANGLES`, `RADII`): how much lighter than its surroundings a line round the eye is, below 0 darker.

    Averaged over 25 degrees of the way, so that noise and lines across it cancel.
    """
    across, distance, _ = _axes(eyes)
    angle = np.linspace(0, 2 * np.pi, ANGLES, endpoint=False) + np.arctan2(across[1], across[0])
    radius = np.linspace(NEAR - 0.1, FAR + 0.1, RADII) * distance
    x = eye[0] + np.outer(np.cos(angle), radius) - 0.5
    y = eye[1] + np.outer(np.sin(angle), radius) - 0.5
    polar = cv2.remap(
        image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    turned = np.concatenate([polar[-6:], polar, polar[:6]])
    smooth = _blur(turned, along=1.2)[6:-6]
    return np.asarray(_blur(smooth, across=1.0) - cv2.blur(smooth, (13, 1)), np.float32)


def _closed_path(strength: Values) -> NDArray[np.intp]:
    """The radius at each angle of the strongest way round; it changes by at most 3 steps an angle."""
    # Ways along the border of the radii are none; two turns, so that the end meets the beginning.
    strength = strength.copy()
    room = round(0.1 / (FAR - NEAR + 0.2) * (RADII - 1))
    strength[:, :room] = strength[:, -room:] = -1e3
    twice = np.concatenate([strength, strength])
    wide = np.full(RADII + 6, -np.inf, np.float32)
    near = np.lib.stride_tricks.sliding_window_view(wide, 7)  # what can be reached from each radius
    places = np.arange(RADII)
    # The best way to each radius of each angle (dynamic programming), and where it came from.
    best, came = twice[0], np.zeros(twice.shape, np.intp)
    for row in range(1, len(twice)):
        wide[3:-3] = best
        choice = near.argmax(axis=1)
        came[row] = choice + places - 3
        best = near[places, choice] + twice[row]
    # Back from the best end.
    path = np.zeros(len(twice), np.intp)
    path[-1] = best.argmax()
    for row in range(len(twice) - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    half = ANGLES // 2  # the middle of the two turns does not know where they begin and end
    return np.roll(path[half : half + ANGLES], half)


def _patch(image: Values, eyes: NDArray, along: tuple[float, float], down: tuple[float, float]) -> Values:
    """Part of the picture in the eyes' own axes, in eye distances from their middle: (40, 12)."""
    across, distance, middle = _axes(eyes)
    u, v = np.meshgrid(np.linspace(*along, 12) * distance, np.linspace(*down, 40) * distance)
    x = (middle[0] + u * across[0] - v * across[1] - 0.5).astype(np.float32)
    y = (middle[1] + u * across[1] + v * across[0] - 0.5).astype(np.float32)
    return np.asarray(
        cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
    )


def _cross_lines(patch: Values) -> Values:
    """The strongest line in each column of a patch, whatever its sign."""
    smooth = _blur(patch, across=1.2)
    lines = _blur(smooth, along=1.0) - cv2.blur(smooth, (1, 13))
    return np.asarray(np.abs(lines).max(axis=0))


def _threshold(change: Values, eyes: NDArray) -> float:
    """What a line must be stronger than: the noise where there can be no glasses, and `FAINTEST`."""
    _, distance, _ = _axes(eyes)
    elsewhere = glasses_zone(change.shape, eyes) == 0
    width = max(0.3, 0.02 * distance)
    fine = _blur(change, width, width) - cv2.blur(change, (max(3, round(0.22 * distance)),) * 2)
    return max(FAINTEST, float(np.quantile(np.abs(fine[elsewhere]), 0.95)) if elsewhere.any() else 0.0)


def _blur(image: Values, along: float = 0.0, across: float = 0.0) -> Values:
    """Gaussian blur of so many pixels down the columns and across the rows; 0 is none."""
    down, over = (
        cv2.getGaussianKernel(2 * int(3 * s + 0.5) + 1, s) if s else np.ones((1, 1)) for s in (along, across)
    )
    return np.asarray(cv2.sepFilter2D(image, cv2.CV_32F, over, down, borderType=cv2.BORDER_REPLICATE))


def _grey(picture: Picture) -> Values:
    return to_grey(picture).astype(np.float32)


def _axes(eyes: NDArray) -> tuple[NDArray, float, NDArray]:
    """Direction from eye to eye, their distance, their middle."""
    across = eyes[1] - eyes[0]
    distance = float(np.hypot(*across))
    return across / distance, distance, eyes.mean(axis=0)
