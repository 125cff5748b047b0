"""Videos go out as they came in: frames, their times, sound, colours, and what the file says of itself."""

from __future__ import annotations

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cyclegan_glasses.editing import video
from cyclegan_glasses.editing.video import open_video
from cyclegan_glasses.errors import UserError
from tests.editing.videos import facts_of, read_video, sound_of, write_video


def frames(count: int = 6, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Smooth colours with a bright square that goes to the right."""
    rough = np.random.default_rng(0).integers(60, 200, (4, 5, 3), dtype=np.uint8)
    ground = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    made = []
    for number in range(count):
        picture = ground.copy()
        picture[8:16, 4 + 4 * number : 12 + 4 * number] = 230
        made.append(picture)
    return made


def again(path: Path, target: Path, strip: bool = False) -> Path:
    """The same video, written anew to `target`."""
    clip = open_video(path)
    assert clip
    clip.check(target.suffix)
    with target.open("wb") as file, clip.writer(file, target.suffix, strip) as add:
        for frame in clip.frames():
            add(frame, frame)
    return target


def apart(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return max(float(np.abs(a.astype(int) - b).mean()) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".mkv", ".avi"])
def test_every_container_keeps_frames_times_and_sound(suffix: str, tmp_path: Path) -> None:
    source = write_video(tmp_path / f"x{suffix}", frames(), sound=True)
    result = again(source, tmp_path / f"y{suffix}")
    (seen, times), (expected, known) = read_video(result), read_video(source)
    assert times == pytest.approx(known, abs=0.0011) and apart(seen, expected) < 3
    assert sound_of(result) == sound_of(source), "the sound is copied as it is"
    assert facts_of(result)["codec"] == facts_of(source)["codec"]


@pytest.mark.parametrize("codec", ["libx265", "libvpx-vp9", "libsvtav1"])
def test_codecs_of_phones_and_of_the_web_stay_what_they_are(codec: str, tmp_path: Path, capfd) -> None:
    source = write_video(tmp_path / "x.mp4", frames(3), codec=codec)
    capfd.readouterr()
    result = again(source, tmp_path / "y.mp4")
    assert apart(read_video(result)[0], read_video(source)[0]) < 3
    assert facts_of(result)["codec"] == facts_of(source)["codec"]
    assert capfd.readouterr() == ("", ""), "encoders say nothing of themselves"


def test_frames_that_stand_for_different_times_do_so_still(tmp_path: Path) -> None:
    """Phones record more frames where there is light."""
    source = write_video(tmp_path / "x.mp4", frames(5), times=[0, 20, 60, 65, 200])
    assert read_video(again(source, tmp_path / "y.mp4"))[1] == pytest.approx(read_video(source)[1], abs=1e-6)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_video_that_a_phone_recorded_lying_is_upright(rotation: int, tmp_path: Path) -> None:
    upright = frames(2)
    stored = [np.ascontiguousarray(np.rot90(frame, -rotation // 90)) for frame in upright]
    source = write_video(tmp_path / "x.mp4", stored, rotation=rotation)
    clip = open_video(source)
    assert clip and apart([*clip.frames()], upright) < 5
    result = again(source, tmp_path / "y.mp4")
    with av.open(str(result)) as container:
        assert [frame.rotation for frame in container.decode(video=0)] == [0, 0]
    assert apart(read_video(result)[0], upright) < 5


def test_ten_bits_stay_ten(tmp_path: Path) -> None:
    """Videos of phones in high dynamic range."""
    with av.open(str(tmp_path / "x.mov"), "w") as container:
        stream = container.add_stream("libx265", rate=20, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.colorspace = 18, 9
        ramp = np.tile(np.linspace(10000, 12000, 64).astype(np.uint16)[None, :, None], (48, 1, 3))
        frame = av.VideoFrame.from_ndarray(ramp, "rgb48le")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            packet.dts = packet.pts  # which the encoder leaves unset, of a single frame
            container.mux(packet)
    clip = open_video(tmp_path / "x.mov")
    assert clip
    (before,) = clip.frames()
    assert before.dtype == np.uint16
    result = again(tmp_path / "x.mov", tmp_path / "y.mov")
    assert facts_of(result)["pixels"] == "yuv420p10le"
    written = open_video(result)
    assert written
    (after,) = written.frames()
    assert np.abs(after.astype(int) - before).mean() < 250 and len(np.unique(after[:, :, 0])) > 12
    with av.open(str(result)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_trc, context.colorspace) == (18, 9)


def test_a_live_photo_still_knows_its_picture_and_strip_forgets_it(tmp_path: Path) -> None:
    names = {"com.apple.quicktime.content.identifier": "ABC-1", "com.apple.quicktime.make": "Maker"}
    source = write_video(tmp_path / "x.mov", frames(2), **names)
    assert names.items() <= facts_of(again(source, tmp_path / "y.mov")).items()
    stripped = again(source, tmp_path / "z.mov", strip=True)
    assert not names.keys() & facts_of(stripped).keys() and b"ABC-1" not in stripped.read_bytes()


def test_sound_that_a_file_cannot_hold_is_told(tmp_path: Path) -> None:
    source = write_video(tmp_path / "x.mp4", frames(2), sound=True)
    with pytest.raises(UserError, match=r"webm takes no sound of the kind aac: name the result \.mkv"):
        again(source, tmp_path / "y.webm")
    assert sound_of(again(source, tmp_path / "y.mkv")) == sound_of(source)
    with pytest.raises(UserError, match=r"is a video: name its result \.mp4"):
        again(source, tmp_path / "y.gif")


def test_what_is_no_video_or_too_large_has_a_reason(tmp_path: Path, monkeypatch) -> None:
    source = write_video(tmp_path / "x.mp4", frames(2))
    (tmp_path / "cut.mp4").write_bytes(source.read_bytes()[:300])
    with pytest.raises(Exception, match="Invalid data"):
        open_video(tmp_path / "cut.mp4")
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        voice = container.add_stream("aac", rate=48000)
        heard = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        heard.sample_rate = 48000
        container.mux([*voice.encode(heard), *voice.encode(None)])
    with pytest.raises(ValueError, match="sound without a picture"):
        open_video(tmp_path / "sound.mkv")
    monkeypatch.setattr(video, "MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(ValueError, match="64x48"):
        open_video(source)
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    assert open_video(tmp_path / "x.png") is None


def test_frames_go_through_one_at_a_time(tmp_path: Path) -> None:
    """A long video is never held in memory."""
    clip = open_video(write_video(tmp_path / "x.mp4", frames(40)))
    assert clip and clip.count == 40 and clip.rate == 20
    going = clip.frames()
    next(going)
    assert len(clip.times) == 1
    going.close()


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    """What a file says that it is decides nothing: a list of files of others is no video."""
    (tmp_path / "x.mp4").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hosts\n")
    assert open_video(tmp_path / "x.mp4") is None
    file = io.BytesIO(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"#EXTM3U\nfile:///etc/hosts\n")
    (tmp_path / "y.mp4").write_bytes(file.getvalue())
    with pytest.raises(Exception, match="Invalid data"):
        open_video(tmp_path / "y.mp4")
