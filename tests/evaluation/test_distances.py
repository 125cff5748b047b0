"""Distances between sets of features, by hand and against their definitions written out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation import pretrained
from cyclegan_glasses.evaluation.distances import INCEPTION, distances
from cyclegan_glasses.evaluation.pretrained import Inception, SFace
from cyclegan_glasses.files import sha256_of

pytest.importorskip("torch_fidelity")


def cloud(seed: int, count: int = 200, size: int = 4, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(shift, 1, (count, size))).astype(np.float32)


def slow_kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Bińkowski et al. 2018: unbiased squared MMD with ((x·y)/d + 1)³, pair by pair."""
    a, b = a.astype(float), b.astype(float)

    def kernel(x, y) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    n, m = len(a), len(b)
    same_a = sum(kernel(a[i], a[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    same_b = sum(kernel(b[i], b[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return same_a + same_b - 2 * sum(kernel(x, y) for x in a for y in b) / (n * m)


def test_the_frechet_distance_of_shifted_sets_is_the_square_of_the_shift() -> None:
    a = cloud(0)
    found = distances(a + np.float32(2), a, "j")
    assert found["FD-j"] == pytest.approx(4 * 2.0**2, rel=1e-3)
    assert distances(a, a, "j")["FD-j"] == pytest.approx(0, abs=1e-3)


def test_the_frechet_distance_of_stretched_sets_by_hand() -> None:
    """Twice the features: |2m - m|² + tr(4C + C - 2 · 2C), of the mean m and the covariance C."""
    a = cloud(5, 60).astype(np.float64)
    expected = (a.mean(0) ** 2).sum() + np.trace(np.cov(a.T))
    assert distances((2 * a).astype(np.float32), a, "j")["FD-j"] == pytest.approx(expected, rel=1e-4)


def test_the_kernel_distance_is_its_definition() -> None:
    a, b = cloud(1, 30), cloud(2, 30, shift=0.5)
    assert distances(a, b, "j")["KD-j"] == pytest.approx(slow_kernel_distance(a, b), rel=1e-6)


def test_the_kernel_distance_of_two_samples_of_one_set_is_nought_on_average() -> None:
    """A biased one would call a perfect model imperfect, and the more so the fewer the pictures."""
    found = [distances(cloud(n, 50), cloud(1000 + n, 50), "j")["KD-j"] for n in range(12)]
    spread = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * spread and min(found) < 0 < max(found)


def test_precision_falls_with_strange_pictures_and_recall_with_missing_ones() -> None:
    real = np.concatenate([cloud(0, 100), cloud(1, 100, shift=30)])
    half = distances(cloud(2, 100), real, "j")
    assert half["precision (j)"] > 0.8 and 0.3 < half["recall (j)"] < 0.6
    strange = distances(np.concatenate([cloud(2, 100), cloud(3, 100, shift=90)]), real, "j")
    assert 0.3 < strange["precision (j)"] < 0.6


def test_order_does_not_matter_and_worse_is_worse() -> None:
    a, real = cloud(0), cloud(1)
    turned = distances(a[::-1].copy(), real, "j")
    assert {k: pytest.approx(v, abs=1e-6) for k, v in turned.items()} == distances(a, real, "j")
    near, far = (distances(cloud(0, shift=s), real, "j") for s in (0.3, 1.0))
    assert near["FD-j"] < far["FD-j"] and near["KD-j"] < far["KD-j"]


def test_only_inception_features_are_called_fid() -> None:
    a = cloud(0, 10)
    assert {"FID", "KID"} <= distances(a, a, INCEPTION).keys()
    assert {"FD-judge", "KD-judge"} <= distances(a, a, "judge").keys()
    assert not {"FID", "KID"} & distances(a, a, "judge").keys()
    assert distances(a[:3], a, "judge") == {}


def test_wrong_inception_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--inception .* is not there"):
        Inception(tmp_path / "no.pth")
    (tmp_path / "other.pth").write_bytes(b"something else")
    with pytest.raises(UserError, match=r"is another file \(SHA-256 .*…\): give torch-fidelity's"):
        Inception(tmp_path / "other.pth")
    with pytest.raises(UserError, match="cannot be loaded"):
        Inception(tmp_path / "other.pth", sha256_of(tmp_path / "other.pth"))


@pytest.mark.slow
def test_inception_gives_the_features_of_torch_fidelity(tmp_path: Path, monkeypatch) -> None:
    """The published numbers are defined by them; here with random weights in the place of the real ones."""
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    class KeptError(Exception):
        pass

    torch.manual_seed(0)
    random = {}

    def keep(network, state):
        random.update(network.state_dict())
        raise KeptError

    with monkeypatch.context() as patch:
        patch.setattr(theirs, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(theirs.FeatureExtractorInceptionV3, "load_state_dict", keep)
        with pytest.raises(KeptError):
            theirs.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    torch.save(random, tmp_path / "weights.pth")
    ours = Inception(tmp_path / "weights.pth", sha256_of(tmp_path / "weights.pth"))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    reference = theirs.FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(tmp_path / "weights.pth")
    )
    (expected,) = reference(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()))
    found = ours.features(pictures)
    assert found.shape == (2, 2048)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.features(pictures[1:])[0], found[1], rtol=1e-4, atol=1e-5)


def test_sface_is_given_bgr_faces_and_wrong_files_are_one_line(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(UserError, match="--sface .* is not there"):
        SFace(tmp_path / "no.onnx")
    (tmp_path / "other.onnx").write_bytes(b"no network")
    with pytest.raises(UserError, match="is no SFace that OpenCV"):
        SFace(tmp_path / "other.onnx")

    class Fake:
        @staticmethod
        def create(path: str, _: str) -> Fake:
            return Fake()

        def feature(self, face: np.ndarray) -> np.ndarray:
            return face.reshape(-1, 3).mean(axis=0, keepdims=True).astype(np.float32)

    monkeypatch.setattr(pretrained.cv2, "FaceRecognizerSF", Fake)
    sface = SFace(tmp_path / "other.onnx")
    faces = np.full((2, 112, 112, 3), (10, 20, 30), np.uint8)
    assert sface.features(faces).tolist() == [[30, 20, 10]] * 2
    assert sface.sha256 == sha256_of(tmp_path / "other.onnx") and cv2 is pretrained.cv2
