"""One conversion between pixels and what networks read, and one grey."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms import functional

from cyclegan_glasses import values
from cyclegan_glasses.images import to_grey
from cyclegan_glasses.pixels import (
    LUMINANCE,
    luminance,
    normalize,
    quantize,
    to_levels,
    to_pixels,
    to_rgb,
    to_tensor,
)

ALL = np.arange(256, dtype=np.uint8)


def test_networks_read_what_the_reference_implementation_gives_them():
    """All 256 levels to the last bit, so that published weights see what they were trained on."""
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    pixels.reshape(-1)[: pixels.size] = ALL[: pixels.size]
    for part in (pixels, 255 - pixels, pixels[:, :, :1]):
        expected = functional.normalize(functional.to_tensor(part), [0.5], [0.5])
        found = to_tensor(part)
        assert torch.equal(found, expected) and found.is_contiguous() and found.dtype == torch.float32
        assert torch.equal(to_tensor(np.stack([part, part]))[1], expected)
    levels = torch.from_numpy(ALL).view(1, 16, 16)
    assert torch.equal(normalize(levels), functional.normalize(levels.float() / 255, [0.5], [0.5]))
    assert torch.equal(to_tensor(pixels[::-1, ::-1]), to_tensor(pixels).flip(-1, -2))


def test_every_level_comes_back_and_what_lies_outside_is_clipped():
    values = normalize(torch.from_numpy(ALL))
    assert np.array_equal(quantize(values), ALL) and (values[0], values[-1]) == (-1, 1)
    assert torch.allclose(to_levels(values), torch.from_numpy(ALL).float(), atol=1e-4)
    assert quantize(torch.tensor([-7.0, 1.01, 0.003])).tolist() == [0, 255, 128]
    pixels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    assert np.array_equal(to_pixels(to_tensor(pixels)), pixels)


def test_a_tensor_becomes_a_picture_of_three_channels():
    values = torch.tensor([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]).reshape(1, 2, 3)
    picture = to_rgb(values)
    assert picture.shape == (2, 3, 3) and picture.dtype == np.uint8
    assert picture[..., 1].tolist() == [[0, 0, 128], [191, 255, 255]]


def test_a_picture_that_cannot_be_written_is_left_as_it_is():
    pixels = np.full((2, 2, 3), 9, np.uint8)
    pixels.flags.writeable = False
    to_tensor(pixels).fill_(1)
    assert (pixels == 9).all()


@pytest.mark.parametrize("colour, level", [((255, 0, 0), 76), ((0, 255, 0), 150), ((200, 100, 50), 124)])
def test_grey_is_the_luminance_in_numpy_and_torch(colour, level):
    """ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue; all greys of the toolkit agree."""
    pixels = np.full((1, 2, 2, 3), colour, np.uint8)
    exact = float(np.dot(colour, LUMINANCE))
    assert (to_grey(pixels[0]) == level).all() and round(exact) == level
    assert to_grey(pixels[0].astype(np.float32)) == pytest.approx(exact, abs=1e-4)
    grey = luminance(to_tensor(pixels))
    assert grey.shape == (1, 1, 2, 2) and to_levels(grey).numpy() == pytest.approx(exact, abs=1e-4)


def test_arrays_and_tensors_are_converted_to_the_same_bits():
    """What torch trained on is what onnxruntime is shown."""
    pixels = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    pixels[0, :, :, 0] = ALL.reshape(16, 16)
    there, here = to_tensor(pixels), values.to_values(pixels)
    assert np.array_equal(here, there.numpy()) and here.flags["C_CONTIGUOUS"]
    assert np.array_equal(values.to_levels(here), to_levels(there).permute(0, 2, 3, 1).numpy())
    assert np.abs(values.luminance(here) - luminance(there).numpy()).max() < 1e-6
    logits = np.random.default_rng(2).standard_normal((5, 4)).astype(np.float32)
    assert np.abs(values.softmax(logits) - torch.from_numpy(logits).double().softmax(1).numpy()).max() < 1e-12
