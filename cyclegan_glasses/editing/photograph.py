"""A whole photo, read with all that belongs to it: 16 bits, transparency, orientation, profile, metadata; and
pictures of a program's own, as the editor works on them, and back."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin

from cyclegan_glasses.editing.blend import peak_of
from cyclegan_glasses.files import read_regular
from cyclegan_glasses.images import BACKGROUND, BAND, FILE_BYTES, bands, check_memory, levels_of, opened

GREY_OR_COLOUR = ("L", "LA", "RGB", "RGBA")
UPRIGHT = 1
#: Bytes of an `ANMF` chunk of WebP before the chunks in it.
_FRAME_HEADER = 16
_COPIES = 3  # of a photo: as it was, edited, and for its file
#: Compressions of TIFF for black and white alone, of CCITT: `group3`, `group4`, `tiff_ccitt`, ….
BILEVEL = ("group", "tiff_ccitt")
#: Tags of TIFF that say something of the photo, not of how its pixels lie in the file.
_TIFF_WORDS = (269, 270, 271, 272, 305, 306, 315, 316, 33432)
_TIFF_TAGS = (*_TIFF_WORDS, 282, 283, 296, 700)


@dataclass(frozen=True, eq=False)
class Photograph:
    """A photo as it is looked at.

    Attributes:
        pixels: uint8 or uint16 (height, width, channels), upright; channels as in `blend.apply_change`.
        format: as Pillow calls it: `JPEG`, `PNG`, …
        data: the bytes of its file.
        orientation: of the stored pixels, by EXIF: 1 to 8; a TIFF or HEIC is written upright.
        exif, profile, xmp: as they are stored, without the preview in EXIF, which shows the face as it was;
            None where there is none.
        saving: what Pillow needs to save it the same way: quality, compression, resolution and the like.
    """

    pixels: np.ndarray
    format: str
    data: bytes
    orientation: int = UPRIGHT
    exif: bytes | None = None
    profile: bytes | None = None
    xmp: bytes | None = None
    saving: dict[str, Any] = field(default_factory=dict)


def read_photograph(path: Path | str) -> Photograph:
    """Read a photo with all that belongs to it.

    Palettes, black and white, and CMYK become grey or RGB (a CMYK profile is then left out).

    Raises:
        UnreadablePicture: see `images.open_picture`; files of several pages too.
    """
    with opened(path) as picture:
        data = read_regular(path, FILE_BYTES)
        if _has_several(picture):
            raise ValueError("a file of several pages: give them one by one")
        deep = ";16" in str(getattr(picture, "tile", "")[:1]) and not picture.mode.startswith("I")
        photo = read_metadata(picture, data)
        samples = len(picture.getbands()) * (2 if deep or picture.mode.startswith("I") else 1)
        check_memory(picture, _COPIES * samples, "to edit")
        pixels = _deep_colours(data) if deep else _pixels(picture)
        if photo.format == "TIFF":
            pixels = turn_upright(pixels, photo.orientation) if deep else pixels  # Pillow turns the others
            return replace(photo, pixels=pixels, orientation=UPRIGHT)
        return replace(photo, pixels=turn_upright(pixels, photo.orientation))


def read_metadata(picture: Image.Image, data: bytes) -> Photograph:
    """What belongs to the picture that `images.opened` has opened, with `data` its file; no pixels."""
    orientation, exif = _exif(picture)
    return Photograph(
        pixels=np.zeros((0, 0, 3), np.uint8),
        format="JPEG" if picture.format == "MPO" else str(picture.format),
        data=data,
        orientation=orientation,
        exif=exif,
        profile=None if picture.mode == "CMYK" else picture.info.get("icc_profile"),
        xmp=picture.info.get("xmp"),
        saving=_saving(picture, data),
    )


def to_array(picture: Any) -> np.ndarray:
    """A PIL image, array or tensor (see `editor.GlassesEditor.edit`) as (height, width, channels).

    Raises:
        ValueError: it is another kind of picture.
    """
    if isinstance(picture, Image.Image):
        if picture.mode not in (*GREY_OR_COLOUR, "I;16"):
            kinds = ", ".join((*GREY_OR_COLOUR, "I;16"))
            raise ValueError(f"a picture of mode {picture.mode}: convert it to one of {kinds}")
        values = np.asarray(picture)
    elif is_tensor(picture):
        if picture.ndim != 3:
            raise ValueError(f"a tensor of shape {tuple(picture.shape)}: give (channels, height, width)")
        values = picture.detach().cpu().permute(1, 2, 0).numpy()
    else:
        values = np.asarray(picture)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or not 1 <= values.shape[2] <= 4 or 0 in values.shape:
        raise ValueError(f"an array of shape {values.shape}: give (height, width) or (height, width, 1 to 4)")
    if np.issubdtype(values.dtype, np.floating):
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError("floats must lie between 0 and 1")
    elif values.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"an array of {values.dtype}: give uint8, uint16, or floats from 0 to 1")
    return np.ascontiguousarray(values)


def is_tensor(picture: Any) -> bool:
    """Whether it is a tensor of torch, which is not imported for that: a program that has one has done so."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(picture, torch.Tensor)


def from_array(values: np.ndarray, like: Any) -> Any:
    """(height, width, channels) as what `like` was given to `to_array`."""
    if isinstance(like, Image.Image):
        picture = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
        picture.info = dict(like.info)
        return picture
    if is_tensor(like):
        import torch

        return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1))).to(like.device)
    return values[:, :, 0] if like.ndim == 2 else values


def turn_upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Stored pixels (height, width, channels) as they are looked at, by their EXIF orientation of 1 to 8."""
    turned = pixels.swapaxes(0, 1) if orientation >= 5 else pixels
    down, across = (
        slice(None, None, -1 if orientation in which else 1) for which in ((3, 4, 7, 8), (2, 3, 6, 7))
    )
    return np.ascontiguousarray(turned[down, across])


def turn_back(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The inverse of `turn_upright`: two quarter turns are each other's, the rest undo themselves."""
    return turn_upright(pixels, {6: 8, 8: 6}.get(orientation, orientation))


def to_rgb8(pixels: np.ndarray) -> np.ndarray:
    """What is seen of a picture, uint8 RGB (height, width, 3): transparency is laid on white.

    `pixels` are uint8, uint16, or floats from 0 to 1, with 1 to 4 channels.
    """
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return pixels
    peak, rgb = peak_of(pixels.dtype), np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), BAND):  # floats of the whole picture would take gigabytes
        band = pixels[top : top + BAND]
        colours = band[:, :, :3] if band.shape[2] > 2 else band[:, :, :1]
        levels = colours.astype(np.float32) * (255 / peak)
        if band.shape[2] in (2, 4):
            alpha = band[:, :, -1:].astype(np.float32) / peak
            levels = levels * alpha + np.array(BACKGROUND, np.float32)[: colours.shape[2]] * (1 - alpha)
        rgb[top : top + BAND] = np.rint(np.clip(levels, 0, 255))
    return rgb


def directories(exif: Image.Exif) -> dict[int, dict[int, Any]]:
    """What EXIF says of the shot and of the place, by the tags of these directories."""
    found = {int(tag): dict(exif.get_ifd(tag)) for tag in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)}
    for values in found.values():
        values.pop(ExifTags.IFD.Interop, None)  # a directory of its own, by its place in the old file
    return {tag: values for tag, values in found.items() if values}


def _pixels(picture: Image.Image) -> np.ndarray:
    """What the picture holds, as uint8 or uint16 (height, width, 1 to 4)."""
    picture.load()
    if picture.mode.startswith("I"):
        values = np.empty((picture.height, picture.width, 1), np.uint16)
        for top, band in bands(picture):
            values[top : top + band.height, :, 0] = levels_of(band)
        return values
    if picture.mode == "F":
        raise ValueError("pixels are floating-point numbers")
    grey = picture.mode in ("1", "L", "LA", "La")
    mode = ("LA" if grey else "RGBA") if picture.has_transparency_data else ("L" if grey else "RGB")
    if grey and picture.mode != "LA" and mode == "LA":
        picture = picture.convert("RGBA")
    values = np.empty((picture.height, picture.width, len(mode)), np.uint8)
    for top, band in bands(picture):
        row = np.asarray(band if band.mode == mode else band.convert(mode))
        values[top : top + band.height] = row if row.ndim == 3 else row[:, :, None]
    return values


def _deep_colours(data: bytes) -> np.ndarray:
    """Colours of 16 bits, which Pillow has no mode for: uint16 (height, width, 3 or 4)."""
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        raise ValueError("16-bit colours that cannot be read")
    for top in range(0, len(values), BAND):
        band = values[top : top + BAND]
        band[:, :, :3] = band[:, :, 2::-1].copy()
    return values


def _has_several(picture: Image.Image) -> bool:
    """Whether the file has several pages; those of a TIFF are not counted one by one.

    A JPEG or HEIC of several pictures has one that is meant to be seen.
    """
    if picture.format == "TIFF":
        try:
            picture.seek(1)
        except EOFError:
            picture.seek(0)
            return False
        return True
    return getattr(picture, "n_frames", 1) > 1 and picture.format not in ("MPO", "HEIF")


def _exif(picture: Image.Image) -> tuple[int, bytes | None]:
    """Orientation, and EXIF without its preview; broken EXIF says nothing of the pixels and is left out."""
    try:
        exif = picture.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, UPRIGHT)
        orientation = orientation if orientation in range(1, 9) else UPRIGHT
        if picture.format == "TIFF":  # whose first directory says how the file is made
            exif = _of_the_photo(exif)
        there = bool(exif) if picture.format == "TIFF" else "exif" in picture.info or orientation != UPRIGHT
        return orientation, exif.tobytes() if there else None
    except Exception:
        return UPRIGHT, None


def _of_the_photo(exif: Image.Exif) -> Image.Exif:
    """What a TIFF tells of the photo: its directories of the shot and the place, and a few words."""
    kept = Image.Exif()
    for tag in _TIFF_WORDS:
        if tag in exif:
            kept[tag] = exif[tag]
    for tag, values in directories(exif).items():
        kept[tag] = values
    return kept


def _saving(picture: Image.Image, data: bytes) -> dict[str, Any]:
    """Pillow's arguments that save a picture in the way in which this one was saved."""
    info = picture.info
    saving: dict[str, Any] = {"dpi": info["dpi"]} if "dpi" in info else {}
    if picture.format in ("JPEG", "MPO") and isinstance(picture, JpegImagePlugin.JpegImageFile):
        if picture.mode != "CMYK":
            saving["qtables"] = picture.quantization
        saving["subsampling"] = JpegImagePlugin.get_sampling(picture)
        saving["progressive"] = bool(info.get("progressive"))
        if "comment" in info:
            saving["comment"] = info["comment"]
    elif picture.format == "GIF":
        saving = {"comment": info["comment"]} if "comment" in info else {}
    elif picture.format == "WEBP":
        chunks = _riff_chunks(data)
        saving["lossless"] = saving["exact"] = b"VP8L" in chunks and b"VP8 " not in chunks
    elif picture.format == "TIFF":
        tags = picture.tag_v2  # type: ignore[attr-defined]
        if not str(info.get("compression")).startswith(BILEVEL):  # the edited photo has greys
            saving["compression"] = info.get("compression")
        saving["tiffinfo"] = {tag: tags[tag] for tag in _TIFF_TAGS if tag in tags}
    return saving


def _riff_chunks(data: bytes) -> list[bytes]:
    """Names of the chunks of a WebP file, with those in the frames of an animation."""
    names, file = [], io.BytesIO(data)
    file.seek(12)
    while len(head := file.read(8)) == 8:
        names.append(head[:4])
        length = _FRAME_HEADER if head[:4] == b"ANMF" else int.from_bytes(head[4:], "little")
        file.seek(length + length % 2, io.SEEK_CUR)
    return names
