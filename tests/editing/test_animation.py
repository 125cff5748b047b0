"""Animations go out as they came in: every frame, its time, what is seen through it, how often it runs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses import images
from cyclegan_glasses.editing import animation
from cyclegan_glasses.editing.animation import open_animation
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import UnreadablePicture

TIMES = [40, 100, 200, 30, 500]


def frames(clear: bool) -> list[np.ndarray]:
    """Few colours; a bar moves over them, and with `clear` a hole, under which nothing stays."""
    ground = np.random.default_rng(0).integers(0, 4, (30, 40, 3)).astype(np.uint8) * 80
    made = []
    for number in range(len(TIMES)):
        picture = np.concatenate([ground, np.full((30, 40, 1), 255, np.uint8)], axis=2)
        picture[5 : 9 + number, 10:30, :3] = (250, 40 * number, 10)
        if clear:
            picture[20 - 3 * number : 26 - 3 * number, 4:12] = 0
        made.append(picture if clear else picture[:, :, :3])
    return made


def save(path: Path, kind: str, clear: bool = False, **more: Any) -> Path:
    first, *rest = [Image.fromarray(frame) for frame in frames(clear)]
    how = {"WEBP": {"lossless": True, "exact": True}, "GIF": {"disposal": 2 if clear else 1}}.get(kind, {})
    first.save(path, kind, save_all=True, append_images=rest, duration=TIMES, **how | more)
    return path


def written(path: Path, suffix: str, strip: bool = False) -> bytes:
    """The animation in a file, with nothing changed."""
    clip, file = open_animation(path), io.BytesIO()
    assert clip
    clip.check(suffix)
    with clip.writer(file, suffix, strip) as add:
        for frame in clip.frames():
            add(frame, frame)
    return file.getvalue()


def as_seen(path: Path) -> tuple[list[np.ndarray], list[float], Any]:
    """The frames as they are seen, with 0 where nothing is, their times, and how often they run."""
    with Image.open(path) as picture:
        seen, times = [], []
        for number in range(picture.n_frames):
            picture.seek(number)
            colours = np.asarray(picture.convert("RGBA"))
            seen.append(np.where(colours[:, :, 3:] > 0, colours, 0))
            times.append(picture.info["duration"])
        return seen, times, picture.info.get("loop")


@pytest.mark.parametrize("clear", [False, True], ids=["opaque", "clear"])
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_every_pixel_time_and_round_is_kept(kind: str, clear: bool, tmp_path: Path) -> None:
    for loop in (0, 3):
        path = save(tmp_path / "x", kind, clear, loop=loop)
        (tmp_path / "y").write_bytes(written(path, f".{kind.lower()}"))
        (seen, times, rounds), (expected, known, _) = as_seen(tmp_path / "y"), as_seen(path)
        assert times == known == TIMES and rounds == loop
        assert all(np.array_equal(one, other) for one, other in zip(seen, expected, strict=True))


def test_a_gif_that_does_not_say_how_often_it_runs_still_does_not(tmp_path: Path) -> None:
    path = save(tmp_path / "x.gif", "GIF")
    (tmp_path / "y.gif").write_bytes(written(path, ".gif"))
    (tmp_path / "y.webp").write_bytes(written(path, ".webp"))
    assert as_seen(tmp_path / "y.gif")[2] is None and as_seen(tmp_path / "y.webp")[2] == 1


def test_an_avif_of_several_pictures_keeps_their_times(tmp_path: Path) -> None:
    path = save(tmp_path / "x.avif", "AVIF", quality=90)
    (tmp_path / "y.avif").write_bytes(written(path, ".avif"))
    seen, times, _ = as_seen(tmp_path / "y.avif")
    assert times == TIMES and len(seen) == len(TIMES)


def test_the_picture_for_programs_without_animations_stays_apart(tmp_path: Path) -> None:
    first, *rest = [Image.fromarray(frame) for frame in frames(False)]
    first.save(tmp_path / "x.png", save_all=True, append_images=rest, default_image=True, duration=TIMES[1:])
    (tmp_path / "y.png").write_bytes(written(tmp_path / "x.png", ".png"))
    with Image.open(tmp_path / "y.png") as picture:
        assert picture.info["default_image"] and picture.n_frames == len(TIMES)
        picture.seek(1)
        assert picture.info["duration"] == TIMES[1]


def test_one_picture_is_no_animation(tmp_path: Path) -> None:
    for kind in ("GIF", "WEBP", "PNG", "AVIF", "JPEG"):
        Image.new("RGB", (8, 8)).save(tmp_path / "x", kind)
        assert open_animation(tmp_path / "x") is None


def test_metadata_stay_and_go_when_asked(tmp_path: Path) -> None:
    values = Image.Exif()
    values[271] = "Maker"
    path = save(tmp_path / "x.webp", "WEBP", exif=values.tobytes())
    assert b"Maker" in written(path, ".webp") and b"Maker" not in written(path, ".webp", strip=True)


def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path, monkeypatch: Any) -> None:
    many = [Image.new("1", (1, 1), number % 2) for number in range(300)]
    many[0].save(tmp_path / "many.gif", save_all=True, append_images=many[1:], duration=10)
    monkeypatch.setattr(animation, "MOST_FRAMES", 299)
    with pytest.raises(UnreadablePicture, match="300 frames are more than the limit of 299"):
        open_animation(tmp_path / "many.gif")
    save(tmp_path / "wide.gif", "GIF")
    monkeypatch.setattr(images, "MEMORY_BYTES", 30 * 40 * 14)
    with pytest.raises(UnreadablePicture, match=r"GIF of 40x30 takes .* to edit"):
        open_animation(tmp_path / "wide.gif")


def test_an_animation_is_not_written_as_one_picture(tmp_path: Path) -> None:
    clip = open_animation(save(tmp_path / "x.gif", "GIF"))
    assert clip and clip.is_of(".gif") and not clip.is_of(".webp")
    for suffix in (".jpg", ".mp4", ""):
        with pytest.raises(UserError, match="several pictures"):
            clip.check(suffix)
