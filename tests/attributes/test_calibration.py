"""Confidences must be right as often as they say: filters and reviews sort by them."""

from __future__ import annotations

import numpy as np
import pytest

from cyclegan_glasses.attributes.answers import Answers, probabilities
from cyclegan_glasses.attributes.calibration import (
    Calibration,
    age_bands,
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


def test_each_band_of_ages_has_its_own_interval_and_temperature():
    """One error for all ages was four times too small for old faces and too large for young ones."""
    rng = np.random.default_rng(0)
    estimates = np.concatenate([rng.uniform(20, 30, 400), rng.uniform(50, 60, 400), [33.0]])
    errors = np.concatenate([rng.uniform(-4, 4, 400), rng.uniform(0, 30, 400), [0.0]])
    logits = np.where(estimates < 40, 1.0, 8.0)[:, None] * rng.standard_normal((801, 2))
    genders = (
        rng.random(801) < 1 / (1 + np.exp(-(logits[:, 1] - logits[:, 0]) / np.where(estimates < 40, 1, 8)))
    ) * 1
    answers = Answers(np.zeros((801, 4)), logits, estimates, np.zeros((801, 5, 2)), np.zeros((801, 3)))
    bands = age_bands(answers, {"age": estimates + errors, "gender": genders})
    assert [band.begins for band in bands] == [0.0, 50.0], "few faces have no band of their own"
    young, old = bands
    assert (young.low, young.high) == pytest.approx((-3.6, 3.6), abs=0.5)
    assert (old.low, old.high) == pytest.approx((1.5, 28.5), abs=1)
    assert young.gender == pytest.approx(1, rel=0.3) and old.gender == pytest.approx(8, rel=0.3)
    calibration = Calibration(bands=bands)
    assert calibration.band(49.9) == young and calibration.band(50.0) == old == calibration.band(99)
    assert calibration.band(-3.0) == young


def test_calibration_needs_a_label():
    ages, nothing = np.array([30.0, 40.0]), np.zeros((2, 3))
    none = Answers(np.zeros((2, 4)), np.zeros((2, 2)), ages, np.zeros((2, 5, 2)), nothing)
    missing = {"glasses": np.full(2, -1), "gender": np.full(2, -1), "age": np.array([34.0, np.nan])}
    with pytest.raises(UserError, match="no face has a label"):
        calibrate(none, missing)
    there = missing | {"glasses": np.array([0, 1])}
    figures = summary(none, there, Calibration())
    assert (figures["faces"], figures["glasses"], figures["age_rmse"]) == (2, 0.5, 4.0)
