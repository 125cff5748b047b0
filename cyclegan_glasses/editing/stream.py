"""A camera or a video file as a stream: the latest picture is edited, older ones are dropped."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.editing.live import LiveEditor, Look
from cyclegan_glasses.editing.photograph import to_rgb8
from cyclegan_glasses.editing.video import open_video
from cyclegan_glasses.errors import UserError

#: Pictures that are edited at a time.
WORKERS = 2
#: Size that a camera is asked for.
WIDTH, HEIGHT = 640, 480


def pictures_of(camera: str) -> Iterator[np.ndarray]:
    """What a camera sees, turned left to right as in a mirror, or a video file at its own pace.

    Args:
        camera: the number of a camera, 0 being the first, or the path of a video.

    Returns:
        uint8 RGB (height, width, 3), each when it is taken.

    Raises:
        UserError: there is no such camera or file, before the first picture.
    """
    return _of_camera(int(camera)) if camera.isdecimal() else _of_file(Path(camera))


def _of_camera(number: int) -> Iterator[np.ndarray]:
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(0)  # OpenCV's own lines about a camera that is not there
    camera = cv2.VideoCapture(number)
    cv2.utils.logging.setLogLevel(before)
    if not camera.isOpened():
        raise UserError(
            f"there is no camera {number}, or it may not be used: give --camera another, or a video"
        )
    camera.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
    camera.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
    return _taken(camera)


def _taken(camera: cv2.VideoCapture) -> Iterator[np.ndarray]:
    try:
        while True:
            there, picture = camera.read()
            if not there:
                return
            yield np.ascontiguousarray(picture[:, ::-1, ::-1])
    finally:
        camera.release()


def _of_file(path: Path) -> Iterator[np.ndarray]:
    video = open_video(path)
    if video is None:
        raise UserError(f"{path} is no video: give --camera the number of a camera, or a video")
    return paced(map(to_rgb8, video.frames()), video.rate)


def paced(pictures: Iterable[np.ndarray], rate: float) -> Iterator[np.ndarray]:
    """Pictures so many a second, as a camera gives them."""
    begin = time.monotonic()
    for number, picture in enumerate(pictures):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        yield picture


@dataclass(frozen=True, eq=False)
class Edited:
    """One edited picture of a stream.

    Attributes:
        picture: uint8 RGB (height, width, 3).
        taken: when it came, by `time.monotonic`.
    """

    picture: np.ndarray
    taken: float


@dataclass(eq=False)
class Slot:
    """Holds the latest picture of a source, which a thread of its own reads; those before it are dropped.

    Attributes:
        dropped: how many were.
        ready: notified of whatever happens.
    """

    source: Iterable[np.ndarray]
    dropped: int = 0
    ready: threading.Condition = field(default_factory=threading.Condition)
    _latest: tuple[np.ndarray, float] | None = None
    _ended: bool = False
    _error: BaseException | None = None

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True, name="camera").start()

    def take(self, otherwise: Callable[[], bool]) -> tuple[np.ndarray, float] | None:
        """The next picture and when it came; None once `otherwise` holds, or at the end (`ended`).

        Raises:
            Exception: whatever the source has raised.
        """
        with self.ready:
            self.ready.wait_for(lambda: self._latest or self._ended or otherwise())
            if self._error is not None:
                raise self._error
            latest, self._latest = self._latest, None
            return latest

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more."""
        with self.ready:
            return self._ended and self._latest is None

    def notify(self, _: object = None) -> None:
        """Let `take` look again."""
        with self.ready:
            self.ready.notify_all()

    def close(self) -> None:
        """Read no further."""
        with self.ready:
            self._ended, self._latest = True, None

    def _read(self) -> None:
        try:
            for picture in self.source:
                with self.ready:
                    if self._ended:
                        break
                    self.dropped += self._latest is not None
                    self._latest = picture, time.monotonic()
                    self.ready.notify_all()
        except BaseException as error:
            self._error = error
        finally:
            with self.ready:
                self._ended = True
                self.ready.notify_all()


def edited(
    source: Iterable[np.ndarray], live: LiveEditor, look: Callable[[], Look], workers: int = WORKERS
) -> Iterator[Edited]:
    """The pictures of a source as they come, edited, in their order.

    Faces are followed in one picture while the last ones are still edited by `workers` threads.

    Args:
        look: what is to be done to the next picture.

    Raises:
        Exception: whatever the source raises.
    """
    waiting: deque[tuple[Future[np.ndarray], float]] = deque()
    with ThreadPoolExecutor(workers, "editor") as pool, closing(Slot(source)) as slot:
        while waiting or not slot.ended:
            if len(waiting) < workers:
                taken = slot.take(lambda: bool(waiting) and waiting[0][0].done())
                if taken is not None:
                    picture, when = taken
                    future = pool.submit(live.render, picture, live.place(picture, look(), when))
                    waiting.append((future, when))
                    future.add_done_callback(slot.notify)
                    continue
            if waiting:
                future, when = waiting.popleft()
                yield Edited(future.result(), when)
