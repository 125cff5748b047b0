"""Faces that lie on their side or are upside down: if these fail, an eye of theirs is spoilt."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.faces.face import Face
from cyclegan_glasses.faces.turned import turned_faces

EYES = np.array([[130.0, 150.0], [170.0, 150.0], [150.0, 172.0], [136.0, 190.0], [164.0, 190.0]])


class Upright:
    """Finds a white square with a red eye and a blue eye, if it is upright within 33 degrees."""

    name = "upright"

    def find_faces(self, image: np.ndarray) -> list[Face]:
        red = np.argwhere((image[:, :, 0] > 150) & (image[:, :, 2] < 100))
        blue = np.argwhere((image[:, :, 2] > 150) & (image[:, :, 0] < 100))
        if not (len(red) and len(blue)):
            return []
        right, left = red.mean(axis=0)[::-1] + 0.5, blue.mean(axis=0)[::-1] + 0.5
        across = left - right
        if abs(np.degrees(np.arctan2(across[1], across[0]))) > 33:
            return []
        size = 2 * float(np.hypot(*across))
        x, y = (right + left) / 2 - size / 2
        return [Face((x, y, size, size), 0.9, np.stack([right, left, *[(right + left) / 2] * 3]))]


@pytest.mark.parametrize("angle", [45, 60, 90, 135, 180, 250, 300])
@pytest.mark.parametrize("known", [True, False])
def test_the_eyes_of_a_turned_face_are_found(angle, known) -> None:
    image = np.full((300, 320, 3), 255, np.uint8)
    rotation = cv2.getRotationMatrix2D((150, 150), angle, 1)
    eyes = EYES[:2] @ rotation[:, :2].T + rotation[:, 2]
    for eye, colour in zip(eyes, ((255, 0, 0), (0, 0, 255)), strict=True):
        cv2.circle(image, tuple(np.rint(eye).astype(int).tolist()), 6, colour, -1)
    wrong = Face((110, 110, 80, 80), 0.8, EYES)
    faces = turned_faces(image, Upright(), wrong if known else None)
    assert faces and min(np.abs(face.landmarks[:2] - eyes).max() for face in faces) < 2.5
    x, y, width, height = faces[0].box
    assert x < 150 < x + width and y < 150 < y + height


def test_nothing_is_found_in_an_empty_picture() -> None:
    assert turned_faces(np.full((80, 90, 3), 255, np.uint8), Upright()) == []
