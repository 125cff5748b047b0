"""What should not have changed: each number moves with its own fault, by hand and on portraits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.evaluation.change import (
    changed_elsewhere,
    colour_shift,
    framed,
    landmarks_moved,
    skin_region,
    typology,
    typology_angle,
)
from cyclegan_glasses.evaluation.distances import likeness
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.faces.detect import Face
from tests.evaluation.portraits import portrait, spoiled

EYES = np.array([[20.5, 25.6], [43.5, 25.6]])


def flat(colour: tuple[int, int, int] = (190, 140, 110)) -> np.ndarray:
    return np.full((64, 64, 3), colour, np.uint8)


def test_only_what_lies_outside_the_glasses_counts() -> None:
    after, mask = flat(), np.zeros((64, 64))
    mask[20:30] = 1
    after[20:30] = 0
    assert changed_elsewhere(flat(), after, mask)["L1 elsewhere"] == 0
    after[50:] = flat()[50:] + 10
    assert changed_elsewhere(flat(), after, mask)["L1 elsewhere"] == pytest.approx(10 * 14 / 54)


def test_colour_shifts_have_a_sign() -> None:
    """CIELAB of the two colours by hand: L* of grey 119 is 50.0, of grey 145 is 60.2."""
    scores = colour_shift(flat((119, 119, 119)), flat((145, 145, 145)), EYES)
    assert scores["skin lightness"] == pytest.approx(10.2, abs=0.2)
    assert (
        scores["background lightness"]
        == -colour_shift(flat((145, 145, 145)), flat((119, 119, 119)), EYES)["background lightness"]
    )
    assert "skin hue" not in scores, "grey has no hue"
    yellower = colour_shift(flat(), flat((190, 150, 90)), EYES)
    redder = colour_shift(flat(), flat((200, 120, 110)), EYES)
    assert yellower["skin hue"] > 5 and redder["skin hue"] < -5
    equal = colour_shift(flat(), flat(), EYES)
    assert set(equal.values()) == {0.0}


def test_skin_and_background_are_told_apart() -> None:
    after = flat()
    after[skin_region(after.shape, EYES)] = 60
    scores = colour_shift(flat(), after, EYES)
    assert scores["skin lightness"] < -20 and scores["background lightness"] == 0


def test_skin_tone_by_the_angle_of_its_lightness() -> None:
    """ITA: CIELAB (70, ., 15) is arctan(20 / 15) = 53 degrees, light; (35, ., 15) is -45, dark."""
    for lightness, angle, name in ((70, 53.1, "2 light"), (35, -45.0, "6 dark")):
        colour = cv2.cvtColor(np.array([[[lightness, 8, 15]]], np.float32), cv2.COLOR_LAB2RGB)[0, 0]
        picture = flat(tuple(np.round(255 * colour).astype(int)))
        assert typology_angle(picture, EYES) == pytest.approx(angle, abs=2.5)
        assert typology(typology_angle(picture, EYES)) == name


def test_likeness_is_a_cosine() -> None:
    a = np.array([[3.0, 4.0], [1.0, 0.0], [1.0, 0.0]])
    b = np.array([[6.0, 8.0], [0.0, 5.0], [-2.0, 0.0]])
    assert likeness(a, b) == pytest.approx([1, 0, -1])


class Moving:
    """A detector that finds the eyes where it is told, and nose and mouth below."""

    name = "moving"

    def __init__(self, *shifts: float | None) -> None:
        self.shifts = list(shifts)

    def find_faces(self, image: np.ndarray) -> list[Face]:
        shift = self.shifts.pop(0)
        if shift is None:
            return []
        points = np.concatenate([EYES, EYES.mean(axis=0, keepdims=True) + 10, EYES + 20])
        return [Face((0, 0, 1, 1), 1, points + np.array([0, shift]))]


def test_landmarks_move_in_percent_of_the_eye_distance() -> None:
    scores = landmarks_moved(flat(), flat(), EYES, Moving(0, 2.3))
    assert scores["eyes moved"] == pytest.approx(10) and scores["nose and mouth moved"] == pytest.approx(10)
    assert landmarks_moved(flat(), flat(), EYES, Moving(0, None)) == {"face lost": 1}
    assert landmarks_moved(flat(), flat(), EYES, Moving(None, 0)) == {}


def test_faces_come_to_where_a_classifier_expects_them() -> None:
    """A classifier that sees the eyes elsewhere classifies something else."""
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    half = np.array([0.18, 0])
    usual = (np.array([0.5, 0.4]) + np.stack([-half, half])) * 64
    assert framed(picture, usual, Framing(), 64) is picture
    assert framed(picture, usual, Framing(), 32).shape == (32, 32, 3)
    dots = np.zeros((100, 80, 3), np.uint8)
    for x, y in ((30, 60), (50, 60)):
        dots[y - 2 : y + 2, x - 2 : x + 2] = 255
    cut = framed(dots, np.array([[30.0, 60.0], [50.0, 60.0]]), Framing(), 100)[..., 0]
    assert cut[40, 32] > 200 and cut[40, 68] > 200 and cut[40, 50] == 0


@pytest.mark.parametrize("number", [1, 3])
def test_on_portraits_each_fault_moves_its_own_number(number: int) -> None:
    face = portrait(number)
    bare, worn, eyes, mask = face.picture, face.truth, face.eyes, face.mask
    made = spoiled(bare, worn, eyes)

    def elsewhere(after: np.ndarray) -> float:
        return changed_elsewhere(worn, after, mask)["L1 elsewhere"]

    assert elsewhere(bare) == 0 == elsewhere(made["half"])
    for name in ("blurred", "gamma", "shifted", "noisy"):
        assert elsewhere(made[name]) > 0.5, name
    assert colour_shift(worn, made["gamma"], eyes)["skin lightness"] < -2
    assert abs(colour_shift(worn, made["half"], eyes)["skin lightness"]) < 0.5
