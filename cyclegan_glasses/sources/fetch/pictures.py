"""Whether bytes are a picture that we take, decided by the bytes alone."""

from __future__ import annotations

from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.sources.fetch.result import FetchError


def has_signature(content: bytes) -> bool:
    """Whether the first bytes are those of a JPEG, PNG or WebP file."""
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    )


def check_picture(content: bytes, max_pixels: int) -> tuple[int, int]:
    """Decode a JPEG, PNG or WebP once to see that it is whole; returns width and height, upright.

    Raises:
        FetchError: there is nothing (`cut`), it is something else (`type`), or it has more than `max_pixels`
            or cannot be decoded to the end (`broken`).
    """
    if not content:
        raise FetchError("cut", "the answer was empty")
    if not has_signature(content):
        raise FetchError("type", f"no JPEG, PNG or WebP picture: it begins with {content[:12]!r}")
    try:
        with open_picture(content, max_pixels=max_pixels) as picture:
            return picture.size
    except UnreadablePicture as error:
        raise FetchError("broken", error.reason[:200]) from None
