"""A photo written in the way in which it was stored: format, quality, bits, profile, metadata."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from cyclegan_glasses.editing.palette import with_palette
from cyclegan_glasses.editing.photograph import Photograph, directories, to_rgb8, turn_back
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import to_bytes
from cyclegan_glasses.signatures import PICTURES
from cyclegan_glasses.walk import EXTENSIONS

FORMATS = {ending: kind for kind, endings in PICTURES.items() for ending in endings}
TRANSPARENT = ("PNG", "WEBP", "TIFF", "GIF", "HEIF", "AVIF")
WITH_EXIF = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
WITH_XMP = ("JPEG", "WEBP", "HEIF", "AVIF")
DEEP, WITH_DPI = ("PNG", "TIFF", "PPM"), ("JPEG", "PNG", "TIFF", "BMP")
#: For lossy formats whose source does not say how it was compressed: each differs from what it is given by
#: about as much as the JPEG does. The encoders' own speeds take seconds more for as good a picture.
QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95},
    "WEBP": {"quality": 95},
    "AVIF": {"quality": 90, "speed": 8},
    "HEIF": {"quality": 80, "enc_params": {"preset": "ultrafast"}},
}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Chunks of PNG that say how colours are meant, and those that depend on how the pixels are stored.
_COLOURS = (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"pHYs")
_STORAGE = (b"tRNS", b"bKGD", b"hIST", b"sBIT", b"sPLT", b"acTL", b"fcTL", b"fdAT")


def format_of(path: Path) -> str:
    """The format that the file's name asks for.

    Raises:
        UserError: it is unknown.
    """
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(sorted(EXTENSIONS))
        raise UserError(
            f"{path}: pictures cannot be written as {path.suffix or 'that'}; give it one of {known}"
        )
    return FORMATS[path.suffix.lower()]


def encode(photo: Photograph, pixels: np.ndarray, kind: str, strip: bool = False) -> bytes:
    """The bytes of a file of format `kind` with `pixels` (upright) and all else of `photo`.

    In its own format it is saved as it was: JPEG with the same quantisation tables and sampling, lossless
    stays lossless. What a format cannot hold is brought to what it can: 8 bits, transparency on white.

    Args:
        strip: leave out all that does not say how the colours are meant: EXIF, XMP, texts.
    """
    about = metadata_of(photo, kind, strip)
    exif = about.get("exif")
    stored = turn_back(pixels, photo.orientation) if exif is not None else pixels
    stored = _fitting(stored, kind)
    if kind == "PNG":
        return _png(stored, photo, exif, about["icc_profile"], strip)
    if kind == "PPM":
        return _by_opencv(stored, ".pgm" if stored.shape[2] == 1 else ".ppm")
    if kind == "GIF":
        before = _fitting(photo.pixels, kind)
        before = np.tile(before, (1, stored.shape[1] // before.shape[1], 1))  # beside it stands the result
        return to_bytes(with_palette(stored, before), kind, **about)
    beside = photo.exif if kind == "TIFF" and not strip else None
    if stored.dtype == np.uint16 and stored.shape[2] > 1:
        return _with_directories(_deep_tiff(stored, photo, about["icc_profile"], strip), beside)
    return _with_directories(to_bytes(_image(stored), kind, **about), beside)


def metadata_of(photo: Photograph, kind: str, strip: bool = False) -> dict[str, Any]:
    """What Pillow is to be told so that a file of format `kind` has what belongs to `photo`; see `encode`."""
    about = _saving(photo, kind, strip)
    about["icc_profile"] = photo.profile if kind in (*WITH_EXIF, "TIFF") else None
    if photo.exif is not None and not strip and kind in WITH_EXIF:
        about["exif"] = photo.exif
    if photo.xmp and not strip and kind in WITH_XMP:
        about["xmp"] = photo.xmp
    return about


def _saving(photo: Photograph, kind: str, strip: bool) -> dict[str, Any]:
    personal = ("comment", "tiffinfo") if strip else ()
    if photo.format == kind:
        saving = {name: value for name, value in photo.saving.items() if name not in personal}
        return saving if "qtables" in saving else QUALITY.get(kind, {}) | saving
    saving = {"dpi": photo.saving["dpi"]} if "dpi" in photo.saving and kind in WITH_DPI else {}
    return QUALITY.get(kind, {}) | saving


def _fitting(pixels: np.ndarray, kind: str) -> np.ndarray:
    """`pixels` with what the format can hold."""
    if pixels.dtype == np.uint16 and kind not in DEEP:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    if pixels.shape[2] in (2, 4) and kind not in TRANSPARENT:
        grey = pixels.shape[2] == 2
        pixels = to_rgb8(pixels)[:, :, : 1 if grey else 3]
    return np.ascontiguousarray(pixels)


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _by_opencv(pixels: np.ndarray, suffix: str) -> bytes:
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(pixels.shape[2])
    _, data = cv2.imencode(suffix, pixels if order is None else cv2.cvtColor(pixels, order))
    return data.tobytes()


def _png(
    pixels: np.ndarray, photo: Photograph, exif: bytes | None, profile: bytes | None, strip: bool
) -> bytes:
    """A PNG; the blocks beside the pixels are the very ones of the source when that is a PNG too."""
    if pixels.dtype == np.uint16 and pixels.shape[2] == 2:  # OpenCV knows no grey with transparency
        pixels = pixels[:, :, [0, 0, 0, 1]]
    deep = pixels.dtype == np.uint16
    content = _by_opencv(pixels, ".png") if deep else to_bytes(_image(pixels), "PNG")
    if photo.format == "PNG":
        beside = [block for block in _blocks(photo.data) if _is_kept(block[0], strip)]
    else:
        more = {"dpi": photo.saving["dpi"]} if "dpi" in photo.saving else {}
        donor = to_bytes(Image.new("L", (1, 1)), "PNG", icc_profile=profile, exif=exif, **more)
        beside = [block for block in _blocks(donor) if _is_kept(block[0], strip)]
    header, *rest = [block for block in _blocks(content) if not block[0][:1].islower()]
    return _SIGNATURE + b"".join(map(_block, [header, *beside, *rest]))


def _is_kept(name: bytes, strip: bool) -> bool:
    return name in _COLOURS if strip else name[:1].islower() and name not in _STORAGE


def _blocks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and content of each chunk of a PNG."""
    blocks, at = [], len(_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        blocks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return blocks


def _block(block: tuple[bytes, bytes]) -> bytes:
    name, content = block
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _deep_tiff(pixels: np.ndarray, photo: Photograph, profile: bytes | None, strip: bool) -> bytes:
    """A TIFF with 16-bit colours, not compressed, which Pillow reads but does not write."""
    height, width, channels = pixels.shape
    tags = {} if strip else dict(photo.saving.get("tiffinfo", {}))
    content = pixels.astype("<u2").tobytes()
    tags |= {256: width, 257: height, 258: (16,) * channels, 259: 1, 262: 2, 273: 0, 277: channels}
    tags |= {278: height, 279: len(content), 284: 1}
    if channels == 4:
        tags[338] = 2  # transparency, not multiplied into the colours
    if profile:
        tags[34675] = profile
    directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    for tag, value in tags.items():
        directory[tag] = value
    buffer = io.BytesIO()
    directory.save(buffer)
    return buffer.getvalue() + content


def _with_directories(data: bytes, exif: bytes | None) -> bytes:
    """A TIFF with the directories of `exif` behind it, and a first directory that knows them.

    Pillow can write them itself only where nothing is compressed.
    """
    known = Image.Exif()
    known.load(exif or b"")
    if not (found := directories(known)):
        return data
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    entries = {data[i : i + 2]: data[i : i + 12] for i in range(at + 2, at + 2 + 12 * count, 12)}
    (following,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
    for tag, values in found.items():
        data += b"\0" * (len(data) % 2)
        entries[struct.pack(order + "H", tag)] = struct.pack(order + "HHII", tag, 4, 1, len(data))
        directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=data[:2], group=tag)
        for name, value in values.items():
            directory[name] = value
        data += directory.tobytes(len(data))
    data += b"\0" * (len(data) % 2)
    first = struct.pack(order + "I", len(data))
    ranked = sorted(entries.values(), key=lambda entry: struct.unpack_from(order + "H", entry))
    data += struct.pack(order + "H", len(ranked)) + b"".join(ranked) + struct.pack(order + "I", following)
    return data[:4] + first + data[8:]
