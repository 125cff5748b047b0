"""Scores of results against their truth, beside those of the untouched input."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from cyclegan_glasses.evaluation.metrics import WINDOW, Mask, Picture, l1, psnr, ssim
from cyclegan_glasses.evaluation.statistics import mean_of

Scores = Mapping[str, float]


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
    """Means over pictures as a table to print, of the scores of results and inputs that `compare` gives.

    With masks also the share of results that are nearer to the truth inside it than the input was, and how
    much of the input's error they leave there.
    """
    results, inputs = zip(*pairs, strict=True)
    lines = [f"{'':14}{'result':>9}{'input':>9}"]
    for name in dict.fromkeys(name for scores in results for name in scores):
        result, untouched = (mean_of([s[name] for s in scores if name in s]) for scores in (results, inputs))
        lines.append(f"{name:14}{result:9.3f}" + ("" if math.isnan(untouched) else f"{untouched:9.3f}"))
    inside = [
        (r["L1 inside"], i["L1 inside"]) for r, i in zip(results, inputs, strict=True) if "L1 inside" in r
    ]
    if inside:
        nearer = sum(result < untouched for result, untouched in inside) / len(inside)
        left = sum(result for result, _ in inside) / max(1e-9, sum(untouched for _, untouched in inside))
        lines.append(f"nearer to the truth inside the mask than the input: {nearer:.0%} of {len(inside)}")
        lines.append(f"error left inside the mask: {left:.0%} of the input's")
    return "\n".join(lines)
