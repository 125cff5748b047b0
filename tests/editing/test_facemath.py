"""The algebra of faces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.editing.facemath import (
    FaceMath,
    interpolate,
    learn_direction,
    learn_removal,
    load_facemath,
    move,
    nearest,
    random_codes,
    save_facemath,
    sharpen,
    walk,
)
from cyclegan_glasses.editing.facemath_pictures import sheet, write_pictures
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.losses import kl_divergence
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.settings import AutoencoderSettings


@pytest.fixture(scope="module")
def math() -> FaceMath:
    torch.manual_seed(0)
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 3)).eval()
    network.fit(torch.rand(9, 3, 16, 16) * 2 - 1)
    directions = {"glasses": np.array([1.0, 0, 0], np.float32)}
    return FaceMath(network, np.zeros(3, np.float32), np.array([1.0, 2, 0.5], np.float32), directions)


def faces(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 20, 20, 3), dtype=np.uint8)


def test_a_file_keeps_codes_and_directions(tmp_path, math):
    """What was learnt must decode the same next year, to the half precision it is kept in."""
    save_facemath(tmp_path / "math.pt", math)
    again = load_facemath(tmp_path / "math.pt")
    np.testing.assert_allclose(again.encode(faces(3)), math.encode(faces(3)), atol=0.02)
    assert (again.step("glasses") == math.step("glasses")).all()
    assert again.decode(math.mean[None]).shape == (1, 16, 16, 3)
    with pytest.raises(UserError, match="no direction 'hat' \\(glasses\\)"):
        again.step("hat")
    torch.save({"version": 2}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="holds no algebra"):
        load_facemath(tmp_path / "other.pt")
    torch.save({"version": 7}, tmp_path / "newer.pt")
    with pytest.raises(UserError, match="version 7, this toolkit reads up to 2"):
        load_facemath(tmp_path / "newer.pt")


def test_codes_do_not_depend_on_the_batch(math):
    many = math.encode(faces(66))
    np.testing.assert_allclose(math.encode(faces(66)[65:]), many[65:], atol=1e-5)
    apart = math.decode(many)[65].astype(int) - math.decode(many[65:])[0]
    assert np.abs(apart).max() <= 1, "a level that lies on the edge may be rounded either way"


def test_a_direction_of_two_values_is_the_difference_of_their_means():
    codes = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    values = np.array([0.0, 1.0, np.nan, 1.0] * 10)
    found = learn_direction(codes, values, "glasses")
    np.testing.assert_allclose(found, codes[values == 1].mean(0) - codes[values == 0].mean(0), atol=1e-5)


@given(st.floats(-3, 3), st.floats(0.1, 5))
def test_a_direction_of_a_number_is_its_slope(slope, spread):
    years = np.random.default_rng(1).normal(40, 10 * spread, 200)
    codes = np.stack([slope * years, np.ones(200)], axis=1)
    np.testing.assert_allclose(learn_direction(codes, years, "age"), [slope, 0], atol=1e-4)


def test_an_attribute_with_one_value_has_no_direction():
    with pytest.raises(UserError, match="'hat' has fewer than two values"):
        learn_direction(np.ones((3, 2)), np.array([1.0, 1.0, np.nan]), "hat")


def test_a_removal_is_read_off_each_face():
    """Large glasses come off by a larger step than small ones; the mean takes too much or little."""
    rng = np.random.default_rng(0)
    bare = rng.normal(size=(400, 3)).astype(np.float32) * [1, 1, 0.1]
    worn = bare + rng.uniform(1, 5, (400, 1)) * np.array([0, 0, 1.0])
    removal = learn_removal(worn, bare)
    np.testing.assert_allclose(move(worn, removal, 1), bare, atol=0.7)
    assert np.abs(move(worn, removal, 1) - bare).mean() < 0.15
    assert np.abs(move(worn, -(worn - bare).mean(0), 1) - bare).mean() > 0.3
    np.testing.assert_allclose(move(worn, removal, 2) - worn, 2 * (move(worn, removal, 1) - worn), atol=1e-5)


def test_a_step_back_is_the_removal_where_there_is_one(math, tmp_path):
    """And a file keeps it."""
    assert (math.step("glasses", -1) == [-1, 0, 0]).all() and (math.step("glasses") == [1, 0, 0]).all()
    removal = np.arange(12, dtype=np.float32).reshape(4, 3)
    save_facemath(tmp_path / "math.pt", replace(math, removal=removal))
    again = load_facemath(tmp_path / "math.pt")
    assert (again.step("glasses", -1) == removal).all() and (again.step("glasses") == [1, 0, 0]).all()


def test_eigenfaces_are_the_best_linear_code():
    """As numpy's singular values have it, before any training; so a short training begins sharp."""
    faces = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (40, 3, 16, 16))).float()
    faces[:, :, :8] = faces[:, :1, :1, :1]  # something to learn
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 5)).eval()
    network.fit(faces)
    values = faces.flatten(1).double().numpy()
    _, power, ways = np.linalg.svd(values - values.mean(0), full_matrices=False)
    np.testing.assert_allclose(network.spread, power[:5] / 40**0.5, rtol=1e-3)
    assert float(network.noise) == pytest.approx((power[5:] ** 2).sum() / 40 / (768 - 5), rel=1e-3)
    best = (values - values.mean(0)) @ ways[:5].T @ ways[:5] + values.mean(0)
    with torch.no_grad():
        mean, log_variance = network.encode(faces)
        decoded = network.decode(mean * (1 + network.noise / network.spread**2))  # undo the pull to the mean
    np.testing.assert_allclose(decoded.flatten(1), best, atol=1e-3)
    wanted = network.noise / (network.noise + network.spread**2)
    np.testing.assert_allclose(log_variance.exp(), wanted.expand(40, 5), rtol=1e-3)


def test_few_faces_leave_the_rest_of_a_code_empty():
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 5)).eval()
    network.fit(torch.rand(3, 3, 16, 16) * 2 - 1)
    with torch.no_grad():
        mean, _ = network.encode(torch.rand(2, 3, 16, 16))
    assert network.eigenfaces.isfinite().all() and (network.spread > 0).sum() == 2
    assert (mean[:, 2:] == 0).all() and (mean[:, :2] != 0).all()


def test_there_and_back_is_the_same_code():
    codes, way = np.ones((2, 3), np.float32), np.array([0.5, -1, 2], np.float32)
    np.testing.assert_allclose(move(move(codes, way, 0.7), way, -0.7), codes, atol=1e-6)


def test_a_morph_passes_through_every_face():
    codes = np.array([[0.0, 0], [1, 2], [5, 2]], np.float32)
    line = interpolate(codes, 4)
    assert line.shape == (9, 2)
    np.testing.assert_allclose(line[[0, 4, 8]], codes)
    np.testing.assert_allclose(line[2], [0.5, 1])


def test_a_walk_stays_among_faces(math):
    """A walk that drifts off ends in noise."""
    codes = walk(math.mean, math, 3000, 0.5, np.random.default_rng(0))
    np.testing.assert_allclose(codes.std(0), math.deviation, rtol=0.15)
    assert (walk(math.mean, math, 3, 0.5, np.random.default_rng(0)) == codes[:3]).all()
    spread = random_codes(math, 3000, np.random.default_rng(0), 0.5).std(0)
    np.testing.assert_allclose(spread, 0.5 * math.deviation, rtol=0.1)


def test_the_nearest_face_to_a_face_is_itself(math):
    codes = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    order, apart = nearest(codes[4], codes, math, 3)
    assert order[0] == 4 and apart[0] == 0 and (np.diff(apart) >= 0).all() and len(order) == 3


def test_sharpening_has_a_strength_and_keeps_flat_places():
    face = np.full((1, 64, 64, 3), 100, np.uint8)
    face[:, :, 32:] = 150
    assert (sharpen(face, 0.0) == face).all()
    sharp = sharpen(face, 1.0)
    assert sharp.max() > 150 and (sharp[:, :, :20] == 100).all()


def test_moving_pictures_are_gifs_or_folders(tmp_path):
    frames = [np.full((8, 8, 3), level, np.uint8) for level in (0, 100, 200)]
    write_pictures(tmp_path / "x.gif", *frames)
    with Image.open(tmp_path / "x.gif") as gif:
        assert gif.n_frames == 3 and gif.info["loop"] == 0
    write_pictures(tmp_path / "frames", *frames)
    assert sorted(p.name for p in (tmp_path / "frames").iterdir()) == ["0000.png", "0001.png", "0002.png"]
    with pytest.raises(UserError, match=r"is not a \.gif or a folder"):
        write_pictures(tmp_path / "x.png", *frames)
    with pytest.raises(UserError, match="is not a picture"):
        write_pictures(tmp_path / "x.txt", frames[0])
    assert not (tmp_path / "x.txt").exists()


def test_a_sheet_has_a_place_for_every_face():
    page = sheet(np.zeros((5, 8, 8, 3), np.uint8), 3, 16)
    assert page.shape == (32, 48, 3)
    assert (page[16:, 32:] == 255).all() and (page[:16] == 0).all()


def test_divergence_is_that_of_two_normals():
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(mean, (log_variance / 2).exp()), normal(0.0, 1.0)).sum()
    assert kl_divergence(mean, log_variance).item() == pytest.approx(wanted.item(), rel=1e-5)
