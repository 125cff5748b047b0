"""Scores by hand, and against the definitions written out loop by loop."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from cyclegan_glasses.evaluation.metrics import SCALES, l1, luminance, ms_ssim, psnr, ssim


def noise(seed: int, height: int = 15, width: int = 13) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def grey(value: int, height: int = 16, width: int = 16) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def slow_ssim(a: np.ndarray, b: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Wang et al. 2004, eq. 13, window by window, channel by channel, variances as they are defined."""
    offsets = np.arange(-5, 6)
    bell = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / bell.sum() ** 2
    c1, c2, total, weights = (0.01 * 255) ** 2, (0.03 * 255) ** 2, 0.0, 0.0
    for y in range(5, a.shape[0] - 5):
        for x in range(5, a.shape[1] - 5):
            weight = 1.0 if mask is None else float(mask[y, x])
            for channel in range(3):
                p, q = (v[y - 5 : y + 6, x - 5 : x + 6, channel].astype(float) for v in (a, b))
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                both = (window * (p - mp) * (q - mq)).sum()
                value = (2 * mp * mq + c1) * (2 * both + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2))
                total, weights = total + weight * value / 3, weights + weight / 3
    return total / weights


def test_l1_and_psnr_by_hand() -> None:
    assert l1(grey(10), grey(13)) == 3
    assert psnr(grey(0), grey(255)) == 0
    assert psnr(grey(100), grey(90)) == pytest.approx(20 * math.log10(25.5))
    assert psnr(grey(7), grey(7)) == math.inf


def test_no_wrap_around() -> None:
    """Bytes that are subtracted as bytes make 3 − 10 into 249."""
    assert l1(grey(3), grey(10)) == l1(grey(10), grey(3)) == 7


def test_masks_count_only_what_they_cover() -> None:
    picture, truth, mask = grey(50), grey(50), np.zeros((16, 16))
    picture[:4] = 90
    picture[4:8] = 60
    mask[:4], mask[4:8] = 1, 0.5
    assert l1(picture, truth) == pytest.approx((40 + 10) / 4)
    assert l1(picture, truth, mask) == pytest.approx((40 + 0.5 * 10) / 1.5)
    assert psnr(picture, truth, mask) == pytest.approx(10 * math.log10(255**2 / ((1600 + 0.5 * 100) / 1.5)))
    assert l1(picture, truth, np.float64(mask == 0)) == 0


def test_ssim_by_hand() -> None:
    """Flat pictures have no structure: only the first factor is left."""
    assert ssim(noise(0), noise(0)) == pytest.approx(1, abs=1e-12)
    c1 = 2.55**2
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ssim(grey(100), grey(120)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_ssim_is_what_its_definition_says(seed: int) -> None:
    a = noise(seed)
    b = np.clip(a * 0.7 + noise(seed + 10) * 0.3, 0, 255).astype(np.uint8)
    mask = np.random.default_rng(seed).random((15, 13))
    assert ssim(a, b) == pytest.approx(slow_ssim(a, b), abs=1e-9)
    assert ssim(a, b, mask) == pytest.approx(slow_ssim(a, b, mask), abs=1e-9)
    assert 0.2 < ssim(a, b) < 0.99


def slow_ms_ssim(a: np.ndarray, b: np.ndarray, weights: tuple[float, ...]) -> float:
    """Wang et al. 2003, eq. 7, scale by scale: contrast and structure of all, luminance of the last."""
    offsets = np.arange(-5, 6)
    bell = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / bell.sum() ** 2
    c1, c2, result = (0.01 * 255) ** 2, (0.03 * 255) ** 2, np.ones(3)
    a, b = a.astype(float), b.astype(float)
    for scale, weight in enumerate(weights):
        for channel in range(3):
            values = []
            for y in range(5, a.shape[0] - 5):
                for x in range(5, a.shape[1] - 5):
                    p, q = (v[y - 5 : y + 6, x - 5 : x + 6, channel] for v in (a, b))
                    mp, mq = (window * p).sum(), (window * q).sum()
                    vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                    value = (2 * (window * (p - mp) * (q - mq)).sum() + c2) / (vp + vq + c2)
                    if scale == len(weights) - 1:
                        value *= (2 * mp * mq + c1) / (mp**2 + mq**2 + c1)
                    values.append(value)
            result[channel] *= max(0.0, float(np.mean(values))) ** weight
        a, b = (
            (v[::2, ::2] + v[1::2, ::2] + v[::2, 1::2] + v[1::2, 1::2]) / 4
            for v in (v[: v.shape[0] // 2 * 2, : v.shape[1] // 2 * 2] for v in (a, b))
        )
    return float(result.mean())


def test_ms_ssim_is_what_its_definition_says() -> None:
    """At 27x24 pixels two scales hold a window; their published weights are made to add up to 1."""
    a = noise(3, 27, 24)
    b = np.clip(a * 0.8 + noise(4, 27, 24) * 0.2, 0, 255).astype(np.uint8)
    weights = (0.0448 / 0.3304, 0.2856 / 0.3304)
    assert ms_ssim(a, b) == pytest.approx(slow_ms_ssim(a, b, weights), abs=1e-9)
    assert ms_ssim(a, a) == pytest.approx(1, abs=1e-12) and 0.3 < ms_ssim(a, b) < 0.99
    assert len(SCALES) == 5 and sum(SCALES) == pytest.approx(1, abs=1e-4)


def test_worse_pictures_score_worse() -> None:
    truth, scores = noise(1, 32, 32) // 2 + 64, []
    for strength in (0, 4, 16, 48):
        shift = np.random.default_rng(2).normal(0, 1, truth.shape) * strength
        picture = np.clip(truth + shift, 0, 255).astype(np.uint8)
        scores.append(
            (-l1(picture, truth), psnr(picture, truth), ssim(picture, truth), ms_ssim(picture, truth))
        )
    for better, worse in pairwise(scores):
        assert all(first > second for first, second in zip(better, worse, strict=True))


def test_an_empty_mask_is_no_score() -> None:
    """A zero would look like a perfect error, and a division would end the run."""
    empty = np.zeros((16, 16))
    for metric in (l1, psnr, ssim):
        assert math.isnan(metric(grey(1), grey(2), empty))


def test_pictures_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        l1(grey(1), grey(1, 8, 8))
    with pytest.raises(ValueError, match="at least 11x11 pixels, not 20x10"):
        ssim(grey(1, 10, 20), grey(1, 10, 20))


def test_luminance_by_hand() -> None:
    """ITU-R 601: 0.299 red, 0.587 green, 0.114 blue; grey stays what it is."""
    found = luminance(np.array([[[200, 100, 50], [77, 77, 77]]], np.uint8))
    assert found.tolist() == [[[124, 124, 124], [77, 77, 77]]]
