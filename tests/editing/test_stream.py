"""A stream never falls behind its camera, keeps its order, and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from cyclegan_glasses.editing.live import LiveEditor, Look
from cyclegan_glasses.editing.stream import edited, paced, pictures_of
from cyclegan_glasses.errors import UserError
from tests.editing.videos import write_video


class Slow:
    """Takes a while for each picture, and adds one level to it."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.asked = seconds, list[Look]()

    def place(self, picture: np.ndarray, look: Look, when: float) -> list[np.ndarray]:
        self.asked.append(look)
        return [picture]

    def render(self, picture: np.ndarray, placed: list[np.ndarray]) -> np.ndarray:
        assert placed[0] is picture
        time.sleep(self.seconds)
        return picture + 1


def numbered(count: int) -> list[np.ndarray]:
    return [np.full((2, 2, 3), number, np.uint8) for number in range(count)]


def as_live(slow: Slow) -> LiveEditor:
    return cast(LiveEditor, slow)


def test_a_stream_drops_what_it_cannot_edit_in_time_and_keeps_the_order() -> None:
    begin = time.monotonic()
    pictures = [*edited(paced(numbered(40), 200), as_live(Slow(0.03)), Look)]
    order = [int(one.picture[0, 0, 0]) - 1 for one in pictures]
    assert order == sorted(set(order)) and 2 < len(order) < 35
    assert all(begin < one.taken < time.monotonic() for one in pictures)


def test_a_picture_comes_out_before_the_next_one_is_taken() -> None:
    """A result that waits for the next picture is late by one."""
    gate = threading.Event()

    def source() -> Iterator[np.ndarray]:
        yield numbered(1)[0]
        assert gate.wait(20)

    stream = edited(source(), as_live(Slow(0.0)), Look)
    assert next(stream).picture[0, 0, 0] == 1
    gate.set()
    assert [*stream] == []


def test_what_breaks_the_camera_is_told_and_a_stream_may_be_left() -> None:
    def broken() -> Iterator[np.ndarray]:
        yield numbered(1)[0]
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        [*edited(broken(), as_live(Slow(0.0)), Look)]
    endless = edited(paced(numbered(200), 1000), as_live(Slow(0.001)), Look)
    next(endless)
    endless.close()


def test_a_video_is_a_camera(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", [np.full((32, 48, 3), level, np.uint8) for level in (40, 90, 200)])
    levels = [float(one.mean()) for one in pictures_of(str(tmp_path / "clip.mp4"))]
    assert levels == pytest.approx([40, 90, 200], abs=3)


def test_no_camera_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no camera 63"):
        pictures_of("63")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UserError, match="is no video"):
        pictures_of(str(tmp_path / "text.mp4"))
