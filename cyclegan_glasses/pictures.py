"""Pictures from outside, opened with care."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 100_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"})


class UnreadablePicture(ValueError):  # noqa: N818
    """A picture that cannot be read: the message names the file and the reason.

    Attributes:
        path: of the file.
        reason: in words.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


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
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "not a picture of a known format"
        raise UnreadablePicture(name, reason) from None


def find_pictures(folder: str | Path) -> list[Path]:
    """Every file below `folder` with the suffix of a picture, sorted, hidden ones left out."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(root, n) for n in files if not n.startswith(".") and Path(n).suffix.lower() in SUFFIXES
        ]
    return sorted(found)
