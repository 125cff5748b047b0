"""What a person sees of the model: only what it changed, at the photo's own sharpness, without a seam."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.editing.blend import Change, apply_change, fade, measure_change
from cyclegan_glasses.faces.align import Framing, align
from cyclegan_glasses.portraits.aligned import drawn_portrait
from tests.editing.helpers import failing

TYPES = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def barred(crop: np.ndarray, level: float = 20.0) -> np.ndarray:
    edited = crop.astype(np.float32).copy()
    edited[18:26, 10:54] = level
    return edited


def applied(pixels: np.ndarray, *how) -> tuple[np.ndarray, int]:
    """The picture with a change in it, and how many pixels that concerns."""
    result = pixels.copy()
    return result, apply_change(result, *how)


def aligned(size: int = 160):
    image, face = drawn_portrait(1, size, glasses=False)
    crop, alignment = align(image, face, 64)
    return image, crop.astype(np.float32), alignment


def test_outside_the_change_every_bit_stays() -> None:
    def check(kind, channels) -> None:
        image, crop, alignment = aligned()
        rng = np.random.default_rng(0)
        pixels = (rng.random((*image.shape[:2], channels)) * TYPES[kind]).astype(kind)
        before = pixels.copy()
        result, count = applied(pixels, measure_change(crop, barred(crop)), alignment)
        assert result.dtype == pixels.dtype and result.shape == pixels.shape
        assert np.array_equal(pixels, before)
        colours = 1 if channels < 3 else 3
        changed = (result != pixels).any(2)
        assert 0 < changed.sum() <= count < 0.3 * image.shape[0] * image.shape[1]
        assert np.array_equal(result[:, :, colours:], pixels[:, :, colours:]), "transparency stays"
        rows = np.flatnonzero(changed.any(1))
        eyes = alignment.to_picture(np.array([[32.0, 22.0]]))[0, 1]
        assert abs(rows.mean() - eyes) < 4

    assert not failing(check, TYPES, [1, 2, 3, 4])


def test_the_change_arrives_in_every_type() -> None:
    image, crop, alignment = aligned()
    change = measure_change(crop, barred(crop))
    levels = []
    for kind, peak in TYPES.items():
        pixels = (image / 255 * peak).round(0 if peak > 1 else 6).astype(kind)
        levels.append(applied(pixels, change, alignment)[0].astype(np.float64) * 255 / peak)
    assert np.abs(levels[0] - levels[1]).max() < 1.5 and np.abs(levels[1] - levels[2]).max() < 0.1
    x, y = alignment.to_picture(np.array([[32.0, 22.0]]))[0].astype(int)
    assert levels[0][y, x] == pytest.approx([20, 20, 20], abs=4)


def test_a_shift_of_all_colours_leaves_no_seam() -> None:
    """A plain CycleGAN shifts the colours of the whole picture; only the bar may come through."""
    _, crop, _ = aligned()
    shifted = crop + np.array([9.0, -6.0, 4.0], np.float32)
    edited = barred(crop) + np.array([9.0, -6.0, 4.0], np.float32)
    alone, both = measure_change(crop, barred(crop)), measure_change(crop, edited)
    assert not measure_change(crop, shifted).mask.any()
    assert np.abs(alone.mask - both.mask).max() < 0.1
    there = alone.mask > 0.5
    apart = (both.gain - alone.gain) * crop + both.offset - alone.offset
    assert np.abs(apart[there]).mean() < 3


def test_noise_is_no_change() -> None:
    _, crop, _ = aligned()
    rng = np.random.default_rng(1)
    assert not measure_change(crop, crop + rng.normal(0, 1.5, crop.shape).astype(np.float32)).mask.any()
    speck = crop.copy()
    speck[40, 40] += 60
    assert not measure_change(crop, speck).mask.any()


def test_a_frame_sharper_than_the_model_goes_without_a_trace() -> None:
    """Adding the enlarged difference alone leaves the outline of every thin frame in a large photo."""
    framing, left = Framing(), {"plain": [], "ours": []}
    for number in (1, 4):
        worn, face = drawn_portrait(number, 500, glasses=True)
        bare, _ = drawn_portrait(number, 500, glasses=False)
        crop, alignment = align(worn, face, 96, framing)
        truth = align(bare, face, 96, framing)[0].astype(np.float32)
        crop = crop.astype(np.float32)
        change = measure_change(crop, truth)
        plain = Change(change.mask, np.zeros_like(change.gain), change.offset + change.gain * crop)
        for name, how in (("plain", plain), ("ours", change)):
            result = applied(worn, how, alignment)[0].astype(int)
            there = np.abs(worn.astype(int) - bare).max(2) > 40
            left[name].append(np.abs(result - bare)[there].mean())
    assert np.mean(left["ours"]) < 0.6 * np.mean(left["plain"])


def test_skin_under_a_light_change_keeps_its_texture() -> None:
    """Where the model only brightens, as behind a lens, the photo's own detail stays at full sharpness."""
    image, face = drawn_portrait(1, 400, glasses=False)
    rng = np.random.default_rng(0)
    image = np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
    crop, alignment = align(image, face, 64)
    edited = crop.astype(np.float32)
    edited[30:44, 14:50] += 25
    result, _ = applied(image, measure_change(crop.astype(np.float32), edited), alignment)
    (x0, y0), (x1, y1) = alignment.to_picture(np.array([[18.0, 33.0], [46.0, 41.0]])).astype(int)

    def detail(picture: np.ndarray) -> float:
        part = picture[y0:y1, x0:x1].astype(np.float32)
        return float((part - cv2.GaussianBlur(part, (0, 0), 2)).std())

    assert detail(result) > 0.85 * detail(image)
    assert (result[y0:y1, x0:x1].astype(int) - image[y0:y1, x0:x1]).mean() == pytest.approx(25, abs=5)


def test_strength_fades_the_edit() -> None:
    image, crop, alignment = aligned()
    change = measure_change(crop, barred(crop))
    none, half, full = (applied(image, change, alignment)[0] for _ in range(3))
    for result, strength in ((none, 0), (half, 0.5), (full, 1)):
        fade(result, image, strength)
    assert np.array_equal(none, image)
    apart = np.abs((full.astype(int) - image) - 2 * (half.astype(int) - image))
    assert np.abs(full.astype(int) - image).max() > 100
    assert apart[(full > 0) & (full < 255)].max() <= 2, "all but what meets black or white"


def test_a_small_face_is_not_enlarged() -> None:
    """A face smaller than the model's crop: the change is shrunk with it and lands on it."""
    image, face = drawn_portrait(1, 64, glasses=False)
    crop, alignment = align(image, face, 96)
    assert alignment.scale > 1
    edited = crop.astype(np.float32)
    edited[30:44, 14:82] = 10
    result, _ = applied(image, measure_change(crop.astype(np.float32), edited), alignment)
    x, y = alignment.to_picture(np.array([[48.0, 37.0]]))[0].astype(int)
    assert result[y, x].max() < 30
