"""How sure the judge must be: too little and broken glasses pass, too much and real faces get no answer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from cyclegan_glasses.attributes.classifier import Calibration, read_weights, verdict_of, write_weights
from cyclegan_glasses.attributes.thresholds import PARTIAL, partial_glasses, thresholds
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.photo import Photo, write_manifest


def shares(column: int, *likely: float) -> np.ndarray:
    """Probabilities (n, 4) of which `column` is the likeliest."""
    rows = np.repeat((1 - np.array(likely))[:, None] / 3, 4, 1)
    rows[:, column] = likely
    return rows


def test_the_cheapest_thresholds_that_hold_are_taken():
    """Half frames pass as glasses at 0.8: above that they must not, and bare faces need not pay for it."""
    real = {"glasses": shares(0, *[0.9] * 9, 0.7), "none": shares(1, *[0.65] * 10)}
    partial = {"half_drawn": np.concatenate([shares(0, 0.8, 0.7), shares(3, *[0.9] * 8)])}
    assert thresholds(real, partial, 0.6, 0.2) == {"glasses": 0.6, "none": 0.6}
    found = thresholds(real, partial, 0.6, 0.1)
    assert 0.7 < found["glasses"] <= 0.8 and found["none"] == 0.6
    found = thresholds(real, partial, 0.6, 0.05)
    assert 0.8 < found["glasses"] <= 0.9 and found["none"] == 0.6


def test_both_answers_of_a_way_count_together():
    """A tenth passes as glasses and a tenth as none: a limit of a tenth must stop one of them."""
    real = {"glasses": shares(0, *[0.95] * 10), "none": shares(1, *[0.7] * 10)}
    partial = {"wiped": np.concatenate([shares(0, 0.8), shares(1, 0.8), shares(3, *[0.9] * 8)])}
    found = thresholds(real, partial, 0.6, 0.1)
    assert found["glasses"] > 0.8 and found["none"] == 0.6, "the one that costs no real face is stopped"


def test_where_nothing_is_sure_enough_the_judge_is_as_wary_as_can_be():
    real = {"glasses": shares(0, 0.9), "none": shares(1, 0.9)}
    found = thresholds(real, {"half_drawn": shares(0, 0.999)}, 0.6, 0.05)
    assert found == {"glasses": 0.99, "none": 0.99}


def test_a_class_has_its_own_threshold_and_the_file_keeps_it(tmp_path):
    calibration = Calibration(sure=0.5, thresholds={"glasses": 0.8})
    assert verdict_of(shares(0, 0.7)[0], calibration).label == "unsure"
    assert verdict_of(shares(0, 0.81)[0], calibration).label == "glasses"
    assert verdict_of(shares(1, 0.7)[0], calibration).label == "none"
    path = tmp_path / "judge.pt"
    write_weights(path, Facelyzr(ReaderSettings(16, (4, 6), 8)), calibration)
    assert read_weights(path)[1] == calibration
    old = torch.load(path)
    old["version"] = 1
    del old["calibration"]["thresholds"]
    torch.save(old, path)
    assert read_weights(path)[1].limit("glasses") == 0.5, "judges of before must still load"


def test_each_way_is_drawn_on_the_faces_it_is_for(tmp_path):
    """Wiped glasses need faces that wear some."""
    rng, photos = np.random.default_rng(0), []
    for number in range(6):
        name = f"{number}.png"
        cv2.imwrite(str(tmp_path / name), rng.integers(90, 160, (32, 32, 3), dtype=np.uint8))
        photos.append(Photo(name, origin=name, label="glasses" if number < 2 else "none", split="val"))
    write_manifest(tmp_path, photos)
    torch.manual_seed(0)
    network = Facelyzr(ReaderSettings(16, (4, 6), 8)).eval()
    real, partial = partial_glasses(network, Calibration(), tmp_path, "val", LabelSettings())
    assert {name: len(own) for name, own in real.items()} == {"glasses": 2, "none": 4}
    assert {name: len(own) for name, own in partial.items()} == {"half_drawn": 8, "rubbed_out": 8, "wiped": 4}
    assert partial["half_drawn"].sum(1) == pytest.approx(1)
    assert not np.allclose(partial["half_drawn"][:4], real["none"], atol=1e-4), "nothing was drawn"
    assert set(partial) == set(PARTIAL)
