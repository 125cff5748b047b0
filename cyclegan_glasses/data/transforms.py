"""From a picture of any size to a tensor of the right size: pure functions of the picture and a generator.

The five modes are those of pytorch-CycleGAN-and-pix2pix; resizing is bicubic. Two things differ: a picture
that is smaller than the crop is enlarged in proportion until it covers it (never stretched or padded), and
`scale_width` rounds both sides to a multiple of 4 as `none` does, since the generators halve twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from cyclegan_glasses.data.settings import MULTIPLE
from cyclegan_glasses.pixels import from_levels, normalize

Size = tuple[int, int]  # width, height
PICTURES, MASKS = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR


@dataclass(frozen=True, slots=True)
class Geometry:
    """What is done to a picture: first the size, then the cut, then the mirror. Pairs share one.

    Attributes:
        size: (width, height) to resize to.
        corner: (left, top) of the cut.
        cut: (width, height) of the cut, and of the result.
        mirror: left to right.
    """

    size: Size
    corner: Size
    cut: Size
    mirror: bool


def plan(
    size: Size, preprocess: str, load_size: int, crop: Size, flip: bool, rng: np.random.Generator | None
) -> Geometry:
    """Decide the geometry for a picture of `size` (width, height).

    Args:
        crop: width and height of the cut, for the modes that cut.
        rng: draws the place of the cut and the mirror; None cuts from the middle and never mirrors.
    """
    resized = _resized(size, preprocess, load_size, crop)
    cut = crop if preprocess.endswith("crop") else resized
    room = (resized[0] - cut[0], resized[1] - cut[1])
    if rng is None:
        return Geometry(resized, (room[0] // 2, room[1] // 2), cut, False)
    left, top = (int(rng.integers(0, free + 1)) for free in room)
    return Geometry(resized, (left, top), cut, bool(rng.random() < 0.5) and flip)


def apply(picture: Image.Image, geometry: Geometry, resample: Image.Resampling = PICTURES) -> Image.Image:
    """Do to `picture` what `geometry` says but for the mirror; the result has the size `geometry.cut`."""
    if picture.size != geometry.size:
        picture = picture.resize(geometry.size, resample)
    if geometry.cut != geometry.size:
        left, top = geometry.corner
        picture = picture.crop((left, top, left + geometry.cut[0], top + geometry.cut[1]))
    return picture


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A picture, or a mask, of the right size, of which only the mirror and the values are still to be made.

    Attributes:
        pixels: uint8 (height, width, 1 or 3); may be part of a larger picture, not to be written to.
        mirror: left to right.
        mask: its values are fractions, [0, 1]; those of a picture are [-1, 1].
    """

    pixels: np.ndarray
    mirror: bool
    mask: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """The `Cut`s of a batch: pixels uint8 (pictures, height, width, channels), mirror bool (pictures,)."""

    pixels: torch.Tensor
    mirror: torch.Tensor
    mask: bool


def to_tensors(batch: dict[str, Any]) -> dict[str, Any]:
    """A batch with a tensor in the place of each `Crops`, see `to_values`."""
    return {
        name: to_values(value.pixels, value.mirror, value.mask) if isinstance(value, Crops) else value
        for name, value in batch.items()
    }


def cut(picture: Image.Image | np.ndarray, geometry: Geometry, mask: bool = False) -> Cut:
    """Do to `picture` what `geometry` says but for the mirror.

    An array, uint8 (height, width, channels), has the size that the picture is resized to, and the result is
    a view of it. Pictures are resized by bicubic, masks by bilinear interpolation.
    """
    if isinstance(picture, np.ndarray):
        (left, top), (width, height) = geometry.corner, geometry.cut
        return Cut(picture[top : top + height, left : left + width], geometry.mirror, mask)
    pixels = np.asarray(apply(picture, geometry, MASKS if mask else PICTURES))
    return Cut(np.atleast_3d(pixels), geometry.mirror, mask)


def to_values(pixels: torch.Tensor, mirror: torch.Tensor, mask: bool = False) -> torch.Tensor:
    """The values of cut pictures, the same to the last bit on every device.

    Args:
        pixels: uint8 (pictures, height, width, channels).
        mirror: bool (pictures,), on the same device.

    Returns:
        float32 (pictures, channels, height, width) in [-1, 1], of masks in [0, 1].
    """
    # In bytes, which begin again after 255: several times as fast as torch.where on a CPU.
    mirrored = pixels + mirror[:, None, None, None] * (pixels.flip(2) - pixels)
    convert = from_levels if mask else normalize
    return convert(mirrored.permute(0, 3, 1, 2), torch.contiguous_format)


def _resized(size: Size, preprocess: str, load_size: int, crop: Size) -> Size:
    width, height = size
    if preprocess == "resize_and_crop":
        return load_size, load_size
    if preprocess == "none":
        return _round(width), _round(height)
    if preprocess == "scale_width":
        return _round(load_size), _round(load_size * height / width)
    factor = load_size / width if preprocess == "scale_width_and_crop" else 1.0
    factor = max(factor, crop[0] / width, crop[1] / height)
    return max(crop[0], round(width * factor)), max(crop[1], round(height * factor))


def _round(side: float) -> int:
    return max(1, round(side / MULTIPLE)) * MULTIPLE
