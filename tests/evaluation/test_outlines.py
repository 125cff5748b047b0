"""Whether the eyes kept their shape: drawn eyes by hand, and portraits with a frame taken off around them."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from benchmarks.evaluation import enlarged
from cyclegan_glasses.evaluation.outlines import outlines_moved
from tests.evaluation.portraits import portrait, spoiled

EYES = np.array([[60.0, 90.0], [140.0, 90.0]])
FINE = 4


def discs(radius: float, shift: float = 0.0, rim: bool = False, turned: float = 0.0) -> np.ndarray:
    """Dark discs for eyes on skin, antialiased; with round rims of radius 20 about them."""
    page = np.full((180 * FINE, 200 * FINE, 3), 190, np.uint8)
    for x, y in EYES:
        centre = (round((x + shift) * FINE), round(y * FINE))
        cv2.circle(page, centre, round(radius * FINE), (70, 50, 40), -1)
        if rim:
            cv2.circle(page, centre, 20 * FINE, (20, 20, 20), 2 * FINE)
    small = cv2.resize(page, (200, 180), interpolation=cv2.INTER_AREA)
    way = cv2.getRotationMatrix2D((100, 90), turned, 1)
    return cv2.warpAffine(small, way, (200, 180), borderValue=(190, 190, 190))


def moved(before: np.ndarray, after: np.ndarray, eyes: np.ndarray = EYES) -> float:
    return outlines_moved(before, after, eyes)["eye outlines moved"]


@pytest.mark.parametrize("scale", [1.1, 0.9])
def test_an_eye_that_grew_by_a_tenth_by_hand(scale: float) -> None:
    """The rim of a disc of radius 8 moves by 0.8 pixels: 1 % of an eye distance of 80."""
    assert moved(discs(8), discs(8 * scale)) == pytest.approx(1.0, abs=0.06)


def test_a_disc_that_moved_by_hand() -> None:
    """By 2 pixels to the side: on average over its rim 2 · 2 / π from the nearest place of the other."""
    assert moved(discs(8), discs(8, shift=2)) == pytest.approx(100 * 2 * 2 / np.pi / 80, rel=0.15)


def test_an_untouched_eye_has_not_moved_whatever_was_taken_off_around_it() -> None:
    assert moved(discs(8), discs(8)) == 0
    assert moved(discs(8, rim=True), discs(8)) < 0.1 > moved(discs(8), discs(8, rim=True))
    darker = np.round(discs(8) * 0.6 + 20).astype(np.uint8)
    assert moved(discs(8), darker) < 0.1, "light and contrast are no shape"


def test_an_eye_that_is_gone_counts_as_furthest_and_none_at_all_is_no_score() -> None:
    bare = np.full((180, 200, 3), 190, np.uint8)
    assert moved(discs(8), bare) == pytest.approx(8)
    assert outlines_moved(bare, discs(8), EYES) == {}


def test_it_turns_with_the_head_and_scales_with_the_face() -> None:
    way = cv2.getRotationMatrix2D((100, 90), 20, 1)
    eyes = (EYES - 0.5) @ way[:, :2].T + way[:, 2] + 0.5
    straight = moved(discs(8), discs(9))
    assert moved(discs(8, turned=20), discs(9, turned=20), eyes) == pytest.approx(straight, rel=0.1)
    larger = [cv2.resize(discs(radius), (400, 360), interpolation=cv2.INTER_CUBIC) for radius in (8, 9)]
    assert moved(*larger, EYES * 2) == pytest.approx(straight, rel=0.15)


@pytest.mark.parametrize("number", [0, 3, 6])
def test_on_portraits_the_truth_keeps_its_eyes_and_worse_results_do_not(number: int) -> None:
    face, other = portrait(number), portrait(number + 20)
    bare, worn, eyes = face.picture, face.truth, face.eyes
    replaced = cv2.warpAffine(
        other.picture, cv2.estimateAffinePartial2D(other.eyes, eyes)[0], bare.shape[1::-1]
    )
    painted = cv2.inpaint(worn, (face.mask > 0).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    found = [moved(worn, after, eyes) for after in (bare, enlarged(bare, eyes, 1.2), replaced, painted)]
    assert found[0] < 0.6 and found[3] > 5
    assert all(less < more for less, more in pairwise(found))
    assert moved(worn, spoiled(bare, worn, eyes)["shifted"], eyes) > 2
    assert moved(bare, worn, eyes) < 0.6, "putting a frame on is no change of the eyes either"
