"""Finds picture files and opens them, whatever their kind; the hostile and the broken are refused."""

from __future__ import annotations

import io
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps

from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.files import atomic_write, make_folder, open_regular
from cyclegan_glasses.signatures import HEAD, PICTURES, RAW, other_kind, picture_format, video_container
from cyclegan_glasses.walk import DATA, is_picture, is_video, kind_of, pictures_of, report, walk

SUFFIXES = {kind: endings[0] for kind, endings in PICTURES.items()} | {"MPO": ".jpg"}
"""The usual ending of each format, as Pillow calls it; MPO is a JPEG with several pictures."""
UNREADABLE = "that cannot be read"
_UNKNOWN = "not a picture of a known format"
MAX_PIXELS = 100_000_000
FILE_BYTES = 400 << 20
"""Limit of a picture's file: 100 million pixels of four bytes."""
MEMORY_BYTES = 1_200_000_000
"""Limit of what a picture takes while it is decoded and made grey or RGB, all copies together."""
#: Tags of TIFF by which raw photos are known: a picture that is a preview of another, and Adobe's mark.
_SUBFILE, _DNG = 254, 50706
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


def find_pictures(folder: Path | str, exclude: Path | None = None, videos: bool = False) -> list[Path]:
    """The picture files at any depth below `folder`, with `videos` those too, sorted by relative path.

    They are known by their endings, and where an ending is unknown by their first bytes. See `walk`; what it
    leaves out is logged. A `folder` that is a file is itself the only picture.
    """
    root = Path(folder)
    return [root / name for name in picture_names(root, exclude, videos)]


def picture_names(folder: Path | str, exclude: Path | None = None, videos: bool = False) -> list[str]:
    """The paths of `find_pictures`, relative to `folder` and with slashes; "" where that is a file itself.

    Plain strings, since a `Path` each takes longer than the disk where there are many.
    """
    root = Path(folder)
    if root.is_file():
        return [""]

    def is_wanted(name: str) -> bool:
        return is_picture(name) or (videos and is_video(name)) or _is_unnamed(root, name, videos)

    left_out: Counter[str] = Counter()
    pictures = sorted(pictures_of(walk(folder, left_out, exclude), left_out, is_wanted))
    report(folder, left_out)
    return pictures


def head_of(source: Path | str | bytes) -> bytes:
    """The first bytes of a file, or of its content, by which `signatures` knows it.

    Raises:
        OSError: as of `files.open_regular`.
    """
    if isinstance(source, bytes):
        return source[:HEAD]
    with open_regular(source) as file:
        return file.read(HEAD)


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
        UnreadablePicture: not a picture of the formats in `SUFFIXES`, broken, cut off, more than `max_pixels`
            pixels or `MEMORY_BYTES`, or with values that have no agreed white (32-bit integers beyond 65535,
            floats).
    """
    with opened(source, max_pixels) as picture:
        picture.load()
        flat, mode = _flatten(_upright(picture)), "L" if channels == 1 else "RGB"
        return flat if flat.mode == mode else flat.convert(mode)


def to_bytes(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file of a format of Pillow's, such as `PNG`, with the options of its writer."""
    if kind == "HEIF":
        _register_heif()
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
        with file, _QUIET, _identified(file) as picture:
            if picture.width * picture.height > max_pixels:
                size = f"{picture.width}x{picture.height}"
                raise ValueError(f"{size} is more than the limit of {max_pixels} pixels")
            check_memory(picture, _decoded(picture), "to decode")
            yield picture


def _identified(file: IO[bytes]) -> Image.Image:
    """The picture in a file, read by the one reader that its first bytes call for."""
    head = file.read(HEAD)
    file.seek(0)
    kind = picture_format(head)
    if not kind:
        other = other_kind(head)
        raise ValueError(_UNKNOWN + (f", but {other}" if other else "") if head else "the file is empty")
    if kind == "HEIF":
        _register_heif()
    picture = Image.open(file, formats=[kind])
    if kind == "TIFF" and (picture.tag_v2.get(_SUBFILE, 0) & 1 or _DNG in picture.tag_v2):  # type: ignore[attr-defined]
        raise ValueError(RAW)
    return picture


@cache
def _register_heif() -> None:
    """Make HEIC known to Pillow, once it is needed; thumbnails and other pictures inside are not read."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


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
    decoder = {"WEBP": 12.0, "AVIF": 12.0, "HEIF": 12.0, "GIF": 8.0}.get(picture.format or "", 0.0)
    if picture.format in ("JPEG", "MPO") and picture.info.get("progressive"):
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
        return UnreadablePicture(name, _UNKNOWN)
    if isinstance(error, Image.DecompressionBombError):  # Pillow's own limit lies above ours
        return UnreadablePicture(name, f"more than the limit of {MAX_PIXELS} pixels")
    return UnreadablePicture(name, reason_of(error))


def _is_unnamed(folder: Path, name: str, videos: bool) -> bool:
    """Whether a file whose ending says nothing is a picture, or a video, by its first bytes.

    A TIFF must be called so: raw photos of cameras begin like one, and hold a thumbnail.
    """
    if is_video(name) or kind_of(name) == DATA:
        return False
    try:
        head = head_of(folder / name)
    except OSError:
        return False
    return picture_format(head) not in ("", "TIFF") or (videos and bool(video_container(head)))


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
