"""Photos of any size, and detectors that see little."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.attributes.classifier import FaceAttributes, FacelyzrClassifier, load_classifier
from cyclegan_glasses.attributes.photos import classify_photo, refine_landmarks
from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.faces.detect import Face


class Detector:
    name = "fixed"

    def __init__(self, *landmarks: np.ndarray) -> None:
        self.faces = [Face((10, 10, 60, 60), 0.9, marks, True) for marks in landmarks]

    def find_faces(self, image: np.ndarray) -> list[Face]:
        return self.faces


MARKS = np.array([[30.0, 40], [60, 40], [45, 55], [35, 70], [55, 70]])


def test_each_face_is_read_and_what_is_no_face_is_not(weights):
    classifier = load_classifier(weights)
    assert classifier is not None
    photo = np.random.default_rng(0).integers(0, 256, (100, 90, 3), dtype=np.uint8)
    one_point = np.full((5, 2), 40.0)
    found = classify_photo(photo, Detector(MARKS, one_point, MARKS + 3), classifier)
    assert len(found) == 2
    assert (found[1][0].landmarks == MARKS + 3).all()
    assert classify_photo(photo, Detector(), classifier) == []


class SeesEyes:
    """Finds the two bright spots of a crop."""

    def predict(self, faces: np.ndarray) -> list[FaceAttributes]:
        ys, xs = np.nonzero(faces[0][:, :, 0] > 128)
        left, right = xs < xs.mean(), xs >= xs.mean()
        eyes = [[xs[side].mean() + 0.5, ys[side].mean() + 0.5] for side in (left, right)]
        marks = np.array([*eyes, *eyes, eyes[0]]) / faces.shape[1]
        return [FaceAttributes(Verdict("none", 1.0), "male", 1.0, 30.0, marks)]


def test_coarse_eyes_are_refined():
    """With the Haar cascades alone an alignment is off by percents of the eye distance."""
    photo = np.zeros((120, 120, 3), np.uint8)
    for x, y in ((40, 50), (70, 53)):
        photo[y - 2 : y + 3, x - 2 : x + 3] = 255
    marks = np.full((5, 2), np.nan)
    marks[:2] = [[37.0, 54.0], [74.0, 50.0]]
    classifier: FacelyzrClassifier = SeesEyes()  # type: ignore[assignment]
    better = refine_landmarks(photo, Face((20, 20, 80, 80), 1.0, marks, True), classifier)
    assert np.isfinite(better.landmarks).all()
    assert np.abs(better.landmarks[:2] - [[40.5, 50.5], [70.5, 53.5]]).max() < 0.7
