"""What a model must beat: leaving the picture alone, and painting the glasses' mask over from around it."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.errors import one_of
from cyclegan_glasses.evaluation.measure import Editor
from cyclegan_glasses.evaluation.metrics import Mask, Picture
from cyclegan_glasses.evaluation.settings import BASELINES, NS, TELEA, UNTOUCHED

REACH = 3  # pixels around the mask that the colour is taken from


def baseline(name: str) -> Editor:
    """The editor of that name.

    `untouched` gives the input back. `telea` (Telea, "An image inpainting technique", 2004) and `ns`
    (Bertalmio, Bertozzi and Sapiro, "Navier-Stokes …", CVPR 2001) are OpenCV's inpainting of the mask; they
    know the exact mask, which a model does not, and give nothing for a picture without one.

    Raises:
        UserError: there is none of that name.
    """
    one_of("rivals", name, BASELINES)
    if name == UNTOUCHED:
        return lambda picture, _: (picture, None)
    method = {TELEA: cv2.INPAINT_TELEA, NS: cv2.INPAINT_NS}[name]

    def paint(picture: Picture, mask: Mask | None) -> tuple[Picture, None] | None:
        if mask is None:
            return None
        covered = (mask > 0).astype(np.uint8)
        return np.asarray(cv2.inpaint(picture, covered, REACH, method)), None

    return paint
