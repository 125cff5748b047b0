"""A file of a few hundred kilobytes must not take the memory of the machine."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.editing.photograph import read_photograph, to_rgb8
from cyclegan_glasses.images import BAND, UnreadablePicture, open_picture

SIDE, SMALLER = 10_000, 3_000
PEAK = """
import sys
from pathlib import Path
from cyclegan_glasses.editing.photograph import read_photograph, to_rgb8
from cyclegan_glasses.images import open_picture

def print_peak():  # of this program alone: getrusage counts the memory of whoever started it, too
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))

print_peak()
for name in sys.argv[1:]:
    open_picture(name)
    to_rgb8(read_photograph(name).pixels)
    print_peak()
"""


def black(depth: int, kind: int, channels: int, side: int = SIDE, rows: int | None = None) -> bytes:
    """A black PNG of `side` pixels; with fewer `rows` it is cut off."""

    def block(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer, row = zlib.compressobj(1), bytes(1 + side * channels * depth // 8)
    packed = b"".join(packer.compress(row) for _ in range(side if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, depth, kind, 0, 0, 0)
    content = block(b"IHDR", header) + block(b"IDAT", packed) + block(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read in the units of Linux")
def test_a_picture_takes_little_more_than_its_pixels(tmp_path: Path) -> None:
    """With transparency it took 20 bytes a pixel and more, of 16 bits 62."""
    names = []
    for name, *form in (("grey16", 16, 0, 1), ("rgba8", 8, 6, 4), ("rgba16", 16, 6, 4)):
        (tmp_path / f"{name}.png").write_bytes(black(*form, SMALLER))
        names.append(str(tmp_path / f"{name}.png"))
    asked = [sys.executable, "-c", PEAK, *names]
    before, *peaks = map(
        int, subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    )
    taken = [(peak - before) * 1024 / SMALLER**2 for peak in peaks]
    assert 4 < taken[0] < 10 and 8 < taken[1] < 14 and 11 < taken[2] < 24


def test_what_would_take_too_much_is_refused_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "deep.png").write_bytes(black(16, 6, 4, rows=1))
    with pytest.raises(UnreadablePicture, match=r"takes 2\.4 GB to edit"):
        read_photograph(tmp_path / "deep.png")
    size = SIDE - 1
    frame = b"\x2f" + struct.pack("<I", size | size << 14) + bytes(9)  # VP8L with nothing behind its header
    webp = b"WEBPVP8L" + struct.pack("<I", len(frame)) + frame
    with pytest.raises(UnreadablePicture, match=r"WEBP of 10000x10000 takes 1\.6 GB to decode"):
        open_picture(b"RIFF" + struct.pack("<I", len(webp)) + webp)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16", "CMYK", "1"])
def test_bands_give_the_pixels_of_the_whole(mode: str) -> None:
    """The rows at which a band ends are as the others."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (2 * BAND + 7, 9, 4), np.uint8)
    picture = Image.fromarray(values)
    if mode == "I;16":
        picture = Image.fromarray(values.view(np.uint16)[:, :, 0].copy())
    elif mode != "RGBA":
        picture = picture.convert("RGB").convert(mode) if mode != "LA" else picture.convert(mode)
    file = io.BytesIO()
    picture.save(file, "TIFF" if mode == "CMYK" else "PNG")
    found = np.asarray(open_picture(file.getvalue()))
    if mode == "I;16":
        expected = np.repeat(np.round(np.asarray(picture) / 257)[:, :, None], 3, 2)
    else:
        ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        expected = np.asarray(Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB"))
    assert np.array_equal(found, expected)


def test_bands_of_a_photo_give_the_pixels_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 65536, (2 * BAND + 7, 9, 4)).astype(np.uint16)
    alpha = pixels[:, :, 3:].astype(np.float32) / 65535
    levels = pixels[:, :, :3].astype(np.float32) * np.float32(255 / 65535)
    expected = np.rint(np.clip(levels * alpha + 255 * (1 - alpha), 0, 255)).astype(np.uint8)
    assert np.array_equal(to_rgb8(pixels), expected)
