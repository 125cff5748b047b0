"""Each question asked of a photo: its score on drawn faces and solid colours, apart from its threshold."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.criteria import coverings, eyes, framing, glasses, quality
from cyclegan_glasses.criteria.decide import CRITERIA, all_scores
from cyclegan_glasses.criteria.measure import scores_of
from cyclegan_glasses.criteria.settings import Thresholds
from cyclegan_glasses.photo import Photo
from tests.criteria.helpers import SKIN, context_of, draw, face_at, with_glasses


def reasons(scores: dict[str, float], framing: str = "") -> set[str]:
    """Criteria that the default thresholds reject these scores by."""
    scores = all_scores(Photo("a.png", scores=scores))
    return {
        criterion.name
        for criterion in CRITERIA
        for check in criterion.checks
        if check.framing in ("", framing) and check.reason(scores, Thresholds())
    }


@pytest.mark.parametrize("skin", [SKIN, (250, 225, 205), (90, 60, 45)])
def test_a_good_face_passes_every_question(skin):
    """Whatever the skin's colour: lost here, lost from every data set."""
    for image in (draw(skin=skin), with_glasses(draw(skin=skin))):
        assert reasons(scores_of(context_of(image)), "whole") == set()
        assert reasons(scores_of(context_of(image)), "aligned") == set()


def test_a_second_face_counts_by_its_size_and_by_whether_the_crop_shows_it():
    beside = face_at(x=330, distance=46)
    image = np.concatenate([draw(), np.zeros((256, 160, 3), np.uint8)], 1)
    scores = framing.score(context_of(image, face_at(), beside))
    assert scores["faces"] == 2
    assert scores["second_face"] == pytest.approx(0.5)
    assert scores["second_face_in_crop"] == 0
    inside = framing.score(context_of(draw(), face_at(), face_at(y=200, distance=50)))
    assert inside["second_face_in_crop"] == pytest.approx(50 / 92)
    assert reasons(inside, "aligned") == {"framing"}
    assert "framing" not in reasons(scores, "aligned")


def test_the_share_of_the_face_is_asked_of_whole_pictures_alone():
    small = np.full((800, 800, 3), 90, np.uint8)
    small[:256, :256] = draw()
    scores = framing.score(context_of(small))
    assert scores["face_share"] == pytest.approx(2.6 * 92 / 800)
    assert reasons(scores, "whole") == {"framing"}
    assert reasons(scores, "aligned") == set()


def test_a_crop_that_the_picture_does_not_fill_is_noticed():
    assert framing.score(context_of(draw()))["outside"] < 0.01
    cut = draw()[60:, 50:]
    scores = framing.score(context_of(cut, face_at(78, 42)))
    assert 0.3 < scores["outside"] < 0.5
    assert reasons(scores, "aligned") == {"framing"}


@pytest.mark.parametrize(("nose", "rejected"), [(0.0, False), (0.2, False), (0.4, True), (-0.4, True)])
def test_a_head_turned_to_the_side_is_rejected(nose, rejected):
    scores = eyes.score(context_of(draw(), face_at(nose=nose)))
    assert scores["turn"] == pytest.approx(np.degrees(np.arctan(2 * abs(nose))))
    assert (reasons(scores) == {"eyes"}) == rejected


def test_an_eye_at_the_border_is_rejected():
    near = eyes.score(context_of(draw(), face_at(x=60)))
    assert near["eye_margin"] == pytest.approx((60 - 46) / 92)
    assert reasons(near) == {"eyes"}
    assert reasons(eyes.score(context_of(draw(), face_at()))) == set()


def test_without_a_nose_the_pose_is_not_scored():
    """Faces whose eyes alone are known must not all be rejected, or all be called frontal."""
    face = face_at()
    face.landmarks[2:] = np.nan
    scores = eyes.score(context_of(draw(), face))
    assert "turn" not in scores
    assert "nose" not in scores
    assert reasons(scores) == set()


def test_dark_lenses_are_told_from_clear_ones_on_every_skin():
    for skin in (SKIN, (250, 225, 205), (90, 60, 45)):
        clear = glasses.score(context_of(with_glasses(draw(skin=skin))))
        dark = glasses.score(context_of(with_glasses(draw(skin=skin), dark=True)))
        assert clear["lens"] > 0.6
        assert dark["lens"] < 0.4
        assert reasons(dark) == {"glasses"}


def test_a_shadow_under_the_brow_is_no_dark_lens_unless_a_frame_shows():
    """Deep-set eyes in hard light were the most common good faces to be lost."""
    assert glasses.clearness(0.38, edges=0.1) == pytest.approx(0.48)
    assert glasses.clearness(0.38, edges=0.6) == pytest.approx(0.38)
    assert reasons({"lens": 0.38, "edges": 0.1}) == set()
    assert reasons({"lens": 0.38, "edges": 0.6}) == {"glasses"}
    assert reasons({"lens": 0.2, "edges": 0.1}) == {"glasses"}


def test_a_frame_shows_in_the_edges():
    bare, framed = draw(), with_glasses(draw())
    assert glasses.score(context_of(bare))["edges"] < 0.3
    assert glasses.score(context_of(framed))["edges"] > 0.7
    assert glasses.label_doubt("glasses", 0.9) == pytest.approx(0.1)
    assert glasses.label_doubt("none", 0.9) == pytest.approx(0.9)
    assert glasses.label_doubt("sunglasses", 0.9) is None


def test_a_frame_cut_off_by_the_border_is_noticed():
    assert glasses.score(context_of(draw()))["frame_margin"] > 0.3
    cut = glasses.score(context_of(draw()[:, 60:], face_at(68)))
    assert cut["frame_margin"] < 0
    assert reasons(cut) == {"glasses"}


def test_a_blue_mask_and_hair_over_an_eye_are_noticed():
    masked = draw()
    masked[150:] = (60, 110, 220)
    assert coverings.score(context_of(draw()))["lower_colour"] < 15
    assert reasons(coverings.score(context_of(masked))) == {"coverings"}
    combed = draw()
    combed[40:140, 130:220] = (25, 20, 18)
    assert coverings.score(context_of(draw()))["eye_imbalance"] < 0.1
    assert reasons(coverings.score(context_of(combed))) == {"coverings"}


def test_a_thing_before_one_cheek_is_noticed():
    image = draw()
    image[130:, :110] = (40, 160, 60)
    assert coverings.score(context_of(image))["side_colour"] > 28
    assert coverings.score(context_of(draw()))["side_colour"] < 5


def test_blur_lowers_sharpness_and_light_does_not():
    sharp = quality.score(context_of(draw()))["sharpness"]
    blurred = quality.score(context_of(cv2.GaussianBlur(draw(), (0, 0), 8)))["sharpness"]
    darker = quality.score(context_of((draw() * 0.5).astype(np.uint8)))["sharpness"]
    assert blurred < 0.08 < sharp
    assert darker == pytest.approx(sharp, rel=0.15)


def test_exposure_and_size_on_solid_colours():
    for grey in (0, 128, 255):
        scores = quality.score(context_of(np.full((256, 256, 3), grey, np.uint8)))
        assert scores["brightness"] == grey
        assert scores["contrast"] == 0
        assert scores["sharpness"] == 0
        assert reasons(scores) == {"quality"}
    assert quality.score(context_of(draw(), face_at(distance=20)))["eye_distance"] == pytest.approx(20)


def test_every_check_asks_a_score_that_is_measured():
    """A misspelt name would silently let everything through."""
    measured = set(all_scores(Photo("a.png", label="none", scores=scores_of(context_of(draw())))))
    checks = [check for criterion in CRITERIA for check in criterion.checks]
    assert {check.score for check in checks} <= measured
    assert all(hasattr(Thresholds(), check.threshold) for check in checks)
    asked = {check.threshold for check in checks} | {"min_judge_confidence", "max_duplicate_bits"}
    assert asked == set(Thresholds.__dataclass_fields__)
