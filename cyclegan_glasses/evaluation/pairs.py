"""Scores of results against their truth, beside those of the untouched input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cyclegan_glasses.evaluation.metrics import WINDOW, Mask, Picture, l1, psnr, ssim
from cyclegan_glasses.evaluation.statistics import mean_of

INSIDE, OUTSIDE = "inside", "outside"


@dataclass(frozen=True, slots=True)
class PairScores:
    """Scores of one picture by name (`PSNR`, `SSIM inside`, `L1 outside`): of the result and of the input."""

    result: dict[str, float]
    input: dict[str, float]


def score_pair(real: Path, fake: Path, truth: Path, mask: Path | None = None) -> PairScores:
    """Compare a result and its untouched input with the truth, all files; see `compare`."""
    inside = _read(mask)[..., 0] / 255 if mask else None
    return compare(_read(real), _read(fake), _read(truth), inside)


def compare(before: Picture, after: Picture, truth: Picture, mask: Mask | None = None) -> PairScores:
    """Compare a result and its untouched input with the truth.

    PSNR in dB, SSIM, over the whole picture; with a mask also both inside it, and L1 (of 255) inside and
    outside it, where "outside" of a result is how far it strays from its input. What is undefined,
    such as a score inside an empty mask or the SSIM of a picture below 11 pixels, is left out.
    """
    scores: dict[str, dict[str, float]] = {}
    for name, picture in (("result", after), ("input", before)):
        large = min(picture.shape[:2]) >= WINDOW
        scores[name] = {"PSNR": psnr(picture, truth)}
        scores[name] |= {"SSIM": ssim(picture, truth)} if large else {}
        if mask is None:
            continue
        scores[name] |= {f"PSNR {INSIDE}": psnr(picture, truth, mask)}
        scores[name] |= {f"SSIM {INSIDE}": ssim(picture, truth, mask)} if large else {}
        scores[name] |= {f"L1 {INSIDE}": l1(picture, truth, mask)}
    if mask is not None:
        scores["result"][f"L1 {OUTSIDE}"] = l1(after, before, (mask == 0).astype(np.float64))
    result, untouched = ({k: v for k, v in s.items() if not math.isnan(v)} for s in scores.values())
    return PairScores(result, untouched)


def pair_table(scores: Sequence[PairScores]) -> str:
    """Means over pictures as a table to print.

    With masks also the share of results that are nearer to the truth inside it than the input was, and how
    much of the input's error they leave there.
    """
    names = list(dict.fromkeys(name for pair in scores for name in pair.result))
    lines = [f"{'':14}{'result':>9}{'input':>9}"]
    for name in names:
        result = mean_of([pair.result[name] for pair in scores if name in pair.result])
        untouched = mean_of([pair.input[name] for pair in scores if name in pair.input])
        lines.append(f"{name:14}{result:9.3f}" + ("" if math.isnan(untouched) else f"{untouched:9.3f}"))
    inside = [
        (p.result[f"L1 {INSIDE}"], p.input[f"L1 {INSIDE}"]) for p in scores if f"L1 {INSIDE}" in p.result
    ]
    if inside:
        nearer = sum(result < untouched for result, untouched in inside) / len(inside)
        left = sum(result for result, _ in inside) / max(1e-9, sum(untouched for _, untouched in inside))
        lines.append(f"nearer to the truth inside the mask than the input: {nearer:.0%} of {len(inside)}")
        lines.append(f"error left inside the mask: {left:.0%} of the input's")
    return "\n".join(lines)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))
