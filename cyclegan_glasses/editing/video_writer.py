"""Frames as a video, beside the sound and the metadata of the one that they come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from cyclegan_glasses.errors import UserError

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: FFmpeg's names of its writers; the others are `mp4`.
MUXERS = {".mov": "mov", ".qt": "mov", ".3gp": "3gp", ".webm": "webm", ".mkv": "matroska", ".avi": "avi"}
#: The codecs that each is written with, the usual one first.
_CODECS = {"webm": ("vp9", "vp8", "av1"), "avi": ("mpeg4", "mjpeg"), "3gp": ("h264",)}
_OFTEN = ("h264", "hevc", "vp9", "av1")
#: Each codec's encoder, set so that hardly anything is seen of a second compression.
_ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"crf": "17"}),
    "hevc": ("libx265", {"crf": "19", "x265-params": "log-level=none"}),
    "vp8": ("libvpx", {"crf": "6", "b": "30M", "deadline": "good", "cpu-used": "4"}),
    "vp9": ("libvpx-vp9", {"crf": "20", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
    "av1": ("libsvtav1", {"crf": "22", "preset": "8"}),
    "mpeg4": ("mpeg4", {"flags": "+qscale", "global_quality": "236"}),
    "mjpeg": ("mjpeg", {"flags": "+qscale", "global_quality": "236"}),
}
#: Flags of FFmpeg's converter (libswscale): bicubic, the colour of every pixel, exact rounding. Without the
#: last one each conversion shifts luma by a level.
SCALING = 0x4 | 0x2000 | 0x4000 | 0x40000
#: Matrices between RGB and luma with chroma, by FFmpeg's values: of a frame, and of the converter.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_BT601 = 5
_LIMITED, _FULL = 1, 2
#: Of its time unit a frame is decoded so much before it is shown, at most: what MP4 can hold.
_LATEST = 2**31 - 1


class VideoWriter:
    """Writes frames one by one; the first decides their size.

    They keep the codec of the source where the container is written with it, and its colours and their depth.
    Sound and subtitles are copied as they are, each beside the frames that it belongs to.
    """

    def __init__(
        self, container: InputContainer, source: VideoStream, target: OutputContainer, strip: bool
    ) -> None:
        """Begin a video.

        Args:
            container, source: the video and its stream of frames, whose sound and metadata are taken.
            target: takes the new one.
            strip: leave metadata out.

        Raises:
            UserError: the new container cannot hold the sound.
        """
        self._source, self._target, self._strip = source, target, strip
        self._unit = source.time_base or Fraction(1)
        if not strip:
            target.metadata.update(container.metadata)
        known = _CODECS.get(target.format.name, _OFTEN)
        codec = source.codec_context.codec.canonical_name
        self._encoder, self._options = _ENCODERS[codec if codec in known else known[0]]
        self._video: VideoStream | None = None
        self._packets = self._copied(container)
        self._next: Packet | None = None

    def add(self, pixels: np.ndarray, time: int) -> None:
        """The next frame, uint8 or uint16 (height, width, 3), and when it is shown, in the source's unit."""
        import av

        height, width = (side // 2 * 2 for side in pixels.shape[:2])  # chroma has half the pixels
        if self._video is None:
            self._video = self._begun(width, height)
            self._next = next(self._packets, None)
        pixels = np.ascontiguousarray(pixels[:height, :width])
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24" if pixels.dtype == np.uint8 else "rgb48le")
        frame = self._converted(frame)
        frame.pts, frame.time_base = time, self._unit
        self._write(self._video.encode(frame))
        self._copy_until(float(time * self._unit))

    def end(self) -> None:
        """Write what the encoder still holds, and the rest of the sound."""
        if self._video is not None:
            self._write(self._video.encode(None))
        self._copy_until(float("inf"))

    def _write(self, packets: Iterable[Packet]) -> None:
        """Write encoded frames. Of a video of one frame libx265 leaves the time of decoding unset."""
        for packet in packets:
            if packet.pts is not None and not (
                packet.dts is not None and 0 <= packet.pts - packet.dts <= _LATEST
            ):
                packet.dts = packet.pts
            self._target.mux(packet)

    def _begun(self, width: int, height: int) -> VideoStream:
        """The stream of the new frames."""
        source, known = self._source, self._source.codec_context
        rate = source.average_rate or source.guessed_rate or Fraction(25)
        if self._encoder == "libsvtav1":  # which tells of itself on standard error otherwise
            os.environ.setdefault("SVT_LOG", "1")
        stream: VideoStream = self._target.add_stream(self._encoder, rate=rate, options=self._options)  # type: ignore[assignment]
        context = stream.codec_context
        stream.width, stream.height = width, height
        context.time_base = 1 / rate if self._target.format.name == "avi" else self._unit
        offered = [form.name for form in context.codec.video_formats or []]
        deep = known.format is not None and known.format.components[0].bits > 8
        wanted = (known.pix_fmt or "", "yuv420p10le" if deep else "", "yuv420p")
        stream.pix_fmt = next((name for name in wanted if name in offered), offered[0])
        for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(context, name, getattr(known, name))
        if self._encoder == "libx265" and self._target.format.name in ("mov", "mp4"):
            context.codec_tag = "hvc1"  # the mark that Apple's programs look for
        if not self._strip:
            stream.metadata.update({k: v for k, v in source.metadata.items() if k in _KEPT})
        stream.thread_type = "AUTO"
        return stream

    def _converted(self, frame: VideoFrame) -> VideoFrame:
        """An RGB frame in the colours of the source."""
        assert self._video
        known = self._source.codec_context
        full = known.color_range == _FULL or (self._video.pix_fmt or "").startswith("yuvj")
        return frame.reformat(
            format=self._video.pix_fmt,
            dst_colorspace=_MATRICES.get(int(known.colorspace), _BT601),
            dst_color_range=_FULL if full else _LIMITED,
            interpolation=SCALING,
        )

    def _copied(self, container: InputContainer) -> Iterator[Packet]:
        """The packets of sound and subtitles, each bound for its stream in the new video."""
        copies: dict[int, Stream] = {}
        for stream in (*container.streams.audio, *container.streams.subtitles):
            name = stream.codec_context.codec.canonical_name if stream.codec_context else ""
            if name not in self._target.supported_codecs:
                if stream.type == "audio":
                    kind = self._target.format.name
                    raise UserError(f"{kind} takes no sound of the kind {name}: name the result .mkv")
                continue
            copies[stream.index] = self._target.add_stream_from_template(stream)
            if not self._strip:
                copies[stream.index].metadata.update(stream.metadata)
        return self._bound(container, copies)

    @staticmethod
    def _bound(container: InputContainer, copies: dict[int, Stream]) -> Iterator[Packet]:
        if copies:
            for packet in container.demux([container.streams[index] for index in copies]):
                if packet.dts is not None:  # the last one is empty
                    packet.stream = copies[packet.stream.index]
                    yield packet

    def _copy_until(self, seconds: float) -> None:
        while (packet := self._next) is not None and float((packet.dts or 0) * packet.time_base) <= seconds:
            self._target.mux(packet)
            self._next = next(self._packets, None)


#: What is kept of the source's stream of frames: how they are stored is another matter now.
_KEPT = ("language", "title", "creation_time")
