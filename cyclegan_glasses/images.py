"""Finds picture files and opens them, whatever their kind; the hostile and the broken are refused."""

from __future__ import annotations

import io
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps

from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.files import atomic_write, make_folder, open_regular
from cyclegan_glasses.walk import pictures_of, report, walk

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM")
SUFFIXES = {
    **{"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"},
    **{"BMP": ".bmp", "TIFF": ".tif", "PPM": ".ppm"},
}
#: What is taken for a picture by its ending now and then: the place of its mark, the mark, and its name.
_STRANGERS = (
    (4, b"ftyp", "HEIC or AVIF: save it as JPEG"),
    (0, b"GIF8", "a GIF: save it as PNG"),
    (0, b"<", "a web page or an SVG"),
    (0, b"\x00\x05\x16\x07", "what macOS keeps beside a file"),
)
UNREADABLE = "that cannot be read"
MAX_PIXELS = 100_000_000
FILE_BYTES = 400 << 20
"""Limit of a picture's file: 100 million pixels of four bytes."""
MEMORY_BYTES = 1_200_000_000
"""Limit of what a picture takes while it is decoded and made grey or RGB, all copies together."""
BACKGROUND = (255, 255, 255)
BAND = 256
"""Rows of a picture at a time, where a step takes more memory than its result."""


class UnreadablePicture(UserError, ValueError):  # noqa: N818
    """A file that is no picture, is broken, or is too large to be opened safely.

    Attributes:
        path: of the file.
        reason: one line, without the path.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class _QuietPillow:
    """Keeps Pillow's warnings quiet, and nobody else's, in as many threads as there are.

    `warnings.catch_warnings` is for one thread: of two that overlap, the second would put back what the first
    had set. So the first one in sets the filter, and the last one out puts back what was before.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\b")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._before.__exit__(None, None, None)


_QUIET = _QuietPillow()


def find_pictures(folder: Path | str, exclude: Path | None = None) -> list[Path]:
    """The picture files at any depth below `folder`, by their extensions, sorted by relative path.

    See `walk`; what it leaves out is logged. A `folder` that is a file is itself the only picture.
    """
    root = Path(folder)
    return [root / name for name in picture_names(root, exclude)]


def picture_names(folder: Path | str, exclude: Path | None = None) -> list[str]:
    """The paths of `find_pictures`, relative to `folder` and with slashes; "" where that is a file itself.

    Plain strings, since a `Path` each takes longer than the disk where there are many.
    """
    if Path(folder).is_file():
        return [""]
    left_out: Counter[str] = Counter()
    pictures = sorted(pictures_of(walk(folder, left_out, exclude), left_out))
    report(folder, left_out)
    return pictures


def check_header(source: Path | str | bytes, max_pixels: int = MAX_PIXELS) -> tuple[str, int, int]:
    """Read only the beginning of the file: is it a picture, of a format and size that may be opened?

    Returns the suffix of its format (`.jpg`), and width and height in pixels as stored.

    Raises:
        UnreadablePicture: it is not.
    """
    with opened(source, max_pixels) as picture:
        return SUFFIXES[picture.format or ""], picture.width, picture.height


def open_picture(source: Path | str | bytes, channels: int = 3, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a picture of any kind, a file or its bytes, as 8-bit grey (`channels` 1, mode L) or RGB (3).

    It is turned upright by its EXIF. Transparency is laid on white, 16-bit values are divided by 257, CMYK
    and palettes become RGB, and grey from colour is the luminance of ITU-R 601. Of an animation or a
    multi-page file it is the first picture.

    Raises:
        UnreadablePicture: not a picture of the formats in `FORMATS`, broken, cut off, more than `max_pixels`
            pixels or `MEMORY_BYTES`, or with values that have no agreed white (32-bit integers beyond 65535,
            floats).
    """
    with opened(source, max_pixels) as picture:
        picture.load()
        flat, mode = _flatten(_upright(picture)), "L" if channels == 1 else "RGB"
        return flat if flat.mode == mode else flat.convert(mode)


def to_bytes(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file of a format of Pillow's, such as `PNG`, with the options of its writer."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """The luminance of ITU-R BT.601, uint8 or float32 (height, width) as `pixels`, RGB (height, width, 3)."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


@contextmanager
def opened(source: Path | str | bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """The picture, a file or its bytes, as it is stored, with only its header read.

    Pillow's warnings (broken metadata, many pixels) are kept quiet.

    Raises:
        UnreadablePicture: for whatever goes wrong, now or in the block.
    """
    with explained(partial(_unreadable, source)):
        file = io.BytesIO(source) if isinstance(source, bytes) else open_regular(source, FILE_BYTES)
        with file, _QUIET, Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > max_pixels:
                size = f"{picture.width}x{picture.height}"
                raise ValueError(f"{size} is more than the limit of {max_pixels} pixels")
            check_memory(picture, _decoded(picture), "to decode")
            yield picture


def bands(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """A picture in bands of a few rows, each with its first row."""
    for top in range(0, picture.height, BAND):
        yield top, picture.crop((0, top, picture.width, min(top + BAND, picture.height)))


def check_memory(picture: Image.Image, bytes_a_pixel: float, purpose: str) -> None:
    """Raise `ValueError` where a picture would take more than `MEMORY_BYTES` for `purpose`."""
    if (needed := picture.width * picture.height * bytes_a_pixel) > MEMORY_BYTES:
        text = f"{picture.format} of {picture.width}x{picture.height} takes {needed / 1e9:.1f} GB {purpose}"
        raise ValueError(f"{text}, more than the limit of {MEMORY_BYTES / 1e9:g} GB")


def levels_of(picture: Image.Image) -> np.ndarray:
    """The grey levels of a picture of 16 or 32 bits, 0 to 65535, int64 (height, width).

    Raises:
        ValueError: values beyond them have no agreed white.
    """
    values = np.asarray(picture).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("32-bit values beyond 65535")
    return values


def _decoded(picture: Image.Image) -> float:
    """Bytes that a pixel takes while the picture is decoded and then made L or RGB."""
    stored = {"1": 1, "L": 1, "P": 1}.get(picture.mode, 2 if ";16" in picture.mode else 4)
    result = 0 if picture.mode in ("L", "RGB") else 4
    decoder = 0.0
    if picture.format == "WEBP":
        decoder = 12  # two canvases, and the frame as bytes
    elif picture.format in ("JPEG", "MPO") and picture.info.get("progressive"):
        decoder = 2 * len(picture.getbands())  # coefficients
    elif picture.format == "TIFF":  # a strip may be the whole picture
        bits = picture.tag_v2.get(258, 1)  # type: ignore[attr-defined]
        decoder = sum(bits if isinstance(bits, tuple) else (bits,)) / 8
    return stored + result + decoder


def _upright(picture: Image.Image) -> Image.Image:
    try:
        if picture.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return picture
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken EXIF says nothing of the pixels
        return picture


def _flatten(picture: Image.Image) -> Image.Image:
    """To 8 bits without transparency; the mode is any that converts to L and RGB."""
    if picture.mode == "F":
        raise ValueError("pixels are floating-point numbers")
    if picture.mode.startswith("I"):
        flat = Image.new("L", picture.size)
        for top, band in bands(picture):
            flat.paste(Image.fromarray(np.round(levels_of(band) / 257).astype(np.uint8)), (0, top))
        return flat
    if picture.has_transparency_data:
        flat = Image.new("RGB", picture.size)
        for top, band in bands(picture):
            ground = Image.new("RGBA", band.size, (*BACKGROUND, 255))
            flat.paste(Image.alpha_composite(ground, band.convert("RGBA")).convert("RGB"), (0, top))
        return flat
    return picture


def _unreadable(source: Path | str | bytes, error: Exception) -> UnreadablePicture:
    name = "picture" if isinstance(source, bytes) else source
    if isinstance(error, Image.UnidentifiedImageError):
        return UnreadablePicture(name, _stranger(source if isinstance(source, bytes) else _head(source)))
    if isinstance(error, Image.DecompressionBombError):  # Pillow's own limit lies above ours
        return UnreadablePicture(name, f"more than the limit of {MAX_PIXELS} pixels")
    return UnreadablePicture(name, reason_of(error))


def _head(path: Path | str) -> bytes:
    with open_regular(path) as file:
        return file.read(12)


def _stranger(head: bytes) -> str:
    """What the file is that begins with `head`, which is no picture that is read."""
    if not head:
        return "the file is empty"
    kind = next((kind for at, start, kind in _STRANGERS if head[at:].lstrip().startswith(start)), "")
    return "not a picture of a known format" + (f", but {kind}" if kind else "")


def readable_pictures(paths: Iterable[Path], left_out: Counter[str]) -> Iterator[tuple[Path, np.ndarray]]:
    """Those of `paths` that can be read, each with its pixels, uint8 RGB (height, width, 3).

    The others are counted in `left_out` by their reason, for `walk.report`.
    """
    for path in paths:
        try:
            yield path, np.asarray(open_picture(path))
        except UnreadablePicture as error:
            left_out[f"{UNREADABLE} ({error.reason})"] += 1


def save_png(path: Path, picture: np.ndarray | Image.Image) -> None:
    """Write a picture as PNG, whole or not at all, into a folder that is made if need be.

    Raises:
        UserError: it cannot be written.
    """
    make_folder(path.parent)
    with atomic_write(path) as file:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        image.save(file, format="PNG")
