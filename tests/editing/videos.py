"""Small videos, made and read by PyAV alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

os.environ.setdefault("SVT_LOG", "1")
MUXER_CODECS = {".mp4": "libx264", ".mov": "libx264", ".webm": "libvpx", ".mkv": "libx264", ".avi": "mpeg4"}
SOUND = {".webm": "libopus", ".avi": "libmp3lame"}
UNIT = Fraction(1, 600)


def write_video(
    path: Path,
    frames: Sequence[np.ndarray],
    times: Sequence[int] | None = None,
    codec: str = "",
    sound: bool = False,
    rotation: int = 0,
    **metadata: str,
) -> Path:
    """Write frames, uint8 RGB, as a video; shown at `times` in 600ths of a second, by default 20 a second."""
    codec = codec or MUXER_CODECS[path.suffix]
    with av.open(
        str(path), "w", container_options={"movflags": "use_metadata_tags"} if metadata else {}
    ) as container:
        container.metadata.update(metadata)
        stream = container.add_stream(
            codec, rate=20, options={"crf": "12"} if codec == "libsvtav1" else {"b": "2M"}
        )
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 20) if path.suffix == ".avi" else UNIT
        if rotation:
            stream.set_display_rotation(rotation)
        voice = container.add_stream(SOUND.get(path.suffix, "aac"), rate=48000) if sound else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts = times[number] if times else 30 * number
            frame.time_base = UNIT
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if voice:
            tone = np.sin(np.arange(48000 * len(frames) // 20) / 20).astype(np.float32) / 4
            heard = av.AudioFrame.from_ndarray(tone[None], "fltp", "mono")
            heard.sample_rate, heard.pts = 48000, 0
            resampled = av.AudioResampler(voice.codec_context.format, "mono", 48000, 960).resample(heard)
            for part in [*resampled, None]:
                container.mux(voice.encode(part))
    return path


def read_video(path: Path) -> tuple[list[np.ndarray], list[float]]:
    """The frames as they are stored, and the seconds at which they are shown."""
    with av.open(str(path)) as container:
        frames = [*container.decode(video=0)]
        return [frame.to_ndarray(format="rgb24") for frame in frames], [frame.time for frame in frames]


def sound_of(path: Path) -> list[bytes]:
    """The packets of the sound, as they are stored."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.dts is not None]


def facts_of(path: Path) -> dict[str, object]:
    """Codec, format of the pixels, and metadata."""
    with av.open(str(path)) as container:
        video = container.streams.video[0].codec_context
        return {"codec": video.codec.canonical_name, "pixels": video.pix_fmt, **container.metadata}
