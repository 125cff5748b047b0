"""Without these pictures get the wrong size, or a pair its two different cuts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import functional

from cyclegan_glasses.data.settings import PREPROCESS
from cyclegan_glasses.data.transforms import Geometry, apply, plan, to_values
from cyclegan_glasses.data.transforms import cut as cut_out
from cyclegan_glasses.pixels import to_pixels
from tests.data.drawing import ramp

sides = st.integers(1, 3000)


@pytest.mark.parametrize(
    ("preprocess", "resized", "cut"),
    [
        ("resize_and_crop", (286, 286), (256, 256)),
        ("crop", (400, 300), (256, 256)),
        ("scale_width", (288, 216), (288, 216)),  # 286 x 214.5
        ("scale_width_and_crop", (341, 256), (256, 256)),  # 286 x 214 enlarged to cover the cut
        ("none", (400, 300), (400, 300)),
    ],
)
def test_each_mode_at_the_default_sizes(
    preprocess: str, resized: tuple[int, int], cut: tuple[int, int]
) -> None:
    geometry = plan((400, 300), preprocess, 286, (256, 256), True, None)
    assert (geometry.size, geometry.cut, geometry.mirror) == (resized, cut, False)
    assert geometry.corner == ((resized[0] - cut[0]) // 2, (resized[1] - cut[1]) // 2)


@given(sides, sides, st.sampled_from(PREPROCESS), st.integers(1, 90), st.integers(0, 90), st.integers(0, 9))
def test_the_cut_lies_inside_and_suits_the_generators(
    width: int, height: int, preprocess: str, quarter: int, more: int, seed: int
) -> None:
    crop_size = 4 * quarter
    load_size = crop_size + more
    geometry = plan(
        (width, height), preprocess, load_size, (crop_size, crop_size), True, np.random.default_rng(seed)
    )
    assert all(side >= 4 and side % 4 == 0 for side in geometry.cut)
    for corner, cut, size in zip(geometry.corner, geometry.cut, geometry.size, strict=True):
        assert 0 <= corner <= size - cut
    if preprocess.endswith("crop"):
        assert geometry.cut == (crop_size, crop_size)
    if preprocess == "none":
        assert all(abs(a - b) <= 3 for a, b in zip(geometry.cut, (width, height), strict=True))
    if preprocess in ("crop", "scale_width_and_crop") and min(width, height) > 50 and crop_size > 50:
        assert geometry.size[0] / geometry.size[1] == pytest.approx(width / height, rel=0.03)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from(PREPROCESS), st.integers(0, 9))
def test_the_result_has_the_planned_size(width: int, height: int, preprocess: str, seed: int) -> None:
    geometry = plan((width, height), preprocess, 24, (16, 12), True, np.random.default_rng(seed))
    assert apply(ramp(0, width, height), geometry).size == geometry.cut


def test_cuts_and_mirrors_are_spread_over_all_there_are() -> None:
    rng = np.random.default_rng(0)
    drawn = [plan((50, 50), "resize_and_crop", 11, (8, 8), True, rng) for _ in range(400)]
    assert {geometry.corner for geometry in drawn} == {(x, y) for x in range(4) for y in range(4)}
    assert 160 < sum(geometry.mirror for geometry in drawn) < 240
    assert not any(plan((50, 50), "crop", 8, (8, 8), False, rng).mirror for _ in range(50))


def test_the_mirror_option_does_not_move_the_cuts() -> None:
    with_mirror = [
        plan((50, 50), "crop", 8, (8, 8), True, np.random.default_rng(seed)).corner for seed in range(9)
    ]
    without = [
        plan((50, 50), "crop", 8, (8, 8), False, np.random.default_rng(seed)).corner for seed in range(9)
    ]
    assert with_mirror == without


def test_cut_and_mirror_move_pixels_and_change_none() -> None:
    picture = ramp(5, 20, 10)
    result = cut_out(picture, Geometry((20, 10), (3, 2), (8, 4), True))
    values = to_values(torch.from_numpy(result.pixels[None].copy()), torch.tensor([result.mirror]))
    assert np.array_equal(to_pixels(values[0]), np.asarray(picture)[2:6, 3:11][:, ::-1])


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_cut_becomes_the_numbers_that_the_picture_does(mask: bool, mirror: bool) -> None:
    """All 256 levels, from a picture and from its pixels alone, one beside another in a batch."""
    picture = Image.fromarray(np.arange(512, dtype=np.uint16).astype(np.uint8).reshape(16, 32))
    geometry = Geometry((32, 16), (3, 0), (24, 16), mirror)
    values = functional.to_tensor(apply(picture, geometry))
    values = values.flip(-1) if mirror else values
    cuts = [cut_out(picture, geometry, mask), cut_out(np.asarray(picture)[..., None], geometry, mask)]
    pixels = torch.from_numpy(np.stack([part.pixels for part in cuts]))
    for result in to_values(pixels, torch.tensor([part.mirror for part in cuts]), mask):
        expected = values if mask else functional.normalize(values, [0.5], [0.5])
        assert torch.equal(result, expected) and result.is_contiguous()
    turned = to_values(pixels, torch.tensor([not mirror, mirror]), mask)
    assert torch.equal(turned[0], turned[1].flip(-1)) and not torch.equal(turned[0], turned[1])
