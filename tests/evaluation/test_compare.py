"""A result and its untouched input beside the truth."""

from __future__ import annotations

import numpy as np
import pytest

from cyclegan_glasses.evaluation.in_words import conclusion
from cyclegan_glasses.evaluation.metrics import compare, pair_table

INSIDE = {"PSNR inside", "SSIM inside", "L1 inside"}


def pictures(side: int = 16, masked: slice = slice(5, 9)) -> tuple[np.ndarray, ...]:
    """The truth is 100; inside the mask the input is 60 and the result 90, outside the result strays by 2."""
    values = {name: np.full((side, side, 3), 100, np.uint8) for name in ("real", "fake", "truth")}
    mask = np.zeros((side, side))
    mask[masked] = 1
    values["real"][masked], values["fake"][:] = 60, 102
    values["fake"][masked] = 90
    return *values.values(), mask


def test_scores_by_hand() -> None:
    scores, before = compare(*pictures())
    assert scores["L1 inside"] == 10 and before["L1 inside"] == 40
    assert scores["PSNR inside"] == pytest.approx(20 * np.log10(25.5))
    assert scores["L1 outside"] == 2
    assert "L1 outside" not in before
    assert scores["PSNR"] > before["PSNR"]
    assert scores["SSIM inside"] > before["SSIM inside"]


def test_without_a_mask_the_whole_picture_counts() -> None:
    scores, before = compare(*pictures()[:3])
    assert set(scores) == set(before) == {"PSNR", "SSIM"}


def test_what_cannot_be_computed_is_left_out() -> None:
    """Not a number in a table would make every mean one."""
    empty, empty_before = compare(*pictures(masked=slice(0, 0)))
    assert set(empty_before) == {"PSNR", "SSIM"} and empty["L1 outside"] == 2
    _, small_before = compare(*pictures(side=10))
    assert set(small_before) == {"PSNR", "PSNR inside", "L1 inside"}
    whole, _ = compare(*pictures(masked=slice(None)))
    assert "L1 outside" not in whole and set(whole) > INSIDE


def test_the_table_has_means_and_a_sentence_says_what_they_mean() -> None:
    scores = [
        ({"PSNR": 30.0, "L1 inside": 10.0, "L1 outside": 1.0}, {"PSNR": 20.0, "L1 inside": 40.0}),
        ({"PSNR": float("inf"), "L1 inside": 30.0, "L1 outside": 2.0}, {"PSNR": 22.0, "L1 inside": 20.0}),
        ({"PSNR": 28.0}, {"PSNR": 24.0}),
    ]
    assert pair_table(scores).splitlines() == [
        "                 result    input",
        "PSNR             29.000   22.000",
        "L1 inside        20.000   30.000",
        "L1 outside        1.500",
    ]
    text = " of the difference to the same face with{} glasses is left, and 2 of 3 results are nearer to it"
    text += " than the picture was"
    assert conclusion("AtoB", scores) == "67%" + text.format("out")
    assert conclusion("BtoA", scores).startswith("67%" + text.format(" its own"))
    assert conclusion("AtoB", scores[2:]) == (
        "by PSNR, the result is nearer to the same face without glasses than the picture was"
    )
    assert conclusion("AtoB", [({"L1 outside": 3.0}, {})]) == ""
