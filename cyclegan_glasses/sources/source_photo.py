"""What a source yields: a photo that can be had, with what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.archive import Limits, UnreadableError, read_limited


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """One photo that a source offers.

    Attributes:
        photo: what is known of it; `origin` names it for good, `path` is where it wants to lie below the
            folder of the manifest (its suffix follows from the bytes).
        content: the file where it lies in one, else a function that reads its bytes; call it before the next
            photo is asked for.
    """

    photo: Photo
    content: Path | Callable[[], bytes]


def at_most(found: Iterable[SourcePhoto], per_label: int) -> Iterator[SourcePhoto]:
    """The first `per_label` photos of each label; all of them where it is 0."""
    counts: Counter[str] = Counter()
    for item in found:
        counts[item.photo.label] += 1
        if not per_label or counts[item.photo.label] <= per_label:
            yield item


def read_content(content: Path | Callable[[], bytes]) -> bytes:
    """The bytes of what a source offers.

    Raises:
        UnreadableError: broken, not there any more, or above the limit of a member.
    """
    if not isinstance(content, Path):
        return content()
    try:
        with content.open("rb") as file:
            return read_limited(file, Limits().member_bytes, str(content))
    except OSError as error:
        raise UnreadableError(f"cannot read {content}: {error.strerror}") from None
