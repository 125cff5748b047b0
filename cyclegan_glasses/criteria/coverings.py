"""Does a mask, a hand, hair or a thing lie over the face?

Seen by colour alone: a hand of the same skin before the mouth is not noticed.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from cyclegan_glasses.criteria.context import CHEEKS, LENSES, LOWER_FACE, UPPER_FACE, Context
from cyclegan_glasses.criteria.criterion import Check, Criterion


def score(context: Context) -> dict[str, float]:
    """Differences between parts of the face that skin shows alike.

    `lower_colour` and `side_colour` are distances in the a*b* plane of CIELAB, so beards and shadows count
    little; `eye_imbalance` is the difference of ln(eye / cheek) in red light between left and right.
    """
    lab = cv2.cvtColor(context.crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    red = context.crop[:, :, 0].astype(np.float32) + 5
    sides = [
        math.log(np.median(red[lens]) / np.median(red[cheek]))
        for lens, cheek in zip(LENSES, CHEEKS, strict=True)
    ]
    return {
        "lower_colour": _distance(lab, LOWER_FACE, UPPER_FACE),
        "side_colour": _distance(lab, CHEEKS[0], CHEEKS[1]),
        "eye_imbalance": abs(sides[0] - sides[1]),
    }


def _distance(lab: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    colours = np.median(lab[one], 0) - np.median(lab[other], 0)
    return float(np.hypot(colours[1], colours[2]))


_LOWER = "mouth and chin differ by {value:.0f} in colour from the skin around the eyes"
CRITERION = Criterion(
    "coverings",
    score,
    (
        Check("lower_colour", "max_lower_colour", 10.0, _LOWER),
        Check("side_colour", "max_side_colour", 10.0, "the cheeks differ by {value:.0f} in colour"),
        Check("eye_imbalance", "max_eye_imbalance", 0.4, "one eye is {value:.1f} e-folds darker"),
    ),
)
