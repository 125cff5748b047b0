"""What pairs of pictures have in common, whoever makes them: names, rows, files, random numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from cyclegan_glasses.collect.pictures import encoded
from cyclegan_glasses.domains import NONE
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.source import SourcePhoto


def pair_names(name: str, each: int) -> list[str]:
    """File names of `each` pairs of one photo, whose first is `name`: `x.png`, `x_2.png`, `x_3.png`."""
    stem = PurePosixPath(name).stem
    return [name, *(f"{stem}_{number}.png" for number in range(2, each + 1))]


def generator_of(photo: Photo, seed: int, number: int) -> np.random.Generator:
    """For what is random about pair `number` of `photo`: it depends on these three alone."""
    digest = hashlib.sha256(photo.origin.encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big"), number])


def make_pair(
    photo: Photo,
    name: str,
    facts: Mapping[str, Any],
    bare: np.ndarray,
    worn: np.ndarray,
    mask: np.ndarray,
    layers: np.ndarray,
) -> list[SourcePhoto]:
    """The face with glasses, with its mask and layers beside it, and the face without.

    Args:
        photo: what both rows say, with its split; the label is that of the face with glasses.
        name: of all files.
        facts: of the face with glasses.
        bare, worn: uint8 RGB (height, width, 3).
        mask: uint8 (height, width).
        layers: uint8 (height, width, 4), see `overlays.canvas.Drawn`.
    """
    height, width = bare.shape[:2]
    files = {"mask": f"{photo.split}M/{name}", "layers": f"{photo.split}L/{name}"}
    glasses = replace(
        photo, path=f"{photo.split}A/{name}", width=width, height=height,
        facts={**facts, **files}, scores={}, verdict="", reason="",
    )  # fmt: skip
    without = replace(glasses, path=f"{photo.split}B/{name}", label=NONE, facts={})
    beside = {"mask": _png(mask), "layers": _png(np.hstack([*np.moveaxis(layers, 2, 0)]))}
    return [SourcePhoto(glasses, _png(worn), beside), SourcePhoto(without, _png(bare))]


def _png(image: np.ndarray) -> bytes:
    return encoded(Image.fromarray(image), compress_level=3)
