"""Photos of any size, and detectors that see little."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.attributes.photos import classify_photo
from cyclegan_glasses.faces.detect import Face


class Detector:
    name = "fixed"

    def __init__(self, *landmarks: np.ndarray) -> None:
        self.faces = [Face((10, 10, 60, 60), 0.9, marks) for marks in landmarks]

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
