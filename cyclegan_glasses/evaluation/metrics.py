"""How near a picture is to the truth. Pictures are uint8 (H, W, 3); masks are [0, 1] (H, W)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cyclegan_glasses.evaluation.statistics import mean_of

Picture = NDArray[np.uint8]
Mask = NDArray[np.floating]
Scores = Mapping[str, float]

WINDOW = 11
EDGE = WINDOW // 2  # pixels whose windows leave the picture
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def l1(picture: Picture, truth: Picture, mask: Mask | None = None) -> float:
    """Mean absolute difference, 0 to 255; weighted by `mask` if given (NaN where it is empty)."""
    return _mean(np.abs(_difference(picture, truth)).mean(axis=2), mask)


def psnr(picture: Picture, truth: Picture, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(255² / MSE); infinite for the same picture.

    With `mask`, of the weighted pixels alone (NaN where it is empty).
    """
    error = _mean((_difference(picture, truth) ** 2).mean(axis=2), mask)
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(255**2 / np.float64(error)))


def ssim(picture: Picture, truth: Picture, mask: Mask | None = None) -> float:
    """Structural similarity, -1 to 1, mean over the three channels.

    Wang et al., "Image quality assessment", IEEE TIP 13 (2004), eq. 13: Gaussian window of 11 pixels with
    σ 1.5, K1 0.01, K2 0.03; windows that leave the picture are not counted. With `mask`, the windows are
    weighted by the mask at their centre (NaN where it is empty).
    """
    luminance, contrast = _similarity(picture.astype(np.float64), truth.astype(np.float64))
    inner = None if mask is None else mask[EDGE:-EDGE, EDGE:-EDGE]
    return _mean((luminance * contrast).mean(axis=2), inner)


def ms_ssim(picture: Picture, truth: Picture) -> float:
    """Structural similarity over scales, 0 to 1, mean over the three channels.

    Wang, Simoncelli and Bovik, "Multiscale structural similarity", Asilomar 2003, eq. 7: each scale is the
    mean of 2x2 pixels of the one before. Of the five scales those are taken whose sides hold a window (five
    from 176 pixels on, four at 128), with the published weights scaled to add up to 1.
    """
    a, b = picture.astype(np.float64), truth.astype(np.float64)
    count = min(len(SCALES), 1 + int(np.log2(max(1.0, min(a.shape[:2]) / WINDOW))))
    weights = np.array(SCALES[:count]) / sum(SCALES[:count])
    result = np.ones(3)
    for place, weight in enumerate(weights):
        luminance, contrast = _similarity(a, b)
        last = place == count - 1
        values = (luminance * contrast if last else contrast).mean(axis=(0, 1))
        result = result * np.maximum(values, 0) ** weight
        a, b = _halved(a), _halved(b)
    return float(result.mean())


def compare(
    before: Picture, after: Picture, truth: Picture, mask: Mask | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """The scores of a result and of its untouched input against the truth, by name.

    PSNR in dB, SSIM, over the whole picture; with a mask also both inside it, and L1 (of 255) inside and
    outside it, where "outside" of a result is how far it strays from its input. What is undefined,
    such as a score inside an empty mask or the SSIM of a picture below 11 pixels, is left out.
    """
    masks = [("", None)] if mask is None else [("", None), (" inside", mask)]
    large = min(after.shape[:2]) >= WINDOW
    both: list[dict[str, float]] = []
    for picture in (after, before):
        scores: dict[str, float] = {}
        for where, inside in masks:
            scores[f"PSNR{where}"] = psnr(picture, truth, inside)
            scores |= {f"SSIM{where}": ssim(picture, truth, inside)} if large else {}
        both.append(scores if mask is None else scores | {"L1 inside": l1(picture, truth, mask)})
    if mask is not None:
        both[0]["L1 outside"] = l1(after, before, (mask == 0).astype(np.float64))
    result, untouched = ({k: v for k, v in scores.items() if not math.isnan(v)} for scores in both)
    return result, untouched


def pair_table(pairs: Iterable[tuple[Scores, Scores]]) -> str:
    """Means over pictures as a table to print, of the scores of results and inputs that `compare` gives."""
    results, inputs = zip(*pairs, strict=True)
    lines = [f"{'':14}{'result':>9}{'input':>9}"]
    for name in dict.fromkeys(name for scores in results for name in scores):
        result, untouched = (mean_of([s[name] for s in scores if name in s]) for scores in (results, inputs))
        lines.append(f"{name:14}{result:9.3f}" + ("" if math.isnan(untouched) else f"{untouched:9.3f}"))
    return "\n".join(lines)


def luminance(picture: Picture) -> Picture:
    """A picture in grey, as a training of grey pictures reads it: ITU-R 601, in all three channels."""
    return np.repeat(np.asarray(Image.fromarray(picture).convert("L"))[..., None], 3, axis=2)


def _similarity(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Luminance, and contrast times structure, of every window that lies in the picture."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _window(a), _window(b)
    var_a, var_b = _window(a * a) - mean_a**2, _window(b * b) - mean_b**2
    covariance = _window(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return luminance, (2 * covariance + c2) / (var_a + var_b + c2)


def _halved(values: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = (side // 2 * 2 for side in values.shape[:2])
    blocks = values[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _window(values: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = values.shape[:2]
    if min(height, width) < WINDOW:
        raise ValueError(f"SSIM needs pictures of at least {WINDOW}x{WINDOW} pixels, not {width}x{height}")
    blurred = cv2.GaussianBlur(values, (WINDOW, WINDOW), 1.5, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred[EDGE:-EDGE, EDGE:-EDGE], dtype=np.float64)


def _difference(picture: Picture, truth: Picture) -> NDArray[np.float64]:
    if picture.shape != truth.shape:
        raise ValueError(f"pictures of {picture.shape} and {truth.shape} cannot be compared")
    return picture.astype(np.float64) - truth.astype(np.float64)


def _mean(values: NDArray[np.float64], mask: Mask | None) -> float:
    if mask is None:
        return float(values.mean())
    weight = float(mask.sum())
    return float((values * mask).sum() / weight) if weight else float("nan")
