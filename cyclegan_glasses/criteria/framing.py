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
    sizes = {False: 0.0, True: 0.0}
    for face in context.faces[1:]:
        inside = _in_crop(face, context)
        sizes[inside] = max(sizes[inside], math.sqrt(face.area / context.face.area))
    return {
        "faces": float(len(context.faces)),
        "second_face": max(sizes.values()),
        "second_face_in_crop": sizes[True],
        "face_share": context.face.box[3] / context.image.shape[0],
        "outside": context.alignment.outside,
    }


def _in_crop(face: Face, context: Context) -> bool:
    x, y, width, height = face.box
    middle = context.alignment.to_crop(np.array([[x + width / 2, y + height / 2]]))[0]
    return bool((middle >= 0).all() and (middle <= SIZE).all())


_SECOND = "a second face, {value:.0%} of the size"
_SHARE = "the face is {value:.0%} of the picture's height"
_OUTSIDE = "{value:.0%} of the crop lie outside of the picture"
CRITERION = Criterion(
    "framing",
    score,
    (
        Check("second_face", "max_second_face", 0.3, _SECOND, "whole"),
        Check("second_face_in_crop", "max_second_face", 0.3, _SECOND, "aligned"),
        Check("face_share", "min_face_share", 0.2, _SHARE, "whole"),
        Check("face_share", "max_face_share", 0.2, _SHARE, "whole"),
        Check("outside", "max_outside", 0.15, _OUTSIDE, "aligned"),
    ),
)
