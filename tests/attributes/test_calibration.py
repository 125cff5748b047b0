"""Confidences must be right as often as they say: filters and reviews sort by them."""

from __future__ import annotations

import numpy as np
import pytest

from cyclegan_glasses.attributes.answers import Answers, probabilities
from cyclegan_glasses.attributes.calibration import (
    Calibration,
    calibrate,
    expected_calibration_error,
    prior_bias,
    summary,
    temperature,
)
from cyclegan_glasses.errors import UserError


def test_temperature_makes_confidences_honest():
    """Logits ten times too large are right as often as before but far too sure."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((4000, 4)).astype(np.float32)
    labels = np.array([rng.choice(4, p=chances) for chances in probabilities(logits, 1)])
    found = temperature(logits * 10, labels)
    assert found == pytest.approx(10, rel=0.1)
    assert temperature(logits, np.full(4000, -1)) == 1.0

    def gap(value: float) -> float:
        chances = probabilities(logits * 10, value)
        return expected_calibration_error(chances.max(1), chances.argmax(1) == labels)

    assert gap(found) < 0.03 < gap(1.0)


def test_few_faces_are_expected_to_be_broken():
    """Having seen as many broken faces as others, it would call bare ones broken."""
    bias = prior_bias(0.1)
    expected = Calibration(bias=bias).probabilities(np.zeros((1, 4)))[0]
    assert float(expected[3]) == pytest.approx(0.1) and float(expected[0]) == pytest.approx(0.3)
    logits = np.array([[2.0, 1.0, 0.0, 3.0]])
    before, after = Calibration().probabilities(logits)[0], Calibration(bias=bias).probabilities(logits)[0]
    assert float(after[0] / after[1]) == pytest.approx(float(before[0] / before[1]))
    assert int(before.argmax()) == 3 and int(after.argmax()) == 0
    assert prior_bias(0.25) == pytest.approx((0.0, 0.0, 0.0, 0.0)), "what the training showed it"


def test_calibration_needs_a_label():
    ages, nothing = np.array([30.0, 40.0]), np.zeros((2, 3))
    none = Answers(np.zeros((2, 4)), np.zeros((2, 2)), ages, np.zeros((2, 5, 2)), nothing)
    missing = {"glasses": np.full(2, -1), "gender": np.full(2, -1), "age": np.array([34.0, np.nan])}
    with pytest.raises(UserError, match="no face has a label"):
        calibrate(none, missing)
    there = missing | {"glasses": np.array([0, 1])}
    assert calibrate(none, there, 0.5).age == 4.0
    figures = summary(none, there, Calibration())
    assert (figures["faces"], figures["glasses"], figures["age_rmse"]) == (2, 0.5, 4.0)
