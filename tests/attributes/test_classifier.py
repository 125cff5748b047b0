"""The attribute classifier that filters, editor and evaluation use."""

from __future__ import annotations

import pickle

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from cyclegan_glasses.attributes.calibration import AgeBand, Calibration
from cyclegan_glasses.attributes.classifier import (
    FacelyzrClassifier,
    OnnxAttributeNetwork,
    load_classifier,
    verdict_of,
)
from cyclegan_glasses.attributes.weights import (
    TorchAttributeNetwork,
    network_of,
    onnx_of,
    read_weights,
    write_weights,
)
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.onnx_network import OnnxNetwork
from cyclegan_glasses.shipped import CLASSIFIER


def faces(count: int, side: int = 20) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_answers_do_not_depend_on_the_batch_or_on_the_mirror(weights):
    """A face classified alone and in a folder must get the same answer."""
    classifier = load_classifier(weights)
    assert classifier is not None
    many, alone = classifier.predict(faces(70)), classifier.predict(faces(70)[66:67])
    assert len(many) == 70
    assert alone[0].verdict.confidence == pytest.approx(many[66].verdict.confidence, abs=1e-5)
    mirrored = classifier.predict(faces(70)[66:67, :, ::-1])
    assert mirrored[0].verdict.probabilities == pytest.approx(alone[0].verdict.probabilities, abs=1e-5)
    assert mirrored[0].landmarks[0, 0] == pytest.approx(1 - alone[0].landmarks[1, 0], abs=1e-5)
    assert sum(alone[0].verdict.probabilities.values()) == pytest.approx(1)


def test_a_classifier_travels_to_other_processes(weights):
    classifier = load_classifier(weights)
    assert classifier is not None
    other = pickle.loads(pickle.dumps(classifier))
    assert len(pickle.dumps(classifier)) < 2000, "weights travel with every batch"
    assert [v.label for v in other.classify(faces(3))] == [v.label for v in classifier.classify(faces(3))]
    assert other.name == classifier.name and len(classifier.sha256) == 64


def test_features_are_vectors_for_each_face(weights):
    classifier = FacelyzrClassifier(weights)
    features = classifier.features(faces(3))
    assert features.shape == (3, 8) and features.dtype == np.float32
    assert classifier.features(faces(0)).shape == (0, 8)
    assert classifier.classify(faces(0)) == []


def test_the_verdict_is_the_best_word_and_says_whether_it_is_sure():
    probabilities = np.array([0.5, 0.3, 0.1, 0.1])
    assert verdict_of(probabilities, Calibration(sure=0.4)).surely("glasses")
    unsure = verdict_of(probabilities, Calibration(sure=0.6))
    assert (unsure.label, unsure.sure, unsure.confidence) == ("glasses", False, 0.5)
    assert unsure.probabilities["none"] == 0.3 and not unsure.surely("glasses", "none")


def test_pictures_of_another_kind_are_refused(weights):
    with pytest.raises(ValueError, match="uint8"):
        FacelyzrClassifier(weights).classify(np.zeros((1, 8, 8, 3), np.float32))


def test_a_file_that_is_no_classifier_is_named(tmp_path, weights):
    with pytest.raises(UserError, match="no attribute classifier"):
        load_classifier(tmp_path / "missing.pt")
    torch.save({"version": 1}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="holds no attribute classifier"):
        load_classifier(tmp_path / "other.pt")
    (tmp_path / "cut.pt").write_bytes(weights.read_bytes()[:500])
    with pytest.raises(UserError, match="cut off"):
        load_classifier(tmp_path / "cut.pt")
    torch.save(torch.load(weights) | {"version": 9}, tmp_path / "newer.pt")
    with pytest.raises(UserError, match="version 9"):
        load_classifier(tmp_path / "newer.pt")


def test_the_classifier_that_ships_is_small_and_can_be_loaded():
    """A package that grew by its weights, or whose weights nobody can read."""
    classifier = load_classifier()
    assert classifier is not None and CLASSIFIER.stat().st_size < 4_000_000
    assert 0.2 < classifier.calibration.glasses < 5
    grey = np.full((2, 128, 128, 3), 128, np.uint8)
    assert len(classifier.classify(grey)) == 2


def test_onnxruntime_says_what_torch_says(tmp_path):
    """What ships is measured in torch and used without it."""
    torch.manual_seed(0)
    network, calibration = (
        Facelyzr(ReaderSettings(16, (4, 6), 8)).eval(),
        Calibration(bias=(0.5,) * 4, bands=(AgeBand(0.0, 1.5, -9.0, 7.0), AgeBand(40.0))),
    )
    write_weights(tmp_path / "x.pt", network, calibration)  # in half precision, as the other one
    network, _ = read_weights(tmp_path / "x.pt")
    there = OnnxAttributeNetwork(OnnxNetwork(onnx_of(network, calibration)))
    assert there.size == 16 and there.calibration == calibration
    assert there.calibration.probabilities(np.zeros((1, 4))) == pytest.approx(0.25)
    values = np.random.default_rng(0).uniform(-1, 1, (3, 3, 16, 16)).astype(np.float32)
    for one, other in zip(there(values), TorchAttributeNetwork(network)(values), strict=True):
        assert one.shape == other.shape and np.abs(one - other).max() < 1e-4
    assert not network.training, "an export must not change what is exported"


def test_a_program_of_others_opens_the_file_without_a_warning(capfd):
    """Counts of batches are stored for torch; onnxruntime's log warns of weights that nothing reads."""
    network = Facelyzr(ReaderSettings(16, (4, 6), 8)).eval()
    data = onnx_of(network, Calibration())
    onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert capfd.readouterr().err == ""
    names = {one.name for one in onnx.load_from_string(data).graph.initializer}
    assert "encoder.0.1.num_batches_tracked" in names


def test_a_network_is_rebuilt_from_its_weights(weights):
    torch.manual_seed(1)
    trained = Facelyzr(ReaderSettings(16, (4, 6), 8)).eval()
    again = network_of(trained.state_dict(), 16, "x")
    picture = torch.rand(2, 3, 16, 16)
    assert torch.equal(again(picture).glasses, trained(picture).glasses)
    assert read_weights(weights)[0].decoder is None
    with pytest.raises(UserError, match="no network of --model facelyzr"):
        network_of({"model.1.weight": torch.zeros(1)}, 16, "x")
