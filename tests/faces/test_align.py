"""Alignment decides what the model learns, and its undoing what a person's photo looks like afterwards."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing, align, paste_change, take, unalign, yaw_of
from cyclegan_glasses.faces.detect import Face


def face_with(right: tuple[float, float], left: tuple[float, float], nose: float = 0.0) -> Face:
    """A face with eyes at these points; the nose lies `nose` eye distances right of their middle."""
    a, b = np.array(right, float), np.array(left, float)
    down = np.array([-(b - a)[1], (b - a)[0]])
    middle = (a + b) / 2
    points = np.stack([a, b, middle + nose * (b - a) + 0.6 * down, a + down, b + down])
    return Face((0.0, 0.0, 10.0, 10.0), 0.9, points)


def dot(size: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    """A white disc on black, antialiased, with its centre of gravity at `centre`."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    inside = np.clip(radius + 0.5 - np.hypot(x - centre[0], y - centre[1]), 0, 1)
    return np.repeat(np.rint(255 * inside).astype(np.uint8)[:, :, None], 3, 2)


def centre_of(image: np.ndarray) -> tuple[float, float]:
    weights = image[:, :, 0].astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return float((weights * x).sum() / weights.sum()), float((weights * y).sum() / weights.sum())


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    rough = np.random.default_rng(seed).integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    return cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize(
    ("right", "left"),
    [((200.0, 190.0), (260.0, 190.0)), ((230.3, 220.7), (320.2, 180.1)), ((120.0, 100.0), (135.0, 104.0))],
    ids=["level", "tilted and large", "small"],
)
def test_eyes_come_to_lie_where_the_model_expects_them(size, right, left) -> None:
    face = face_with(right, left)
    for eye, x in ((right, 0.32), (left, 0.68)):
        crop, alignment = align(dot((600, 500), eye, 5.0), face, size)
        assert crop.shape == (size, size, 3) and crop.dtype == np.uint8
        assert alignment.to_crop(np.array([eye]))[0] == pytest.approx((x * size, 0.40 * size), abs=1e-9)
        assert centre_of(crop) == pytest.approx((x * size, 0.40 * size), abs=0.1)


def test_framing_moves_the_eyes() -> None:
    face = face_with((100.0, 90.0), (160.0, 90.0))
    _, alignment = align(noise(240, 200), face, 100, Framing(eye_height=0.5, eye_distance=0.2))
    assert alignment.to_crop(face.landmarks[:2]) == pytest.approx(np.array([[40.0, 50.0], [60.0, 50.0]]))
    assert alignment.scale == pytest.approx(20 / 60)


def test_share_outside_of_the_picture_is_exact() -> None:
    """A crop of 100 pixels' width that starts 20 above the picture and 10 left of it."""
    face = face_with((22.0, 20.0), (58.0, 20.0))
    _, alignment = align(noise(300, 300), face, 64)
    assert alignment.outside == pytest.approx(1 - 0.8 * 0.9, abs=1e-6)
    _, alignment = align(noise(300, 300), face_with((132.0, 140.0), (168.0, 140.0)), 64)
    assert alignment.outside == pytest.approx(0, abs=1e-6)


def test_a_large_face_is_shrunk_without_aliasing() -> None:
    """Stripes of one pixel become even grey; taken point by point they would become bands."""
    stripes = np.zeros((1200, 1200, 3), np.uint8)
    stripes[:, ::2] = 255
    crop, _ = align(stripes, face_with((420.0, 480.0), (783.0, 491.0)), 96)
    assert 126 <= crop.mean() <= 129
    assert crop.std() < 8


@given(
    x=st.floats(-20, 220),
    y=st.floats(-20, 220),
    distance=st.floats(8, 150),
    tilt=st.floats(-1, 1),
    size=st.sampled_from([32, 64]),
)
@settings(max_examples=30, deadline=None)
def test_an_unedited_crop_changes_no_bit(x, y, distance, tilt, size) -> None:
    """Wherever the face lies, also half outside: what the model leaves alone stays what it was."""
    image = noise(200, 160)
    face = face_with((x, y), (x + distance * math.cos(tilt), y + distance * math.sin(tilt)))
    crop, alignment = align(image, face, size)
    assert 0 <= alignment.outside <= 1
    assert np.array_equal(unalign(crop, alignment, image), image)


@pytest.mark.parametrize("distance", [12.0, 30.0, 90.0, 260.0])
def test_a_change_lands_where_it_was_made(distance) -> None:
    """Brighten a square between the eyes: the same place in the picture becomes as bright, the rest stays."""
    image = np.full((500, 600, 3), 100, np.uint8)
    face = face_with((300 - distance / 2, 250.0), (300 + distance / 2, 250.0))
    crop, alignment = align(image, face, 128)
    edited = crop.copy()
    edited[40:62, 53:75] += 50
    result = unalign(edited, alignment, image)
    assert result[250, 300].tolist() == pytest.approx([150, 150, 150], abs=1)
    assert image[250, 300, 0] == 100
    side = 1 / alignment.scale
    changed = result[:, :, 0].astype(float) - 100
    assert changed.sum() == pytest.approx(50 * (22 * side) ** 2, rel=0.03)
    y, x = np.mgrid[:500, :600] + 0.5
    apart = (abs(x - 300) > 14 * side + 2) | (abs(y - 250) > 14 * side + 2)
    assert changed[apart].any() == np.False_


def test_a_change_fades_towards_the_border_of_the_crop() -> None:
    """A model that shifts all colours leaves no edge of a square in the photo."""
    image = np.full((300, 300, 3), 100, np.uint8)
    crop, alignment = align(image, face_with((132.0, 140.0), (168.0, 140.0)), 100)
    row = paste_change(image, np.full(crop.shape, 40.0, np.float32), alignment)[150, :, 0].astype(int)
    assert row[150] == 140 and row[99] == row[200] == 100
    assert 0 < np.abs(np.diff(row)).max() <= 12


def test_values_stop_at_black_and_white() -> None:
    image = np.full((100, 100, 3), 250, np.uint8)
    crop, alignment = align(image, face_with((40.0, 50.0), (60.0, 50.0)), 64)
    assert paste_change(image, np.full(crop.shape, 90.0), alignment).max() == 255
    assert paste_change(image, np.full(crop.shape, -255.0), alignment).min() == 0


def test_float_pictures_are_cropped_in_float() -> None:
    image = noise(200, 160)
    crop, alignment = align(image, face_with((80.0, 70.0), (120.0, 75.0)), 64)
    fine = take(image.astype(np.float32), alignment)
    assert fine.dtype == np.float32
    assert np.abs(fine - crop).max() < 2


@pytest.mark.parametrize(("nose", "degrees"), [(0.0, 0.0), (0.25, 26.57), (-0.25, -26.57), (0.5, 45.0)])
def test_turn_of_the_head(nose, degrees) -> None:
    """Side views are told from frontal ones whatever the tilt of the head."""
    assert yaw_of(face_with((100.0, 90.0), (160.0, 90.0), nose)) == pytest.approx(degrees, abs=0.01)
    assert yaw_of(face_with((100.0, 90.0), (140.0, 130.0), nose)) == pytest.approx(degrees, abs=0.01)


def test_turn_is_unknown_without_a_nose() -> None:
    face = face_with((100.0, 90.0), (160.0, 90.0))
    face.landmarks[2:] = np.nan
    assert yaw_of(face) is None


def test_eyes_on_one_point_are_refused() -> None:
    with pytest.raises(UserError, match="cannot be aligned"):
        align(noise(64, 64), face_with((20.0, 20.0), (20.5, 20.0)), 64)


def test_a_change_of_another_size_is_refused() -> None:
    image = noise(100, 100)
    _, alignment = align(image, face_with((40.0, 50.0), (60.0, 50.0)), 64)
    with pytest.raises(ValueError, match="64 pixels"):
        paste_change(image, np.zeros((32, 32, 3)), alignment)
