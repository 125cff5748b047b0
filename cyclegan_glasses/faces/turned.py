"""Faces that lie on their side or are upside down: found in views of the picture that are turned."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from cyclegan_glasses.faces.face import Face, FaceDetector

#: Detectors know heads that are tilted by up to half of this, in degrees: so many apart are the views.
STEP = 60
#: Side of a view in pixels: a face fills half of it, or less of a whole picture.
_NEAR, _WHOLE = 320, 640


def turned_faces(image: np.ndarray, detector: FaceDetector, face: Face | None = None) -> list[Face]:
    """The face that lies where `face` was found, as it is found in each turned view; not always the same one.

    Without a face the whole picture is turned, and the faces of the view that shows the surest one are
    given. Points and boxes are in pixels of `image`, uint8 RGB (height, width, 3).
    """
    height, width = image.shape[:2]
    if face is None:
        middle, side, pixels = np.array([width, height]) / 2, math.hypot(width, height), _WHOLE
    else:
        middle, side, pixels = _middle(face), 2 * max(face.box[2:]), _NEAR
    pixels = min(pixels, max(160, round(side)))
    views = [_seen(image, detector, middle, side, pixels, angle) for angle in range(STEP, 360, STEP)]
    if face is None:
        return max(views, key=lambda faces: max((one.score for one in faces), default=0.0))
    near = max(face.box[2:]) / 2
    found = []
    for faces in views:
        alike = [one for one in faces if np.abs(_middle(one) - middle).max() < near]
        if alike:  # again, upright: landmarks are best there
            roll = _roll(alike[0])
            again = _seen(image, detector, middle, side, pixels, roll)
            found.append(next((one for one in again if np.abs(_middle(one) - middle).max() < near), alike[0]))
    return found


def _seen(
    image: np.ndarray, detector: FaceDetector, middle: np.ndarray, side: float, pixels: int, angle: float
) -> list[Face]:
    """The faces of a square view around `middle`, in which heads tilted by `angle` degrees are upright."""
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), angle, pixels / side)
    matrix[:, 2] += pixels / 2 - middle
    view = cv2.warpAffine(
        image, matrix, (pixels, pixels), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    inverse = cv2.invertAffineTransform(matrix)
    faces = []
    for face in detector.find_faces(view):
        x, y, across, down = face.box
        corners = np.array([[x, y], [x + across, y], [x, y + down], [x + across, y + down]])
        corners = corners @ inverse[:, :2].T + inverse[:, 2]
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0)
        box = (float(left), float(top), float(right - left), float(bottom - top))
        faces.append(replace(face, box=box, landmarks=face.landmarks @ inverse[:, :2].T + inverse[:, 2]))
    return faces


def _middle(face: Face) -> np.ndarray:
    x, y, width, height = face.box
    return np.array([x + width / 2, y + height / 2])


def _roll(face: Face) -> float:
    """How far a head is tilted in the picture, in degrees, as `cv2.getRotationMatrix2D` turns it upright."""
    across = face.landmarks[1] - face.landmarks[0]
    return math.degrees(math.atan2(across[1], across[0]))
