"""What of an aligned face hangs together with the region of the eyes, as glasses do."""

from __future__ import annotations

import cv2
import numpy as np

#: Glasses hang together with what lies in these rows and columns, and end above the last row; in fractions of
#: the crop's side. Gaps of so many pixels do not part them.
EYES, LOWEST, GAP = (slice(0.27, 0.56), slice(0.04, 0.96)), 0.68, 2


def at_the_eyes(there: np.ndarray) -> np.ndarray:
    """Where that of `there` lies which may belong to glasses, both bool (height, width): it and `GAP` around.

    The face is aligned by its eyes. A model also takes lines of teeth for a frame, the brim of a hat, or the
    border of a picture.
    """
    height, width = there.shape
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GAP + 1, 2 * GAP + 1))
    joined = cv2.dilate(there.astype(np.uint8), shape)
    joined[round(LOWEST * height) :] = 0
    _, pieces = cv2.connectedComponents(joined)
    rows, columns = (
        slice(round(part.start * side), round(part.stop * side))
        for part, side in zip(EYES, (height, width), strict=True)
    )
    wanted = np.zeros(pieces.max() + 1, bool)
    wanted[pieces[rows, columns]] = True
    wanted[0] = False
    return wanted[pieces]
