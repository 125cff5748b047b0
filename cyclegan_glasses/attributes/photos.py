"""Photos of any size: every face found, aligned and read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cyclegan_glasses.attributes.classifier import Reading, TrainedJudge
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.faces.detect import Face, FaceDetector

SIZE = 128
_LOOKS = 2


def read_photo(image: np.ndarray, detector: FaceDetector, judge: TrainedJudge) -> list[tuple[Face, Reading]]:
    """Every face of `image`, uint8 RGB (height, width, 3), and what the judge reads off it; large ones first.

    Where the detector did not see all landmarks, they are the judge's.
    """
    found = []
    for face in detector.find_faces(image):
        try:
            if not np.isfinite(face.landmarks).all():
                face = refine(image, face, judge)
            crop, _ = align(image, face, SIZE)
        except UserError:
            continue  # the eyes lie on one point: that is no face
        found.append((face, crop))
    if not found:
        return []
    readings = judge.read(np.stack([crop for _, crop in found]))
    return [(face, reading) for (face, _), reading in zip(found, readings, strict=True)]


def refine(image: np.ndarray, face: Face, judge: TrainedJudge) -> Face:
    """`face` with the landmarks that the judge sees, looked for around those that it has.

    For detectors that measure the eyes coarsely and nothing else, such as the Haar cascades.
    """
    for _ in range(_LOOKS):
        crop, alignment = align(image, face, SIZE)
        (reading,) = judge.read(crop[None])
        face = replace(face, landmarks=alignment.to_picture(reading.landmarks * SIZE))
    return face
