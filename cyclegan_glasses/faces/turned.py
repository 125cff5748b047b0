"""Faces that lie on their side or are upside down: found in views of the picture that are turned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from cyclegan_glasses.faces.face import Face, FaceDetector

#: Detectors know heads that are tilted by up to half of this, in degrees: so many apart are the views.
STEP = 60
#: Side of a view in pixels, of which a face fills half; that of a whole picture; and the least of either.
_NEAR, _WHOLE, _LEAST = 320, 640, 160


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
    views = [_seen(image, detector, middle, side, pixels, angle) for angle in range(STEP, 360, STEP)]
    if face is None:
        found = max(views, key=lambda faces: max((one.score for one in faces), default=0.0))
    else:
        found = [one for faces in views for one in _at(faces, face)[:1]]
    return [_upright(image, detector, one) for one in found]


def _upright(image: np.ndarray, detector: FaceDetector, face: Face) -> Face:
    """The face as it is found in a view in which it is upright: landmarks are best there."""
    across = face.landmarks[1] - face.landmarks[0]
    roll = math.degrees(math.atan2(across[1], across[0]))
    faces = _seen(image, detector, _middle(face), 2 * max(face.box[2:]), _NEAR, roll)
    return next(iter(_at(faces, face)), face)


def _at(faces: Sequence[Face], face: Face) -> list[Face]:
    """Those of `faces` that lie where `face` does."""
    near = max(face.box[2:]) / 2
    return [one for one in faces if np.abs(_middle(one) - _middle(face)).max() < near]


def _seen(
    image: np.ndarray, detector: FaceDetector, middle: np.ndarray, side: float, pixels: int, angle: float
) -> list[Face]:
    """The faces of a square view around `middle`, in which heads tilted by `angle` degrees are upright."""
    pixels = min(pixels, max(_LEAST, round(side)))
    centre = (float(middle[0]), float(middle[1]))
    matrix: np.ndarray = cv2.getRotationMatrix2D(centre, angle, pixels / side)
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
