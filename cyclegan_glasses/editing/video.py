"""Videos: MP4, MOV, WebM, MKV and AVI, by FFmpeg's libraries (PyAV). Frames go through one at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from cyclegan_glasses.editing.clips import AddFrame
from cyclegan_glasses.editing.video_writer import MUXERS, SCALING, VideoWriter
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import open_regular
from cyclegan_glasses.images import head_of
from cyclegan_glasses.signatures import VIDEOS, video_container

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

#: Limit of a frame: a little more than 8K.
MOST_PIXELS = 8192 * 4352
#: Frames a second of a video that does not say.
_USUAL_RATE = 25


@dataclass(frozen=True, eq=False)
class Video:
    """A video; a `clips.Clip`. Its frames are upright, and written so.

    Attributes:
        path: of its file.
        container: by `signatures`.
        count, rate: see `clips.Clip`.
        times: when each frame that `frames` has given is shown, in the unit of the stream.
    """

    path: Path
    container: str
    count: int
    rate: float
    times: list[int] = field(default_factory=list, repr=False)

    def frames(self) -> Iterator[np.ndarray]:
        """Every frame, (height, width, 3) of uint8, or of uint16 where it has more than 8 bits."""
        with opened_video(self.path) as (container, stream):
            self.times.clear()
            for number, frame in enumerate(container.decode(stream)):
                time = frame.pts
                if time is None:
                    time = round(number / (Fraction(self.rate) * (stream.time_base or 1)))
                self.times.append(max(time, self.times[-1] + 1) if self.times else time)
                deep = frame.format.components[0].bits > 8
                rgb = frame.reformat(format="rgb48le" if deep else "rgb24", interpolation=SCALING)
                quarters = round(frame.rotation / 90)
                yield np.ascontiguousarray(np.rot90(rgb.to_ndarray(), quarters))

    def is_of(self, suffix: str) -> bool:
        """See `clips.Clip.is_of`."""
        return suffix in VIDEOS[self.container]

    def check(self, suffix: str) -> None:
        """See `clips.Clip.check`."""
        if suffix not in {ending for endings in VIDEOS.values() for ending in endings}:
            raise UserError(f"{self.path} is a video: name its result .mp4, .mov, .webm, .mkv or .avi")

    @contextmanager
    def writer(self, file: BinaryIO, suffix: str, strip: bool) -> Iterator[AddFrame]:
        """See `clips.Clip.writer`."""
        import av

        with opened_video(self.path) as (container, stream):
            how = {"movflags": "use_metadata_tags"} if any(map(_is_of_phones, container.metadata)) else {}
            muxer = MUXERS.get(suffix, "mp4")
            with av.open(file, "w", format=muxer, container_options=how) as target:
                writer, times = VideoWriter(container, stream, target, strip), self.times
                count = itertools.count()
                yield lambda before, after: writer.add(after, times[next(count)])
                writer.end()


def open_video(path: Path) -> Video | None:
    """The video in a file; None where it is something else.

    Raises:
        UserError: it is broken, too large, or has no frames.
    """
    if not (kind := video_container(head_of(path))):
        return None
    with opened_video(path) as (container, stream):
        rate = float(stream.average_rate or stream.guessed_rate or _USUAL_RATE)
        seconds = (container.duration or 0) / 1_000_000
        count = stream.frames or round(seconds * rate)
        return Video(path, kind, count, rate)


@contextmanager
def opened_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container in a file, and the stream that is looked at. Its reader is told what it is, and opens no
    other file that it may name.

    Raises:
        ValueError: its frames are too large, or it has none.
    """
    import av
    from av.stream import Disposition

    kind = video_container(head_of(path))
    with open_regular(path) as file, av.open(file, "r", format=kind, metadata_errors="replace") as container:
        streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        if not streams:
            raise ValueError("sound without a picture")
        stream = streams[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        if not 0 < width * height <= MOST_PIXELS:
            raise ValueError(f"frames of {width}x{height} are none that can be decoded safely")
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        stream.thread_type = "AUTO"
        yield container, stream


def _is_of_phones(name: str) -> bool:
    """Whether metadata are of a kind that MOV and MP4 hold under their full names (`com.apple.…`)."""
    return name.startswith("com.")
