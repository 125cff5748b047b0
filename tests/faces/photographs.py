"""Photographs to find faces in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cyclegan_glasses.images import open_picture


def photographs(shared: Path, source: str, count: int) -> list[np.ndarray]:
    """Of a source, evenly chosen; uint8 RGB."""
    files = sorted((shared / "data/photos" / source).iterdir())
    return [np.asarray(open_picture(file)) for file in files[:: len(files) // count][:count]]
