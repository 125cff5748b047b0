"""The confidence that a label needs: too little and broken glasses pass, too much and real faces get none."""

from __future__ import annotations

import numpy as np
import torch

from cyclegan_glasses.attributes.calibration import AgeBand, Calibration, find_thresholds
from cyclegan_glasses.attributes.classifier import verdict_of
from cyclegan_glasses.attributes.weights import read_weights, write_weights
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings


def probabilities(column: int, *likely: float) -> np.ndarray:
    """Probabilities (n, 4) of which `column` is the likeliest."""
    rows = np.repeat((1 - np.array(likely))[:, None] / 3, 4, 1)
    rows[:, column] = likely
    return rows


def test_the_cheapest_thresholds_that_hold_are_taken():
    """Half frames pass as glasses at 0.8: above that they must not, and bare faces need not pay for it."""
    real = {"glasses": probabilities(0, *[0.9] * 9, 0.7), "none": probabilities(1, *[0.65] * 10)}
    partial = {"half_drawn": np.concatenate([probabilities(0, 0.8, 0.7), probabilities(3, *[0.9] * 8)])}
    assert find_thresholds(real, partial, 0.6, 0.2) == {"glasses": 0.6, "none": 0.6}
    found = find_thresholds(real, partial, 0.6, 0.1)
    assert 0.7 < found["glasses"] <= 0.8 and found["none"] == 0.6
    found = find_thresholds(real, partial, 0.6, 0.05)
    assert 0.8 < found["glasses"] <= 0.9 and found["none"] == 0.6


def test_both_answers_of_a_way_count_together():
    """A tenth passes as glasses and a tenth as none: a limit of a tenth must stop one of them."""
    real = {"glasses": probabilities(0, *[0.95] * 10), "none": probabilities(1, *[0.7] * 10)}
    partial = {
        "wiped": np.concatenate([probabilities(0, 0.8), probabilities(1, 0.8), probabilities(3, *[0.9] * 8)])
    }
    found = find_thresholds(real, partial, 0.6, 0.1)
    assert found["glasses"] > 0.8 and found["none"] == 0.6, "the one that costs no real face is stopped"


def test_where_nothing_is_sure_enough_the_thresholds_are_the_highest():
    real = {"glasses": probabilities(0, 0.9), "none": probabilities(1, 0.9)}
    found = find_thresholds(real, {"half_drawn": probabilities(0, 0.999)}, 0.6, 0.05)
    assert found == {"glasses": 0.99, "none": 0.99}


def test_a_class_has_its_own_threshold_and_the_file_keeps_it(tmp_path):
    calibration = Calibration(sure=0.5, thresholds={"glasses": 0.8})
    assert not verdict_of(probabilities(0, 0.7)[0], calibration).sure
    assert verdict_of(probabilities(0, 0.81)[0], calibration).surely("glasses")
    assert verdict_of(probabilities(1, 0.7)[0], calibration).surely("none")
    path = tmp_path / "judge.pt"
    write_weights(path, Facelyzr(ReaderSettings(16, (4, 6), 8)), calibration)
    assert read_weights(path)[1] == calibration
    old = torch.load(path)
    old["version"] = 1
    del old["calibration"]["thresholds"], old["calibration"]["bands"]
    old["calibration"] |= {"gender": 1.5, "age": 10.0}
    torch.save(old, path)
    before = read_weights(path)[1]
    assert before.threshold("glasses") == 0.5, "files of before must still load"
    assert before.bands == (AgeBand(0.0, 1.5, -23.0, 23.0),)
