"""Photos of any size: every face found, aligned and classified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from cyclegan_glasses.attributes.classifier import FaceAttributes, FacelyzrClassifier
from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.faces.detect import Face, FaceDetector
from cyclegan_glasses.images import UnreadablePicture, open_picture

SIZE = 128


def classify_photo(
    image: np.ndarray, detector: FaceDetector, classifier: FacelyzrClassifier
) -> list[tuple[Face, FaceAttributes]]:
    """Every face of `image`, uint8 RGB (height, width, 3), and its attributes; large ones first."""
    faces, crops = [], []
    for face in detector.find_faces(image):
        try:
            crop, _ = align(image, face, SIZE)
        except UserError:
            continue  # the eyes lie on one point: that is no face
        faces.append(face)
        crops.append(crop)
    return list(zip(faces, classifier.predict(np.stack(crops)), strict=True)) if faces else []


def classify_files(
    paths: Iterable[Path], detector: FaceDetector | None, classifier: FacelyzrClassifier
) -> Iterator[tuple[Path, list[tuple[Face | None, FaceAttributes]], str]]:
    """Each path with its faces, and what is wrong with it, if anything is.

    Without a detector the files are aligned crops, each one face (None).
    """
    for path in paths:
        try:
            with explained(partial(_unreadable, path)):
                faces, trouble = _classified(path, detector, classifier)
        except UnreadablePicture as error:
            faces, trouble = [], error.reason
        yield path, faces, trouble


def _unreadable(path: Path, error: Exception) -> UnreadablePicture:
    return UnreadablePicture(path, reason_of(error))


def _classified(
    path: Path, detector: FaceDetector | None, classifier: FacelyzrClassifier
) -> tuple[list[tuple[Face | None, FaceAttributes]], str]:
    image = np.asarray(open_picture(path))
    if detector is not None:
        faces = classify_photo(image, detector, classifier)
        return [*faces], "" if faces else "no face found"
    if image.shape[0] != image.shape[1]:
        return [], "an aligned crop is a square: leave out --aligned"
    return [(None, classifier.predict(image[None])[0])], ""
