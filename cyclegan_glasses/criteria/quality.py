"""Is the face sharp, large and well lit enough?"""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.criteria.context import FACE, Context
from cyclegan_glasses.criteria.criterion import Check, Criterion
from cyclegan_glasses.images import to_grey


def score(context: Context) -> dict[str, float]:
    """Size in pixels, exposure and sharpness of the face.

    `sharpness` is the standard deviation of the Laplacian of the aligned face over that of the face itself,
    so neither light nor skin colour counts; an enlarged small face is blurred by it, too.
    """
    grey = to_grey(context.crop).astype(np.float32)
    inside = grey[FACE]
    contrast = float(inside.std())
    detail = float(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 0.7), cv2.CV_32F)[FACE].std())
    return {
        "eye_distance": context.eye_distance,
        "brightness": float(np.median(inside)),
        "contrast": contrast,
        "sharpness": detail / max(contrast, 1.0),
    }


CRITERION = Criterion(
    "quality",
    score,
    (
        Check("eye_distance", "min_eye_distance", 12.0, "small: {value:.0f} pixels between the eyes"),
        Check("brightness", "min_brightness", 20.0, "dark: median grey level {value:.0f} of 255"),
        Check("brightness", "max_brightness", 20.0, "too bright: median grey level {value:.0f} of 255"),
        Check("contrast", "min_contrast", 8.0, "flat: grey levels spread by {value:.0f} of 255"),
        Check("sharpness", "min_sharpness", 0.04, "blurred: sharpness {value:.3f}"),
    ),
)
