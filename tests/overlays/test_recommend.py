"""Frames that suit a face: if these fail, people are advised against the rules that are named beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cyclegan_glasses.overlays.face_outline import mouth_below_eyes, trace_outline
from cyclegan_glasses.overlays.face_traits import FaceTraits, hair_colour_of, read_traits, undertone_of
from cyclegan_glasses.overlays.fit import FACE, fit_pose
from cyclegan_glasses.overlays.fitting_rules import FIT, RULES, SHAPE
from cyclegan_glasses.overlays.frames import ACETATE, METAL
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.recommend import recommend
from cyclegan_glasses.overlays.styling import front_width
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import Portrait, random_portrait

UNKNOWN = FaceTraits({}, 135.0)


def portrait(size: int = 320, **changes: float | str) -> tuple[np.ndarray, np.ndarray, Portrait]:
    """A synthetic portrait, its landmarks, and what it was drawn from."""
    usual = {"eye_distance": 0.27, "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "hair": "pulled"}
    drawn = replace(random_portrait(0, 24), **usual | changes)
    drawing = draw_portrait(drawn, size)
    return drawing.image, drawing.pose.project(FACE) + 0.5, drawn


def test_the_outline_is_where_the_face_ends() -> None:
    """Its width is the size of the frame that is recommended."""
    image, landmarks, drawn = portrait(face_width=66.0, chin=104.0)
    pose = fit_pose(landmarks)
    outline = trace_outline(image, pose, mouth_below_eyes(landmarks, pose))
    assert outline is not None
    assert outline.width(0) == pytest.approx(2 * drawn.face_width, abs=8)
    assert outline.chin == pytest.approx(drawn.chin, abs=8)
    assert trace_outline(image, replace(pose, origin=np.array([5000.0, 0.0]))) is None


def test_a_long_face_is_told_from_a_broad_one() -> None:
    long, broad = (
        read_traits(*portrait(face_width=width, chin=chin)[:2])
        for width, chin in ((60.0, 114.0), (74.0, 97.0))
    )
    assert long.shapes["oblong"] > 2 * broad.shapes["oblong"]
    assert broad.shapes["round"] + broad.shapes["square"] > long.shapes["round"] + long.shapes["square"]
    assert broad.width > long.width + 15


def test_sizes_follow_the_distance_of_the_pupils() -> None:
    image, landmarks, _ = portrait()
    usual, wide = (read_traits(image, landmarks, pupils).width for pupils in (63.0, 69.3))
    assert wide == pytest.approx(1.1 * usual)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((64, 64, 3), np.uint8), np.full((40, 300, 3), 255, np.uint8), np.zeros((8, 8, 3), np.uint16)],
)
def test_a_face_that_cannot_be_measured_still_gets_six(picture: np.ndarray) -> None:
    """`add` without a frame must not fail on a face that can be drawn on."""
    height, width = picture.shape[:2]
    landmarks = np.full((5, 2), np.nan)
    landmarks[:2] = (0.3 * width, 0.4 * height), (0.7 * width, 0.4 * height)
    traits = read_traits(picture, landmarks)
    assert (traits.undertone, traits.shape) == ("", "")
    assert len(recommend(traits)) == 6


def test_a_picture_of_16_bits_is_read_as_one_of_8() -> None:
    image, landmarks, _ = portrait()
    assert read_traits(image.astype(np.uint16) * 257, landmarks) == read_traits(image, landmarks)


def test_six_frames_of_six_shapes_as_wide_as_the_face() -> None:
    six = recommend(replace(UNKNOWN, shapes={"oval": 1.0}, undertone="warm"))
    assert len({one.name for one in six}) == 6
    assert len({one.colour for one in six}) >= 3
    for one in six:
        assert front_width(one.frame) == pytest.approx(135, abs=0.5)
        assert one.reasons[-1].source == FIT.source
        assert "135 mm" in one.reasons[-1].text
    scores = [one.score for one in six]
    assert scores[0] == max(scores)


@pytest.mark.parametrize("shape", ["oval", "round", "square", "heart", "oblong"])
def test_what_is_recommended_keeps_the_rules_for_the_shape(shape: str) -> None:
    """No frame is shown that a rule is against, and for the first one a rule speaks."""
    rules = [rule for rule in RULES if (rule.trait, rule.value) == (SHAPE, shape)]
    first, *others = recommend(replace(UNKNOWN, shapes={shape: 1.0}))
    assert {reason.text for reason in first.reasons} & {rule.text for rule in rules}
    assert not {one.name for one in (first, *others)} & {name for rule in rules for name in rule.avoid}


def test_colours_follow_skin_and_hair() -> None:
    warm, cool = (recommend(replace(UNKNOWN, undertone=u)) for u in ("warm", "cool"))
    assert {"brown", "tortoise", "gold", "bronze"} >= {one.colour for one in warm[:3]}
    assert {"navy", "burgundy", "blue", "black"} >= {one.colour for one in cool[:3]}
    blonde = recommend(replace(UNKNOWN, hair_colour="blonde"))
    assert not {"gold", "champagne"} & {one.colour for one in blonde}


def test_rules_name_what_there_is_and_who_says_so() -> None:
    """A misspelt shape would silently never be recommended."""
    for rule in RULES:
        known = set(SHAPES) if rule.trait == SHAPE else {*ACETATE, *METAL}
        assert {*rule.suits, *rule.avoid} <= known, rule
        assert rule.source.url.startswith("http") and rule.source.publisher and rule.text.endswith(".")


def test_colours_have_the_words_of_opticians() -> None:
    assert undertone_of((70, 10, 20)) == "warm"
    assert undertone_of((70, 16, 9)) == "cool"
    assert undertone_of((70, 0.5, 0.5)) == ""  # black and white
    assert undertone_of((70, -5, -20)) == ""  # blue light
    hairs = ((8, 1, 1), (30, 8, 14), (70, 4, 25), (35, 24, 28), (65, 0, 3))
    assert [hair_colour_of(lab) for lab in hairs] == ["black", "brown", "blonde", "red", "grey"]
    assert hair_colour_of((60, -40, 30)) == ""  # a green hat


def test_what_is_not_seen_is_said() -> None:
    assert "not clear" in UNKNOWN.in_words()
    text = FaceTraits({"oval": 0.4, "heart": 0.3, "round": 0.3}, 131.0, undertone="warm").in_words()
    assert text.startswith("oval (40%) or heart (30%) face, 131 mm wide, warm skin")
