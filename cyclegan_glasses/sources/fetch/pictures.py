"""Whether bytes are a picture that we take, judged by the bytes alone."""

from __future__ import annotations

from dataclasses import dataclass

from cyclegan_glasses.pictures import UnreadablePicture, open_picture
from cyclegan_glasses.sources.fetch.result import FetchError


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the bytes of a picture say: extension by its format, width and height in pixels, upright."""

    extension: str
    width: int
    height: int


def extension_of(content: bytes) -> str:
    """`jpg`, `png` or `webp` by the first bytes, or an empty string."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return ""


def check_picture(content: bytes, max_pixels: int) -> PictureFacts:
    """Decode a JPEG, PNG or WebP once to see that it is whole.

    Raises:
        FetchError: there is nothing (`cut`), it is something else (`type`), or it has more than `max_pixels`
            or cannot be decoded to the end (`broken`).
    """
    if not content:
        raise FetchError("cut", "the answer was empty")
    extension = extension_of(content)
    if not extension:
        raise FetchError("type", f"no JPEG, PNG or WebP picture: it begins with {content[:12]!r}")
    try:
        with open_picture(content, max_pixels=max_pixels) as picture:
            return PictureFacts(extension, picture.width, picture.height)
    except UnreadablePicture as error:
        raise FetchError("broken", error.reason[:200]) from None
