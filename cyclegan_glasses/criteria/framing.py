"""Is there one face and only one, and is it of the right size in the picture?"""

from __future__ import annotations

import math

import numpy as np

from cyclegan_glasses.criteria.context import SIZE, Context
from cyclegan_glasses.criteria.criterion import Check, Criterion
from cyclegan_glasses.faces.detect import Face


def score(context: Context) -> dict[str, float]:
    """Number of faces, their relative sizes, and how the largest one fills the picture.

    `second_face_in_crop` counts only faces whose middle lies in the aligned crop.
    """
    others = context.faces[1:]
    inside = [face for face in others if _in_crop(face, context)]
    return {
        "faces": float(len(context.faces)),
        "second_face": max((_relative_size(face, context.face) for face in others), default=0.0),
        "second_face_in_crop": max((_relative_size(face, context.face) for face in inside), default=0.0),
        "face_share": context.face.box[3] / context.image.shape[0],
        "outside": context.alignment.outside,
    }


def _relative_size(face: Face, other: Face) -> float:
    return math.sqrt(face.area / other.area)


def _in_crop(face: Face, context: Context) -> bool:
    x, y, width, height = face.box
    middle = context.alignment.to_crop(np.array([[x + width / 2, y + height / 2]]))[0]
    return bool((middle >= 0).all() and (middle <= SIZE).all())


CRITERION = Criterion(
    "framing",
    score,
    (
        Check("second_face", "max_second_face", 0.3, "a second face, {value:.0%} of the size", "whole"),
        Check(
            "second_face_in_crop", "max_second_face", 0.3, "a second face, {value:.0%} of the size", "aligned"
        ),
        Check(
            "face_share", "min_face_share", 0.2, "the face is {value:.0%} of the picture's height", "whole"
        ),
        Check(
            "face_share", "max_face_share", 0.2, "the face is {value:.0%} of the picture's height", "whole"
        ),
        Check(
            "outside", "max_outside", 0.15, "{value:.0%} of the crop lie outside of the picture", "aligned"
        ),
    ),
)
