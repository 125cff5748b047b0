"""A photo goes out as it came in: bits, orientation, profile, quality, metadata."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from cyclegan_glasses.editing.encode import _with_directories, encode, format_of
from cyclegan_glasses.editing.photograph import read_photograph, to_rgb8, turn_back, turn_upright
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import SUFFIXES, UnreadablePicture, check_header, to_bytes
from tests.editing.helpers import failing

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape: int, deep: bool = False) -> np.ndarray:
    """Smooth enough for JPEG, different in every corner."""
    rough = np.random.default_rng(0).integers(0, 256, (6, 5, shape[2]), dtype=np.uint8)
    fine = cv2.resize(rough, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).reshape(shape)
    return fine.astype(np.uint16) * 257 + 3 if deep else fine


def exif(orientation: int = 1, preview: bool = False) -> bytes:
    values = Image.Exif()
    values[271], values[274] = "Maker", orientation
    data = values.tobytes()
    return data if not preview else _with_preview(data)


def _with_preview(data: bytes) -> bytes:
    """EXIF with a second directory that holds a picture, as cameras write it."""
    tiff = data[6:] if data.startswith(b"Exif\0\0") else data
    order = "<" if tiff[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, at)
    link = at + 2 + 12 * count
    second = len(tiff)
    entries = struct.pack(order + "HHII", 0x0201, 4, 1, second + 30) + struct.pack(
        order + "HHII", 0x0202, 4, 1, 7
    )
    directory = struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)
    tiff = tiff[:link] + struct.pack(order + "I", second) + tiff[link + 4 :] + directory + b"PREVIEW"
    return b"Exif\0\0" + tiff


def save(path: Path, pixels: np.ndarray, **saving: Any) -> Path:
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path, **saving)
    return path


def again(path: Path, kind: str | None = None, strip: bool = False) -> tuple[Any, bytes]:
    """The photo, and the bytes of the same pixels written anew."""
    photo = read_photograph(path)
    return photo, encode(photo, photo.pixels, kind or photo.format, strip)


@given(orientation=st.integers(1, 8), height=st.integers(1, 5), width=st.integers(1, 5))
def test_turning_is_undone(orientation, height, width) -> None:
    pixels = np.arange(height * width, dtype=np.uint8).reshape(height, width, 1)
    assert np.array_equal(turn_back(turn_upright(pixels, orientation), orientation), pixels)


def test_a_turned_photo_is_seen_upright_and_stored_as_it_was(tmp_path) -> None:
    def check(orientation, kind) -> None:
        path = save(tmp_path / f"x.{kind}", noise(20, 12, 3), exif=exif(orientation))
        with Image.open(path) as picture:
            upright = np.asarray(ImageOps.exif_transpose(picture).convert("RGB")).astype(int)
        photo, data = again(path)
        assert np.array_equal(photo.pixels, upright)
        with Image.open(io.BytesIO(data)) as picture:
            stored = (1, upright.shape[1::-1]) if kind == "tif" else (orientation, (12, 20))
            assert (picture.getexif().get(274, 1), picture.size) == stored
            apart = np.abs(np.asarray(ImageOps.exif_transpose(picture)) - upright).mean()
            assert apart < 12 if kind in ("jpg", "webp") else apart == 0
        with Image.open(io.BytesIO(encode(photo, photo.pixels, photo.format, strip=True))) as picture:
            assert picture.size == upright.shape[1::-1] and 274 not in picture.getexif()

    assert not failing(check, range(1, 9), ["png", "jpg", "webp", "tif"])


def test_lossless_files_keep_every_bit_profile_and_texts(tmp_path) -> None:
    def check(channels, kind) -> None:
        pixels = noise(9, 11, channels)
        saving: dict[str, Any] = {"icc_profile": PROFILE, "dpi": (300, 300)}
        if kind == "png":
            saving["pnginfo"] = PngInfo()
            saving["pnginfo"].add_text("Author", "somebody")
        else:
            saving |= {"tiffinfo": {315: "somebody"}, "compression": "tiff_lzw"}
        photo, data = again(save(tmp_path / f"x.{kind}", pixels, **saving))
        assert np.array_equal(photo.pixels, pixels)
        with Image.open(io.BytesIO(data)) as picture:
            assert np.array_equal(np.asarray(picture).reshape(pixels.shape), pixels)
            assert picture.info["icc_profile"] == PROFILE and picture.info["dpi"][0] == pytest.approx(
                300, abs=0.1
            )
            assert "somebody" in str(picture.info) + str(dict(getattr(picture, "tag_v2", {})))
            assert kind == "png" or picture.info["compression"] == "tiff_lzw"
        with Image.open(io.BytesIO(encode(photo, pixels, photo.format, strip=True))) as picture:
            assert picture.info["icc_profile"] == PROFILE
            assert "somebody" not in str(picture.info) + str(dict(getattr(picture, "tag_v2", {})))

    assert not failing(check, [1, 3, 4], ["png", "tif"])


def test_sixteen_bits_stay_sixteen(tmp_path) -> None:
    def check(channels, kind) -> None:
        pixels = noise(9, 11, channels, deep=True)
        order = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[channels]
        path = tmp_path / f"x.{kind}"
        cv2.imwrite(str(path), pixels if order is None else cv2.cvtColor(pixels, order))
        photo, data = again(path)
        assert photo.pixels.dtype == np.uint16 and np.array_equal(photo.pixels, pixels)
        (tmp_path / f"y.{kind}").write_bytes(data)
        assert np.array_equal(read_photograph(tmp_path / f"y.{kind}").pixels, pixels)
        with Image.open(io.BytesIO(encode(photo, pixels, "JPEG"))) as picture:
            assert np.asarray(picture).dtype == np.uint8

    assert not failing(check, [1, 3, 4], ["png", "tif"])


def test_jpeg_keeps_its_tables_and_metadata_and_drops_the_preview(tmp_path) -> None:
    """The preview inside EXIF would show the face as it was."""
    saving = {
        "quality": 83,
        "subsampling": 0,
        "icc_profile": PROFILE,
        "comment": b"hello",
        "progressive": True,
    }
    path = save(tmp_path / "x.jpg", noise(40, 32, 3), exif=exif(preview=True), **saving)
    assert b"PREVIEW" in path.read_bytes()
    photo, data = again(path)
    assert b"PREVIEW" not in data
    with Image.open(path) as old, Image.open(io.BytesIO(data)) as new:
        assert old.quantization == new.quantization
        assert new.layer == old.layer, "the same sampling of colours"
        assert new.info["icc_profile"] == PROFILE and new.info["comment"] == b"hello"
        assert new.info["progressive"] and new.getexif()[271] == "Maker"
        assert np.abs(np.asarray(old).astype(int) - np.asarray(new)).mean() < 0.5
    stripped = encode(photo, photo.pixels, "JPEG", strip=True)
    with Image.open(io.BytesIO(stripped)) as new:
        assert not new.getexif() and "comment" not in new.info and new.info["icc_profile"] == PROFILE


SHOT = {33434: 0.008, 36867: "2024:01:02 03:04:05", 37500: b"a camera's own words"}
PLACE = {1: "N", 2: (48.0, 12.5, 1.0)}


def test_tiff_keeps_the_directories_of_shot_and_place(tmp_path) -> None:
    def check(compression, deep) -> None:
        path, saving = tmp_path / "x.tif", {"compression": compression, "tiffinfo": {315: "somebody"}}
        if deep:
            cv2.imwrite(str(path), noise(9, 11, 3, deep=True))
        else:
            save(path, noise(9, 11, 3), **saving)
        values = Image.Exif()
        values[34665], values[34853] = SHOT, PLACE
        path.write_bytes(_with_directories(path.read_bytes(), values.tobytes()))
        photo, data = again(path)
        with Image.open(io.BytesIO(data)) as picture:
            exif = picture.getexif()
            assert dict(exif.get_ifd(34665)) == SHOT and dict(exif.get_ifd(34853)) == PLACE
            assert picture.size == (11, 9) and (deep or picture.info["compression"] == (compression or "raw"))
            assert deep or (exif[315] == "somebody" and np.array_equal(np.asarray(picture), photo.pixels))
        (tmp_path / "y.tif").write_bytes(data)
        assert np.array_equal(read_photograph(tmp_path / "y.tif").pixels, photo.pixels)
        with Image.open(io.BytesIO(encode(photo, photo.pixels, "JPEG"))) as picture:
            assert dict(picture.getexif().get_ifd(34665)) == SHOT, "in another format too"
        with Image.open(io.BytesIO(encode(photo, photo.pixels, "TIFF", strip=True))) as picture:
            assert not {34665, 34853, 315} & picture.getexif().keys()

    assert not failing(check, [None, "tiff_lzw", "tiff_adobe_deflate"], [False, True])


def test_what_a_jpeg_tells_of_the_shot_goes_into_a_tiff(tmp_path) -> None:
    values = Image.Exif()
    values[274], values[34665] = 6, SHOT
    photo = read_photograph(save(tmp_path / "x.jpg", noise(20, 12, 3), exif=values.tobytes()))
    with Image.open(io.BytesIO(encode(photo, photo.pixels, "TIFF"))) as picture:
        assert picture.size == (20, 12) and 274 not in picture.getexif()
        assert dict(picture.getexif().get_ifd(34665)) == SHOT


@pytest.mark.parametrize("lossless", [True, False])
def test_webp_stays_lossless_or_lossy(lossless, tmp_path) -> None:
    path = save(tmp_path / "x.webp", noise(30, 30, 4), lossless=lossless, exact=True, exif=exif())
    photo, data = again(path)
    with Image.open(io.BytesIO(data)) as picture:
        equal = np.array_equal(np.asarray(picture.convert("RGBA"))[..., :3], photo.pixels[..., :3])
    assert equal is lossless


def test_what_a_format_cannot_hold_is_brought_to_what_it_can(tmp_path) -> None:
    pixels = noise(8, 8, 4)
    pixels[:, :, 3] = 0
    path = save(tmp_path / "x.png", pixels)
    _, data = again(path, "JPEG")
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "RGB" and np.asarray(picture).min() > 250, "transparency becomes white"
    for kind in ("BMP", "PPM"):
        assert Image.open(io.BytesIO(again(path, kind)[1])).mode == "RGB"


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", "tiff_lzw", "packbits"])
def test_a_black_and_white_tiff_is_written_with_the_greys_of_an_edit(compression, tmp_path) -> None:
    """CCITT compresses two levels alone: a fax with glasses drawn on it has more."""
    Image.fromarray(noise(16, 16, 1)[:, :, 0]).convert("1").save(tmp_path / "x.tif", compression=compression)
    photo = read_photograph(tmp_path / "x.tif")
    grey = np.full_like(photo.pixels, 77)
    for pixels in (grey, grey.repeat(3, 2)):
        with Image.open(io.BytesIO(encode(photo, pixels, "TIFF"))) as picture:
            assert np.unique(np.asarray(picture)).tolist() == [77]


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "LA", "La", "HSV"])
def test_unusual_modes_become_grey_or_colour(mode, tmp_path) -> None:
    picture = (
        Image.fromarray(noise(9, 9, 3))
        .convert("L")
        .convert("LA")
        .convert("RGBA" if mode in ("LA", "La") else "RGB")
    )
    picture = (
        picture.convert("LA") if mode in ("LA", "La") else picture.convert(mode if mode != "HSV" else "RGB")
    )
    suffix = {"CMYK": "jpg"}.get(mode, "png")
    picture.save(tmp_path / f"x.{suffix}")
    photo, data = again(tmp_path / f"x.{suffix}")
    assert photo.pixels.shape[2] == {"1": 1, "LA": 2, "La": 2}.get(mode, 3)
    with Image.open(io.BytesIO(data)) as new:
        assert np.abs(to_rgb8(photo.pixels).astype(int) - np.asarray(new.convert("RGB"))).mean() < 3


def bomb(path: Path) -> None:
    """The header of a PNG of 60,000 by 60,000."""
    data = struct.pack(">I", 1) + b"IDAT" + b"x" + struct.pack(">I", zlib.crc32(b"IDATx"))
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + data
    )


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda path: path.write_text("hello"), "not a picture"),
        (lambda path: path.write_bytes(b""), "empty"),
        (bomb, "limit"),
        (lambda path: path.mkdir(), "Is a directory"),
        (
            lambda path: Image.new("L", (4, 4)).save(
                path, "TIFF", save_all=True, append_images=[Image.new("L", (4, 4), 90)]
            ),
            "several pages",
        ),
    ],
    ids=["text", "empty", "60,000 x 60,000", "folder", "pages"],
)
def test_files_that_are_no_photo_are_explained(make, reason, tmp_path) -> None:
    path = tmp_path / "x.jpg"
    make(path)
    with pytest.raises(UnreadablePicture, match=reason):
        read_photograph(path)


def test_a_photo_that_is_cut_off_is_refused(tmp_path) -> None:
    path = save(tmp_path / "x.jpg", noise(64, 64, 3), quality=95)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(UnreadablePicture):
        read_photograph(path)


def test_formats_are_known_by_their_endings() -> None:
    assert format_of(Path("a.JPEG")) == "JPEG" and format_of(Path("a.tif")) == "TIFF"
    for name in ("a.xyz", "a"):
        with pytest.raises(UserError, match=r"\.png"):
            format_of(Path(name))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_pictures_of_phones_keep_orientation_profile_and_metadata(kind, tmp_path) -> None:
    """HEIC and AVIF say how they are turned in the container; HEIC is written upright."""
    for channels, orientation in ((1, 1), (3, 6), (4, 5)):
        path = tmp_path / f"x{channels}"
        stored = noise(48, 64, channels)
        saving = {"exif": exif(orientation, preview=True), "icc_profile": PROFILE, "quality": 95}
        path.write_bytes(
            to_bytes(Image.fromarray(stored[:, :, 0] if channels == 1 else stored), kind, **saving)
        )
        photo, data = again(path)
        upright = turn_upright(stored, orientation)
        assert photo.format == kind and photo.pixels.shape == upright.shape
        assert np.abs(photo.pixels.astype(int) - upright).mean() < 8
        assert b"PREVIEW" not in data and check_header(data)[0] == SUFFIXES[kind]
        (tmp_path / "y").write_bytes(data)
        result = read_photograph(tmp_path / "y")
        assert np.abs(photo.pixels.astype(int) - result.pixels).mean() < 4
        assert result.orientation == (1 if kind == "HEIF" else orientation)
        assert result.profile == PROFILE and b"Maker" in (result.exif or b"")
        (tmp_path / "z").write_bytes(encode(photo, photo.pixels, kind, strip=True))
        stripped = read_photograph(tmp_path / "z")
        assert stripped.profile == PROFILE and stripped.pixels.shape == upright.shape
        assert b"Maker" not in stripped.data


def test_a_heic_becomes_a_jpeg_and_a_jpeg_a_heic(tmp_path) -> None:
    path = save(tmp_path / "x.jpg", noise(48, 64, 3), exif=exif(6), icc_profile=PROFILE, quality=95)
    _, data = again(path, "HEIF")
    (tmp_path / "y.jpg").write_bytes(data)
    photo, again_jpeg = again(tmp_path / "y.jpg", "JPEG")
    assert photo.format == "HEIF" and photo.pixels.shape == (64, 48, 3)
    with Image.open(io.BytesIO(again_jpeg)) as picture:
        assert picture.size == (48, 64) and picture.getexif()[271] == "Maker"
        assert np.abs(np.asarray(picture).astype(int) - read_photograph(path).pixels).mean() < 4


def test_a_gif_keeps_every_pixel_that_was_not_changed(tmp_path) -> None:
    """Its palette stays for them; what was changed takes the colours that are left."""
    for colours, clear in ((12, False), (255, True), (256, False)):
        flat = Image.fromarray(noise(40, 30, 3)).quantize(colours)
        flat.save(tmp_path / "x.gif", **({"transparency": 0} if clear else {}), comment=b"hello")
        photo = read_photograph(tmp_path / "x.gif")
        edited = photo.pixels.copy()
        edited[5:12, 4:20, :3] = noise(7, 16, 3) // 2
        (tmp_path / "y.gif").write_bytes(encode(photo, edited, "GIF"))
        result = read_photograph(tmp_path / "y.gif")
        seen, before, wanted = (
            to_rgb8(pixels).astype(int) for pixels in (result.pixels, photo.pixels, edited)
        )
        kept = (photo.pixels == edited).all(2)
        assert np.array_equal(seen[kept], before[kept]) and result.saving["comment"] == b"hello"
        assert np.abs(seen - wanted)[~kept].mean() < (12 if colours == 12 else 60)
