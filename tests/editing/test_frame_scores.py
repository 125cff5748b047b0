"""The frame measured by geometry: what a person would take for glasses, and what only a classifier would."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.editing.frame_scores import FrameScores, frame_added, frame_left, glasses_zone
from tests.evaluation.portraits import portrait, spoiled

EYES = np.array([[36.0, 48.0], [72.0, 48.0]])


def flat(value: int = 150) -> np.ndarray:
    return np.full((108, 108, 3), value, np.uint8)


def drawn(*drawings: str) -> np.ndarray:
    """Circles of radius 12 around the eyes and a line between them, on grey."""
    picture = flat()
    for number, eye in enumerate(EYES):
        if f"rim{number}" in drawings:
            cv2.circle(picture, tuple(int(v) for v in eye), 12, (30, 30, 30), 2, cv2.LINE_AA)
    if "bridge" in drawings:
        cv2.line(picture, (47, 46), (61, 46), (30, 30, 30), 2)
    if "line" in drawings:
        cv2.line(picture, (8, 48), (100, 48), (30, 30, 30), 3)
    return picture


def test_a_drawn_frame_is_whole_and_each_missing_part_is_missed() -> None:
    whole = frame_added(flat(), drawn("rim0", "rim1", "bridge"), EYES)
    assert whole.rims > 0.97 and whole.bridge > 0.9 and whole.whole
    one = frame_added(flat(), drawn("rim0", "bridge"), EYES)
    assert one.rims < 0.2 and not one.whole
    apart = frame_added(flat(), drawn("rim0", "rim1"), EYES)
    assert apart.rims > 0.97 and apart.bridge < 0.3 and not apart.whole


def test_a_lone_line_across_the_bridge_is_no_frame() -> None:
    """A classifier took it for glasses."""
    assert frame_added(flat(), drawn("bridge"), EYES).rims < 0.15
    assert not frame_added(flat(), drawn("line"), EYES).whole


def test_light_frames_count_as_dark_ones_do() -> None:
    dark = drawn("rim0", "rim1", "bridge")
    assert frame_added(255 - flat(), 255 - dark, EYES).whole


def test_noise_and_colour_are_no_frame() -> None:
    rng = np.random.default_rng(0)
    zone = glasses_zone(flat().shape, EYES)[..., None]
    for change in (rng.normal(0, 30, flat().shape), zone * rng.normal(0, 30, flat().shape), zone * 25):
        after = np.clip(flat() + change, 0, 255).astype(np.uint8)
        assert not frame_added(flat(), after, EYES).whole
    assert frame_added(flat(), flat(), EYES) == FrameScores(0, 0, 0)
    assert frame_added(flat(), flat(180), EYES) == FrameScores(0, 0, 0)


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
def test_what_is_left_of_a_frame_is_its_share_of_contrast(strength: float) -> None:
    before, bare = drawn("rim0", "rim1", "bridge"), flat()
    after = np.round(strength * before + (1 - strength) * bare.astype(float)).astype(np.uint8)
    assert frame_left(before, after, EYES) == pytest.approx(strength, abs=0.02)


def test_nothing_removed_is_all_left_and_all_removed_nothing() -> None:
    before = drawn("rim0", "rim1", "bridge")
    assert frame_left(before, before, EYES) == 1
    assert frame_left(before, flat(), EYES) < 0.01


def test_the_way_round_turns_with_the_head() -> None:
    whole, rotation = drawn("rim0", "rim1", "bridge"), cv2.getRotationMatrix2D((54, 48), 20, 1)
    turned = cv2.warpAffine(whole, rotation, (108, 108), borderValue=(150, 150, 150))
    eyes = EYES @ rotation[:, :2].T + rotation[:, 2]
    assert frame_added(flat(), turned, eyes).whole


@pytest.mark.parametrize("number", [1, 3, 8])
def test_on_portraits_the_truth_is_whole_and_every_spoiled_frame_is_less(number: int) -> None:
    face = portrait(number)
    bare, worn, eyes = face.picture, face.truth, face.eyes
    best = frame_added(bare, worn, eyes)
    assert best.whole and best.rims > 0.9
    made = {name: frame_added(bare, result, eyes) for name, result in spoiled(worn, bare, eyes).items()}
    assert made["untouched"].rims == 0 and made["half"].rims < 0.35
    assert not made["half"].whole and not made["untouched"].whole
    assert made["blurred"].rims <= best.rims and made["faint"].rims <= best.rims
    assert made["gamma"].rims > 0.5, "another light on the same frame leaves a frame"


@pytest.mark.parametrize("number", [1, 3])
def test_on_portraits_a_clean_removal_leaves_nothing_and_a_faint_one_its_half(number: int) -> None:
    face = portrait(number)
    bare, worn, eyes = face.picture, face.truth, face.eyes
    assert frame_left(worn, bare, eyes) < 0.1
    assert frame_left(worn, spoiled(worn, bare, eyes)["faint"], eyes) == pytest.approx(0.5, abs=0.12)
    assert frame_left(worn, worn, eyes) == 1
