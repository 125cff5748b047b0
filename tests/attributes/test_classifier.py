"""The judge that filters, editor and evaluation ask."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from cyclegan_glasses.attributes.calibrate import (
    Answered,
    calibrate,
    expected_error,
    expecting,
    network_of,
    summary,
    temperature,
)
from cyclegan_glasses.attributes.classifier import (
    SHIPPED,
    Calibration,
    TrainedJudge,
    load_judge,
    read_weights,
    verdict_of,
)
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.facelyzr import Answers, Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings


def faces(count: int, side: int = 20) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_answers_do_not_depend_on_the_batch_or_on_the_mirror(weights):
    """A face judged alone and in a folder must get the same answer."""
    judge = load_judge(weights)
    assert judge is not None
    many, alone = judge.read(faces(70)), judge.read(faces(70)[66:67])
    assert len(many) == 70
    assert alone[0].verdict.confidence == pytest.approx(many[66].verdict.confidence, abs=1e-5)
    mirrored = judge.read(faces(70)[66:67, :, ::-1])
    assert mirrored[0].verdict.probabilities == pytest.approx(alone[0].verdict.probabilities, abs=1e-5)
    assert mirrored[0].landmarks[0, 0] == pytest.approx(1 - alone[0].landmarks[1, 0], abs=1e-5)
    assert sum(alone[0].verdict.probabilities.values()) == pytest.approx(1)


def test_a_judge_travels_to_other_processes(weights):
    judge = load_judge(weights)
    assert judge is not None
    other = pickle.loads(pickle.dumps(judge))
    assert len(pickle.dumps(judge)) < 2000, "weights travel with every batch"
    assert [v.label for v in other.judge(faces(3))] == [v.label for v in judge.judge(faces(3))]
    assert other.name == judge.name and len(judge.sha256) == 64


def test_features_are_vectors_for_each_face(weights):
    judge = TrainedJudge(weights)
    features = judge.features(faces(3))
    assert features.shape == (3, 8) and features.dtype == np.float32
    assert judge.features(faces(0)).shape == (0, 8)
    assert judge.judge(faces(0)) == []


def test_below_the_threshold_the_judge_is_unsure():
    shares = np.array([0.5, 0.3, 0.1, 0.1])
    assert verdict_of(shares, Calibration(sure=0.4)).label == "glasses"
    unsure = verdict_of(shares, Calibration(sure=0.6))
    assert (unsure.label, unsure.confidence, unsure.probabilities["none"]) == ("unsure", 0.5, 0.3)


def test_pictures_of_another_kind_are_refused(weights):
    with pytest.raises(ValueError, match="uint8"):
        TrainedJudge(weights).judge(np.zeros((1, 8, 8, 3), np.float32))


def test_a_file_that_is_no_judge_is_named(tmp_path, weights):
    with pytest.raises(UserError, match="no judge"):
        load_judge(tmp_path / "missing.pt")
    torch.save({"version": 1}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="holds no judge"):
        load_judge(tmp_path / "other.pt")
    (tmp_path / "cut.pt").write_bytes(weights.read_bytes()[:500])
    with pytest.raises(UserError, match="cut off"):
        load_judge(tmp_path / "cut.pt")
    torch.save(torch.load(weights) | {"version": 9}, tmp_path / "newer.pt")
    with pytest.raises(UserError, match="version 9"):
        load_judge(tmp_path / "newer.pt")


def test_the_judge_that_ships_is_small_and_can_be_loaded():
    """A package that grew by its weights, or whose weights nobody can read."""
    judge = load_judge()
    assert judge is not None and SHIPPED.stat().st_size < 4_000_000
    assert 0.2 < judge.calibration.glasses < 5
    grey = np.full((2, 128, 128, 3), 128, np.uint8)
    assert len(judge.judge(grey)) == 2


def test_temperature_makes_confidences_honest():
    """Logits ten times too large are right as often as before but far too sure."""
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 4, generator=rng)
    labels = torch.multinomial(torch.softmax(logits, 1), 1, generator=rng)[:, 0]
    found = temperature(logits * 10, labels)
    assert found == pytest.approx(10, rel=0.1)
    assert temperature(logits, torch.full((4000,), -1)) == 1.0

    def gap(value: float) -> float:
        shares, said = torch.softmax(logits * 10 / value, 1).max(1)
        return expected_error(shares.numpy(), (said == labels).numpy())

    assert gap(found) < 0.03 < gap(1.0)


def test_a_judge_expects_few_broken_faces():
    """Having seen as many broken faces as others, it would call bare ones broken."""
    bias = expecting(0.1)
    shares = Calibration(bias=bias).shares(torch.zeros(1, 4))[0]
    assert float(shares[3]) == pytest.approx(0.1) and float(shares[0]) == pytest.approx(0.3)
    logits = torch.tensor([[2.0, 1.0, 0.0, 3.0]])
    before, after = Calibration().shares(logits)[0], Calibration(bias=bias).shares(logits)[0]
    assert float(after[0] / after[1]) == pytest.approx(float(before[0] / before[1]))
    assert int(before.argmax()) == 3 and int(after.argmax()) == 0
    assert expecting(0.25) == pytest.approx((0.0, 0.0, 0.0, 0.0)), "what the training showed it"


def test_calibration_needs_a_label():
    none = Answers(torch.zeros(2, 4), torch.zeros(2, 2), torch.tensor([30.0, 40.0]), torch.zeros(2, 5, 2))
    missing = {
        "glasses": torch.full((2,), -1),
        "gender": torch.full((2,), -1),
        "age": torch.tensor([34.0, torch.nan]),
    }
    with pytest.raises(UserError, match="no face has a label"):
        calibrate(Answered(none, missing))
    there = Answered(none, missing | {"glasses": torch.tensor([0, 1])})
    assert calibrate(there, 0.5).age == 4.0
    figures = summary(there, Calibration())
    assert (figures["faces"], figures["glasses"], figures["age_rmse"]) == (2, 0.5, 4.0)


def test_a_network_is_rebuilt_from_its_weights(weights):
    torch.manual_seed(1)
    trained = Facelyzr(ReaderSettings(16, (4, 6), 8)).eval()
    again = network_of(trained.state_dict(), 16, "x")
    picture = torch.rand(2, 3, 16, 16)
    assert torch.equal(again(picture).glasses, trained(picture).glasses)
    assert read_weights(weights)[0].decoder is None
    with pytest.raises(UserError, match="no network of --model facelyzr"):
        network_of({"model.1.weight": torch.zeros(1)}, 16, "x")
