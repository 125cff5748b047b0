"""Pictures from outside, opened with care."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

from PIL import Image, ImageOps

MAX_PIXELS = 100_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"})


class UnreadablePicture(ValueError):  # noqa: N818
    """A picture that cannot be read: the message names the file and the reason."""


def open_picture(source: str | Path | bytes, channels: int = 3) -> Image.Image:
    """Decode a picture, upright, as RGB (`channels` 3) or grey (1).

    Raises:
        UnreadablePicture: not a picture of the allowed formats, cut off, or above `MAX_PIXELS`.
    """
    name = "picture" if isinstance(source, bytes) else str(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(
                io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS
            ) as file:
                if file.width * file.height > MAX_PIXELS:
                    raise ValueError(f"{file.width}x{file.height} is above the limit of {MAX_PIXELS} pixels")
                return ImageOps.exif_transpose(file).convert("RGB" if channels == 3 else "L")
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0:1] or type(error).__name__
        raise UnreadablePicture(f"{name}: {reason if isinstance(reason, str) else reason[0]}") from error


def find_pictures(folder: str | Path) -> list[Path]:
    """Every file below `folder` with the suffix of a picture, sorted, hidden ones left out."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(root, n) for n in files if not n.startswith(".") and Path(n).suffix.lower() in SUFFIXES
        ]
    return sorted(found)
