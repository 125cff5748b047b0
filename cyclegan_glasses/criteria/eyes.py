"""Are both eyes in the picture, and does the face look at the viewer?"""

from __future__ import annotations

import math

import numpy as np

from cyclegan_glasses.criteria.context import Context
from cyclegan_glasses.criteria.criterion import Check, Criterion
from cyclegan_glasses.faces.align import yaw_of


def score(context: Context) -> dict[str, float]:
    """How far the eyes lie from the border, and the pose; the latter where nose and mouth are known."""
    face, across, distance = context.face, context.across, context.eye_distance
    right, left, nose = face.landmarks[:3]
    scores = {
        "eye_margin": context.margin((right, left)),
        "roll": abs(math.degrees(math.atan2(across[1], across[0]))),
    }
    angle = yaw_of(face)
    mouth = face.landmarks[3:].mean(0)
    if angle is not None and np.isfinite(mouth).all():
        down = np.array([-across[1], across[0]]) / distance
        middle = (right + left) / 2
        to_mouth = float(down @ (mouth - middle))
        scores |= {"turn": abs(angle), "nose": float(down @ (nose - middle)) / max(to_mouth, 0.1 * distance)}
    return scores


CRITERION = Criterion(
    "eyes",
    score,
    (
        Check("eye_margin", "min_eye_margin", 0.3, "an eye lies {value:.2f} eye distances from the border"),
        Check("turn", "max_turn", 15.0, "turned {value:.1f} degrees to the side"),
        Check("roll", "max_roll", 15.0, "tilted by {value:.1f} degrees"),
        Check("nose", "min_nose", 0.15, "looks up (nose at {value:.2f} between eyes and mouth)"),
        Check("nose", "max_nose", 0.15, "looks down (nose at {value:.2f} between eyes and mouth)"),
    ),
)
