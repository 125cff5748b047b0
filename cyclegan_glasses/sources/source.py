"""What every source of photos is, and what it yields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo

Content: TypeAlias = "bytes | Path | Callable[[], bytes | Sequence[SourcePhoto]]"


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """One photo that a source offers.

    Attributes:
        photo: what is known of it; `origin` identifies it for good, `path` is where it is to lie below the
            folder of the manifest. A photo without a width gets its size, and the suffix of its path, from
            its content.
        content: its bytes, the file that holds them, or a function that makes them: called when the photo is
            written and before the next one is asked for. A function may make several photos of one, such as
            a face with glasses and without; then it can be pickled, as processes share the work.
        beside: pictures of where glasses were drawn, PNG, by the fact that says where each is to lie, such as
            `photo.facts["mask"]`.
    """

    photo: Photo
    content: Content
    beside: Mapping[str, bytes] = field(default_factory=dict)


class Source(Protocol):
    """Where photos come from: an archive, a folder, a search on the web, a drawing.

    A source is a small dataclass whose fields are its options; its `name` goes to `Photo.source`. Its module
    imports heavy libraries where they are used, so that `--help` reads the options at once.
    """

    def photos(self) -> Iterator[SourcePhoto]:
        """The photos in their order, one at a time.

        Raises:
            UserError: there is no such source, or it cannot be read.
        """
        ...


class RejectedPhoto(UserError):  # noqa: N818
    """Raised by a photo's content: the photo is left out, and the message is the reason."""


def at_most(photos: Iterable[SourcePhoto], per_label: int) -> Iterator[SourcePhoto]:
    """The first `per_label` photos of each label; all of them where it is 0."""
    counts: Counter[str] = Counter()
    for item in photos:
        counts[item.photo.label] += 1
        if not per_label or counts[item.photo.label] <= per_label:
            yield item
