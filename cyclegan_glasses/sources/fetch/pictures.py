"""Whether bytes are a picture that we take, judged by the bytes alone."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from PIL import Image

from cyclegan_glasses.sources.fetch.result import FetchError

_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_UNREADABLE = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, OverflowError, MemoryError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the bytes of a picture say: extension by its format, width and height in pixels."""

    extension: str
    width: int
    height: int


def magic(content: bytes) -> str:
    """`JPEG`, `PNG` or `WEBP` by the first bytes, or an empty string."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return ""


def check_picture(content: bytes, max_pixels: int) -> PictureFacts:
    """Decode a JPEG, PNG or WebP once to see that it is whole.

    Raises:
        FetchError: it is something else, has more than `max_pixels`, or cannot be decoded to the end.
    """
    kind = magic(content)
    if not kind:
        start = content[:12].decode("latin-1").encode("unicode_escape").decode()
        raise FetchError("type", f"not a JPEG, PNG or WebP picture: it begins with {start!r}")
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise FetchError("pixels", f"{width}×{height} pixels, more than the {max_pixels} allowed")
            picture.verify()
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FetchError(
            "pixels", f"the picture unpacks to more than the {max_pixels} pixels allowed"
        ) from None
    except _UNREADABLE as error:
        raise FetchError("cut", f"the picture cannot be decoded ({str(error)[:100]})") from None
    return PictureFacts(_EXTENSIONS[kind], width, height)
