"""Photos of any size: every face found, aligned and classified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cyclegan_glasses.attributes.classifier import FaceAttributes, FacelyzrClassifier
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.faces.detect import Face, FaceDetector

SIZE = 128
_REFINEMENTS = 2


def classify_photo(
    image: np.ndarray, detector: FaceDetector, classifier: FacelyzrClassifier
) -> list[tuple[Face, FaceAttributes]]:
    """Every face of `image`, uint8 RGB (height, width, 3), and its attributes; large ones first.

    Where the detector did not see all landmarks, they are the classifier's.
    """
    faces, crops = [], []
    for face in detector.find_faces(image):
        try:
            if not np.isfinite(face.landmarks).all():
                face = refine_landmarks(image, face, classifier)
            crop, _ = align(image, face, SIZE)
        except UserError:
            continue  # the eyes lie on one point: that is no face
        faces.append(face)
        crops.append(crop)
    return list(zip(faces, classifier.predict(np.stack(crops)), strict=True)) if faces else []


def refine_landmarks(image: np.ndarray, face: Face, classifier: FacelyzrClassifier) -> Face:
    """`face` with the landmarks that the classifier sees, looked for around those that it has.

    For detectors that measure the eyes coarsely and nothing else, such as the Haar cascades.
    """
    for _ in range(_REFINEMENTS):
        crop, alignment = align(image, face, SIZE)
        (attributes,) = classifier.predict(crop[None])
        face = replace(face, landmarks=alignment.to_picture(attributes.landmarks * SIZE))
    return face
