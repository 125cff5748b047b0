"""Without these a sideways, blackened or hostile picture gets into training, or stops it."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.images import (
    UnreadablePicture,
    check_header,
    find_pictures,
    open_picture,
    opened,
    to_bytes,
)
from cyclegan_glasses.signatures import PICTURES
from tests.data.drawing import ramp

FORMATS = {ending: kind for kind, endings in PICTURES.items() for ending in endings}


def pixel(path: Path, x: int = 0, y: int = 0, channels: int = 3) -> Any:
    return open_picture(path, channels).getpixel((x, y))


def test_pictures_are_found_at_any_depth_in_the_same_order_on_every_machine(tmp_path: Path) -> None:
    names = ["b.PNG", "a/z.jpeg", "a/y/x.webp", "c.tif", "c.TIFF", "d.bmp", "e.ppm", "f.jpg"]
    for name in [*names, "note.txt", "._b.png", ".hidden/g.png", "noextension"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_pictures(tmp_path)]
    assert found == sorted(names)
    assert find_pictures(tmp_path / "note.txt") == [tmp_path / "note.txt"]


@pytest.mark.parametrize("extension", ["png", "bmp", "tif", "ppm", "webp", "jpg", "gif", "heic", "avif"])
def test_every_format_opens(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    how: dict[str, Any] = {"webp": {"lossless": True}, "png": {}, "bmp": {}, "tif": {}, "ppm": {}}
    path.write_bytes(to_bytes(ramp(3), FORMATS["." + extension], **how.get(extension, {"quality": 95})))
    error = np.abs(np.asarray(open_picture(path), int) - np.asarray(ramp(3), int))
    assert error.max() <= {"jpg": 12, "heic": 12, "avif": 24, "gif": 24}.get(extension, 0)
    assert check_header(path) == ("." + extension, 40, 36)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path: Path, orientation: int) -> None:
    """Phones store portraits lying down."""
    upright = ramp(1)
    T = Image.Transpose
    undo = {2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE, 6: T.ROTATE_270}
    undo |= {7: T.TRANSVERSE, 8: T.ROTATE_90}
    inverse = {T.ROTATE_270: T.ROTATE_90, T.ROTATE_90: T.ROTATE_270}
    stored = upright
    if orientation > 1:
        stored = upright.transpose(inverse.get(undo[orientation], undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(np.asarray(open_picture(tmp_path / "x.png")), np.asarray(upright))


def test_broken_exif_does_not_cost_the_picture(tmp_path: Path) -> None:
    ramp(1).save(tmp_path / "x.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_picture(tmp_path / "x.jpg").size == (40, 36)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    for name in ("x.png", "x.tif"):
        Image.fromarray(values).save(tmp_path / name)
        assert np.asarray(open_picture(tmp_path / name, 1)).tolist() == [[0, 1, 128, 255]]
    assert pixel(tmp_path / "x.png", 2) == (128, 128, 128)
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(values).save(tmp_path / "turned.png", exif=exif)
    assert np.asarray(open_picture(tmp_path / "turned.png", 1)).tolist() == [[255, 128, 1, 0]]


def test_a_phone_picture_of_several_parts_opens_as_its_first(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (16, 16), (200, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 200))
    for name, kind in (("x.jpg", "MPO"), ("x.tif", "TIFF"), ("x.webp", "WEBP")):
        first.copy().save(tmp_path / name, format=kind, save_all=True, append_images=[second.copy()])
        red, _, blue = pixel(tmp_path / name)
        assert red > 190 and blue < 10


def test_numbers_without_an_agreed_white_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 70000]], dtype=np.int32)).save(tmp_path / "long.tif")
    Image.fromarray(np.array([[0.0, 1.0]], dtype=np.float32)).save(tmp_path / "float.tif")
    for name, reason in (("long.tif", "65535"), ("float.tif", "floating")):
        with pytest.raises(UnreadablePicture, match=reason):
            open_picture(tmp_path / name)


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    """The colour below full transparency is arbitrary, often black."""
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGBA", (2, 2), (255, 0, 0, 128)).save(tmp_path / "half.png")
    Image.new("LA", (2, 2), (0, 0)).save(tmp_path / "grey.png")
    assert pixel(tmp_path / "clear.png") == (255, 255, 255)
    assert pixel(tmp_path / "half.png") == (255, 127, 127)
    assert pixel(tmp_path / "grey.png", channels=1) == 255


def test_palettes_keep_colours_and_transparency(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([0, 0, 0, 10, 200, 30])
    picture.putdata([0, 1])
    picture.save(tmp_path / "plain.png")
    picture.save(tmp_path / "clear.png", transparency=0)
    assert [pixel(tmp_path / "plain.png", x) for x in (0, 1)] == [(0, 0, 0), (10, 200, 30)]
    assert [pixel(tmp_path / "clear.png", x) for x in (0, 1)] == [(255, 255, 255), (10, 200, 30)]


def test_cmyk_has_its_colours_and_not_their_negative(tmp_path: Path) -> None:
    for name in ("x.jpg", "x.tif"):
        Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / name)
        red, green, blue = pixel(tmp_path / name, 4, 4)
        assert red > 245 and green < 10 and blue < 10


def test_grey_and_colour_become_each_other(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 77).save(tmp_path / "grey.png")
    Image.new("RGB", (2, 2), (255, 0, 0)).save(tmp_path / "red.png")
    Image.new("1", (2, 2), 1).save(tmp_path / "bit.png")
    assert pixel(tmp_path / "grey.png") == (77, 77, 77)
    assert pixel(tmp_path / "red.png", channels=1) == 76  # 0.299 of 255
    assert pixel(tmp_path / "bit.png", channels=1) == 255
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "one.png")
    assert pixel(tmp_path / "one.png") == (1, 2, 3)


def test_what_is_no_picture_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    ramp(0, 200, 200).save(tmp_path / "short.jpg")
    whole = (tmp_path / "short.jpg").read_bytes()
    (tmp_path / "short.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "clip.gif").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    reasons = {
        "text.jpg": "not a picture of a known format",
        "empty.png": "empty",
        "short.jpg": "truncated",
        "clip.gif": "not a picture of a known format, but a video",
        "pipe.png": "a pipe, not a regular file",
        "folder.png": "Is a directory",
        "absent.png": "No such file",
    }
    for name, reason in reasons.items():
        with pytest.raises(UnreadablePicture, match=reason) as caught:
            open_picture(tmp_path / name)
        assert caught.value.path == str(tmp_path / name) and name in str(caught.value)
        if name != "short.jpg":
            with pytest.raises(UnreadablePicture, match=reason):
                check_header(tmp_path / name)


def _png(width: int, height: int) -> bytes:
    def block(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + block(b"IHDR", header)
        + block(b"IDAT", zlib.compress(b"\0" * 9))
        + block(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (12_000, 10_000)])
def test_a_pixel_bomb_is_refused_before_it_takes_memory(tmp_path: Path, width: int, height: int) -> None:
    (tmp_path / "bomb.png").write_bytes(_png(width, height))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for read in (open_picture, check_header):
            with pytest.raises(UnreadablePicture, match=r"pixels|bomb"):
                read(tmp_path / "bomb.png")


def test_the_pixel_limit_is_exact(tmp_path: Path) -> None:
    ramp(0, 10, 10).save(tmp_path / "x.png")
    assert open_picture(tmp_path / "x.png", max_pixels=100).size == (10, 10)
    with pytest.raises(UnreadablePicture, match="10x10"):
        open_picture(tmp_path / "x.png", max_pixels=99)


@given(data=st.data())
def test_damaged_bytes_give_a_picture_or_a_reason_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = (
        tmp_path_factory.mktemp("damaged")
        / f"x.{data.draw(st.sampled_from(['png', 'jpg', 'tif', 'webp', 'bmp', 'gif', 'heic', 'avif']))}"
    )
    content = bytearray(to_bytes(ramp(1, 12, 9), FORMATS[path.suffix]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert open_picture(path, max_pixels=10_000).mode == "RGB"
    except UnreadablePicture as error:
        assert error.reason and "\n" not in error.reason


def test_bytes_open_like_the_file_that_holds_them(tmp_path: Path) -> None:
    ramp(2).save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    assert np.array_equal(np.asarray(open_picture(content)), np.asarray(ramp(2)))
    check_header(content)
    for broken, reason in (
        (b"", "empty"),
        (b"not a picture", "not a picture"),
        (content[: len(content) // 2], "truncated"),
    ):
        with pytest.raises(UnreadablePicture, match=reason):
            open_picture(broken)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("JPEG", ".jpg"),
        ("PNG", ".png"),
        ("TIFF", ".tif"),
        ("WEBP", ".webp"),
        ("HEIF", ".heic"),
        ("GIF", ".gif"),
    ],
)
def test_header_says_what_the_file_is(kind, suffix):
    """A file gets the suffix of its bytes, and its size is known without reading it whole."""
    assert check_header(to_bytes(Image.new("RGB", (30, 20)), kind)) == (suffix, 30, 20)


def test_threads_leave_the_filters_of_warnings_as_they_were(tmp_path: Path) -> None:
    """Else a program that reads pictures in threads sees no warning of anybody any more."""
    before = list(warnings.filters)
    ramp(1).save(tmp_path / "a.png")
    inside = [opened(tmp_path / "a.png"), opened(tmp_path / "a.png")]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        inside[0].__enter__()
        inside[1].__enter__()
        inside[0].__exit__(None, None, None)
        warnings.warn_explicit("broken metadata", UserWarning, "TiffImagePlugin.py", 1, "PIL.TiffImagePlugin")
        warnings.warn("of somebody else", stacklevel=1)
        inside[1].__exit__(None, None, None)
    assert [str(warning.message) for warning in told] == ["of somebody else"]
    assert warnings.filters == before


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "a raw photo of a camera: save it as TIFF or JPEG"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL: save it as JPEG"),
        (b"\n <!DOCTYPE html>", "a web page or an SVG"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "what macOS keeps beside a file"),
    ],
)
def test_what_is_called_a_picture_and_is_another_thing_is_named(tmp_path, data, kind):
    """Servers send a page in place of a picture, people call what they have .jpg."""
    (tmp_path / "x.jpg").write_bytes(data)
    for source in (data, tmp_path / "x.jpg"):
        with pytest.raises(UnreadablePicture) as error:
            open_picture(source)
        assert error.value.reason == f"not a picture of a known format, but {kind}"


def test_a_raw_photo_is_not_taken_for_the_preview_in_it(tmp_path: Path) -> None:
    """Raw photos of Nikon, Sony and Adobe begin like a TIFF, with a thumbnail as their first picture."""
    ramp(1).save(tmp_path / "x.tif", tiffinfo={254: 1})
    with pytest.raises(UnreadablePicture, match="a raw photo of a camera"):
        check_header(tmp_path / "x.tif")
    (tmp_path / "x.tif").rename(tmp_path / "x.nef")
    assert find_pictures(tmp_path) == []


def test_pictures_whose_names_say_nothing_are_found_by_their_first_bytes(tmp_path: Path) -> None:
    """WhatsApp, caches and backups keep pictures without an ending, or with one of their own."""
    ramp(1).save(tmp_path / "IMG_1", "JPEG")
    ramp(1).save(tmp_path / "b.bak", "PNG")
    ramp(1).save(tmp_path / "table.csv", "PNG")
    (tmp_path / "clip").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42")
    (tmp_path / "clip.mov").touch()
    os.mkfifo(tmp_path / "pipe")
    names = [path.name for path in find_pictures(tmp_path)]
    assert names == ["IMG_1", "b.bak"]
    assert [path.name for path in find_pictures(tmp_path, videos=True)] == [
        "IMG_1",
        "b.bak",
        "clip",
        "clip.mov",
    ]
