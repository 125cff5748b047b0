"""Pictures and folders of them, drawn where they are needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def ramp(number: int, width: int = 40, height: int = 36) -> Image.Image:
    """A picture whose every pixel differs: red grows to the right, green down, blue is `number`'s."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    blue = np.full_like(red, (number * 37) % 256)
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


def fill(folder: Path, count: int, first: int = 0) -> Path:
    """`count` ramps as `000.png` … below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        ramp(number).save(folder / f"{number:03}.png")
    return folder


def cut_off(path: Path) -> None:
    """Leave the first half of a file: its beginning still says that it is a picture."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
