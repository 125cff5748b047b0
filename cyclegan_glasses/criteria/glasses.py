"""Does the label fit, are the lenses clear, and is the whole frame in the picture?"""

from __future__ import annotations

import math

import cv2
import numpy as np

from cyclegan_glasses.criteria.context import LENSES, SKIN, Context, box
from cyclegan_glasses.criteria.criterion import Check, Criterion
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.images import to_grey

_BRIDGE = box(-0.13, -0.35, 0.13, 0.22)
_BELOW = (box(-0.75, 0.22, -0.25, 0.62), box(0.25, 0.22, 0.75, 0.62))
_LINES = cv2.getStructuringElement(cv2.MORPH_RECT, (1, 9))
# Logistic regression on frontal FairFace faces, both labels weighted alike: natural logarithms of the lines
# on the bridge and below the eyes, and the constant.
_WEIGHTS = (2.39, 1.00, 8.21)
_NO_FRAME, _SHADOW = 0.3, 0.1


def score(context: Context) -> dict[str, float]:
    """Brightness of the lenses, room for the frame, and edges that look like glasses.

    `lens`: median red level of both lens regions over that of cheeks and nose; red, since skin of every
    colour is brightest there. `frame_margin`: how far from the border the outer ends of a frame would lie,
    in eye distances. `edges`: see `edges`.
    """
    return {
        "lens": lens_brightness(context.crop),
        "frame_margin": _frame_margin(context),
        "edges": edges(context.crop),
    }


def lens_brightness(crop: np.ndarray) -> float:
    """The score `lens` of an aligned face, uint8 RGB (`SIZE`, `SIZE`, 3)."""
    red = crop[:, :, 0].astype(np.float32)
    lens = float(np.mean([np.median(red[lens]) for lens in LENSES]))
    return lens / (float(np.median(red[SKIN])) + 5)


def edges(crop: np.ndarray) -> float:
    """How much an aligned face, uint8 RGB (`SIZE`, `SIZE`, 3), looks as if it wore glasses: 0 to 1.

    Dark thin horizontal lines (black-hat transform) on the nose bridge and below the eyes, relative to the
    skin's brightness. A hint, no classifier: see `docs/results/data.md` for how often it is right.
    """
    bridge, below = line_strengths(crop)
    logit = _WEIGHTS[0] * math.log(bridge + 0.01) + _WEIGHTS[1] * math.log(below + 0.01) + _WEIGHTS[2]
    return 1 / (1 + math.exp(-logit))


def line_strengths(crop: np.ndarray) -> tuple[float, float]:
    """Darkest horizontal line on the nose bridge, and the mean over columns below the eyes; 0 to about 1."""
    smooth = cv2.GaussianBlur(to_grey(crop).astype(np.float32), (0, 0), 1.0)
    lines = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, _LINES) / (float(np.median(smooth[SKIN])) + 10)
    return (
        float(lines[_BRIDGE].mean(1).max()),
        float(np.mean([lines[below].max(0).mean() for below in _BELOW])),
    )


def clearness(lens: float, edges: float) -> float:
    """The score `lens`, raised where no frame shows: that is rather the shadow of a brow."""
    return lens + _SHADOW if edges < _NO_FRAME else lens


def label_doubt(label: str, edges: float) -> float | None:
    """How much `edges` speak against `label`, 0 to 1; None for a label that they say nothing about."""
    return {GLASSES: 1 - edges, NONE: edges}.get(label)


def _frame_margin(context: Context) -> float:
    """Of the outer ends of a frame."""
    right, left = context.face.landmarks[:2]
    across = context.across
    down = np.array([-across[1], across[0]])
    outer = ((right, -0.35), (left, 0.35))
    return context.margin(eye + out * across + sign * down for eye, out in outer for sign in (-0.25, 0.4))


CRITERION = Criterion(
    "glasses",
    score,
    (
        Check("clearness", "min_lens", 0.15, "dark lenses: {value:.2f} of the skin's brightness"),
        Check("frame_margin", "min_frame_margin", 0.2, "the frame's place reaches past the border"),
        Check("label_doubt", "max_label_doubt", 0.3, "edges speak against the label ({value:.0%})"),
    ),
)
