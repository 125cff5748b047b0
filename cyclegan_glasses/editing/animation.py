"""GIF, and animated WebP, PNG and AVIF: frames as they are seen, and how long each stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from cyclegan_glasses.editing.clips import AddFrame
from cyclegan_glasses.editing.encode import FORMATS, metadata_of
from cyclegan_glasses.editing.palette import with_palette
from cyclegan_glasses.editing.photograph import Photograph, read_metadata
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import read_regular
from cyclegan_glasses.images import FILE_BYTES, check_memory, head_of, opened, to_bytes
from cyclegan_glasses.signatures import picture_format

ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
MOST_FRAMES = 10_000
#: Bytes that a pixel of each frame takes until all are written: Pillow wants them all, and copies them.
_HELD = {"GIF": 3, "WEBP": 4, "PNG": 8, "AVIF": 4}
#: Milliseconds that stand for no time at all: what browsers take.
_NO_TIME = 100.0
#: Disposal of a frame in a GIF: it stays, or is cleared before the next.
_STAYS, _CLEARED = 1, 2


@dataclass(frozen=True, eq=False)
class Animation:
    """An animation; a `clips.Clip`.

    Attributes:
        path: of its file.
        count: its frames.
        durations: milliseconds that each stands, as they are stored.
        loop: how often it is shown, 0 for ever; None where the file does not say.
        still: its first frame is for programs that show no animations, and no part of it (PNG).
        metadata: of the file; its `pixels` are the first frame.
    """

    path: Path
    count: int
    durations: tuple[float, ...]
    loop: int | None
    still: bool
    metadata: Photograph

    @property
    def rate(self) -> float:
        """Frames a second, in the mean."""
        stand = [duration or _NO_TIME for duration in self.durations]
        return 1000 * len(stand) / sum(stand)

    def frames(self) -> Iterator[np.ndarray]:
        """Every frame, uint8 (height, width, 3 or 4); see `clips.Clip.frames`."""
        for pixels, _ in _frames(self.path):
            yield pixels

    def is_of(self, suffix: str) -> bool:
        """See `clips.Clip.is_of`."""
        return FORMATS.get(suffix) == self.metadata.format

    def check(self, suffix: str) -> None:
        """See `clips.Clip.check`."""
        kind = FORMATS.get(suffix, "")
        if kind not in ANIMATED:
            raise UserError(f"{self.path} has several pictures: name its result .gif, .webp, .png or .avif")
        with opened(self.path) as picture:
            check_memory(picture, _HELD[kind] * self.count, "to write")

    @contextmanager
    def writer(self, file: BinaryIO, suffix: str, strip: bool) -> Iterator[AddFrame]:
        """See `clips.Clip.writer`. Pillow wants all frames at once, and writes what differs between them."""
        kind, frames = FORMATS[suffix], list[Image.Image]()

        def add(before: np.ndarray, after: np.ndarray) -> None:
            frames.append(with_palette(after, before) if kind == "GIF" else Image.fromarray(after))

        yield add
        how = metadata_of(self.metadata, kind, strip) | self._timing(kind)
        if kind == "GIF":
            clear = any("transparency" in frame.info for frame in frames)
            how["disposal"] = _CLEARED if clear else _STAYS
        file.write(to_bytes(frames[0], kind, save_all=True, append_images=frames[1:], **how))

    def _timing(self, kind: str) -> dict[str, Any]:
        """How long frames stand and how often they are shown."""
        stand = [time if kind == "PNG" else round(time) for time in self.durations]
        still = kind == "PNG" and self.still
        how: dict[str, Any] = {"duration": stand[1:] if still else stand, "default_image": still}
        once = self.metadata.format == "GIF" and self.loop is None
        if kind != "GIF" or not once:
            how["loop"] = 1 if once else self.loop or 0
        return how


def open_animation(path: Path) -> Animation | None:
    """The animation in a file; None where it holds one picture, or of another kind.

    Raises:
        UnreadablePicture: it is broken, too large, or has more than `MOST_FRAMES` frames.
    """
    if picture_format(head_of(path)) not in ANIMATED:
        return None
    with opened(path) as picture:
        count = getattr(picture, "n_frames", 1)
        if count == 1:
            return None
        if count > MOST_FRAMES:
            raise ValueError(f"{count} frames are more than the limit of {MOST_FRAMES}")
        check_memory(picture, _HELD[str(picture.format)] * count, "to edit")
        loop, still = picture.info.get("loop"), bool(picture.info.get("default_image"))
        metadata = read_metadata(picture, read_regular(path, FILE_BYTES))
    durations = tuple(milliseconds for _, milliseconds in _frames(path))
    return Animation(path, count, durations, loop, still, metadata)


def _frames(path: Path) -> Iterator[tuple[np.ndarray, float]]:
    """Every frame with how long it stands, in milliseconds."""
    with opened(path) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            picture.load()
            mode = "RGBA" if picture.has_transparency_data else "RGB"
            yield np.asarray(picture.convert(mode)).copy(), float(picture.info.get("duration") or 0)
