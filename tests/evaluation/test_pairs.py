"""A result and its untouched input beside the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.evaluation.pairs import PairScores, pair_table, score_pair

INSIDE = {"PSNR inside", "SSIM inside", "L1 inside"}


def write(path: Path, values: np.ndarray) -> Path:
    Image.fromarray(values).save(path)
    return path


def pictures(folder: Path, side: int = 16, masked: slice = slice(5, 9)) -> tuple[Path, Path, Path, Path]:
    """The truth is 100; inside the mask the input is 60 and the result 90, outside the result strays by 2."""
    values = {name: np.full((side, side, 3), 100, np.uint8) for name in ("real", "fake", "truth")}
    mask = np.zeros((side, side), np.uint8)
    mask[masked] = 255
    values["real"][masked], values["fake"][:] = 60, 102
    values["fake"][masked] = 90
    paths = [write(folder / f"{name}.png", value) for name, value in values.items()]
    return paths[0], paths[1], paths[2], write(folder / "mask.png", mask)


def test_scores_by_hand(tmp_path: Path) -> None:
    scores = score_pair(*pictures(tmp_path))
    assert scores.result["L1 inside"] == 10 and scores.input["L1 inside"] == 40
    assert scores.result["PSNR inside"] == pytest.approx(20 * np.log10(25.5))
    assert scores.result["L1 outside"] == 2
    assert "L1 outside" not in scores.input
    assert scores.result["PSNR"] > scores.input["PSNR"]
    assert scores.result["SSIM inside"] > scores.input["SSIM inside"]


def test_without_a_mask_the_whole_picture_counts(tmp_path: Path) -> None:
    scores = score_pair(*pictures(tmp_path)[:3])
    assert set(scores.result) == set(scores.input) == {"PSNR", "SSIM"}


def test_what_cannot_be_computed_is_left_out(tmp_path: Path) -> None:
    """Not a number in a table would make every mean one."""
    empty = score_pair(*pictures(tmp_path, masked=slice(0, 0)))
    assert set(empty.input) == {"PSNR", "SSIM"} and empty.result["L1 outside"] == 2
    small = score_pair(*pictures(tmp_path, side=10))
    assert set(small.input) == {"PSNR", "PSNR inside", "L1 inside"}
    whole = score_pair(*pictures(tmp_path, masked=slice(None)))
    assert "L1 outside" not in whole.result and set(whole.result) > INSIDE


def test_the_table_says_how_many_came_nearer() -> None:
    scores = [
        PairScores({"PSNR": 30.0, "L1 inside": 10.0, "L1 outside": 1.0}, {"PSNR": 20.0, "L1 inside": 40.0}),
        PairScores(
            {"PSNR": float("inf"), "L1 inside": 30.0, "L1 outside": 2.0}, {"PSNR": 22.0, "L1 inside": 20.0}
        ),
        PairScores({"PSNR": 28.0}, {"PSNR": 24.0}),
    ]
    assert pair_table(scores).splitlines() == [
        "                 result    input",
        "PSNR             29.000   22.000",
        "L1 inside        20.000   30.000",
        "L1 outside        1.500",
        "nearer to the truth inside the mask than the input: 50% of 2",
        "error left inside the mask: 67% of the input's",
    ]
