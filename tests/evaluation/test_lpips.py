"""LPIPS, with AlexNet's weights drawn at random: the same sums, whatever the weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models import alexnet

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation import pretrained
from cyclegan_glasses.evaluation.pretrained import ALEXNET_FILE, Lpips, find_alexnet
from cyclegan_glasses.files import sha256_of
from tests.evaluation.portraits import portrait, spoiled

package = pytest.importorskip("lpips")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / ALEXNET_FILE
    features = alexnet().state_dict().items()
    torch.save({name: value for name, value in features if name.startswith("features.")}, path)
    return path


@pytest.fixture(scope="module")
def lpips(weights: Path) -> Lpips:
    return Lpips(weights, sha256_of(weights))


def slow_lpips(weights: Path, a: np.ndarray, b: np.ndarray) -> float:
    """Eq. 1 layer by layer: codes of unit length at each place, squared difference weighed, mean."""
    network = alexnet().eval()
    network.load_state_dict(torch.load(weights), strict=False)
    heads = torch.load(Path(package.__file__).parent / "weights" / "v0.1" / "alex.pth", "cpu")
    mean, deviation = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    codes = [
        torch.from_numpy(((picture / 127.5 - 1 - mean) / deviation).transpose(2, 0, 1)[None]).float()
        for picture in (a, b)
    ]
    total, at = 0.0, 0
    for number, layer in enumerate((1, 4, 7, 9, 11)):
        with torch.no_grad():
            codes = [network.features[at : layer + 1](values) for values in codes]
        one, other = (values / values.norm(dim=1, keepdim=True).clamp(min=1e-10) for values in codes)
        weight = heads[f"lin{number}.model.1.weight"][0, :, 0, 0].double().numpy()
        apart = ((one - other) ** 2)[0].double().numpy()
        total, at = total + float((weight[:, None, None] * apart).sum(0).mean()), layer + 1
    return total


def test_it_is_what_its_definition_says(weights: Path, lpips: Lpips) -> None:
    face = portrait()
    for picture in (face.truth, spoiled(face.picture, face.truth, face.eyes)["gamma"]):
        (found,) = lpips.distances(picture[None], face.picture[None])
        assert found == pytest.approx(slow_lpips(weights, picture, face.picture), rel=1e-4) and found > 1e-5


def test_the_same_is_nought_and_worse_is_larger(lpips: Lpips) -> None:
    truth = portrait().picture
    noise = np.random.default_rng(0).normal(0, 1, truth.shape)
    worse = [np.clip(truth + strength * noise, 0, 255).astype(np.uint8) for strength in (0, 5, 20, 60)]
    found = lpips.distances(np.stack(worse), np.stack([truth] * 4))
    assert found[0] == 0 and all(less < more for less, more in pairwise(found))


def test_neither_batch_nor_order_nor_side_matters(lpips: Lpips) -> None:
    faces = [portrait(number) for number in range(3)]
    afters, truths = (np.stack([getattr(f, name) for f in faces]) for name in ("truth", "picture"))
    together = lpips.distances(afters, truths)
    alone = [lpips.distances(a[None], b[None])[0] for a, b in zip(afters, truths, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-4)
    np.testing.assert_allclose(lpips.distances(afters[::-1], truths[::-1])[::-1], together, rtol=1e-4)
    np.testing.assert_allclose(lpips.distances(truths, afters), together, rtol=1e-5)


def test_weights_come_from_a_file_or_the_cache_and_never_from_the_web(weights, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert find_alexnet() is None
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / ALEXNET_FILE).write_bytes(weights.read_bytes())
    assert find_alexnet() == tmp_path / "checkpoints" / ALEXNET_FILE
    monkeypatch.setattr(pretrained.importlib.util, "find_spec", lambda _: None)
    assert find_alexnet() is None


def test_wrong_files_and_a_missing_package_are_one_line(weights: Path, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(UserError, match="--lpips .* is not there: give torchvision's alexnet"):
        Lpips(tmp_path / "no.pth")
    with pytest.raises(UserError, match=r"is another file \(SHA-256 "):
        Lpips(weights)
    other = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(1)}, other)
    with pytest.raises(UserError, match="cannot be loaded: download alexnet"):
        Lpips(other, sha256_of(other))
    monkeypatch.setitem(__import__("sys").modules, "lpips", None)
    with pytest.raises(UserError, match=r"pip install 'cyclegan-glasses\[metrics\]'"):
        Lpips(weights, sha256_of(weights))
