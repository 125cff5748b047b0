"""What animations and videos have in common: frames to go through, and a file to write them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import BinaryIO, Protocol

import numpy as np

#: Takes the next frame as it was and as it is to be, both as `Clip.frames` gives them.
AddFrame = Callable[[np.ndarray, np.ndarray], None]


class Clip(Protocol):
    """An animation or a video, of which no more than a few frames are decoded at a time."""

    @property
    def count(self) -> int:
        """How many frames it has; of some videos an estimate, 0 where it is not known."""

    @property
    def rate(self) -> float:
        """Frames a second, in the mean."""

    def frames(self) -> Iterator[np.ndarray]:
        """Every frame, upright, as `blend.apply_change` takes pictures; may be asked for again.

        Raises:
            UnreadablePicture: the file is broken, or its frames are too large.
        """

    def is_of(self, suffix: str) -> bool:
        """Whether a file that ends so has the format that this one has."""

    def check(self, suffix: str) -> None:
        """Whether a file that ends so can hold it.

        Raises:
            UserError: it cannot.
        """

    def writer(self, file: BinaryIO, suffix: str, strip: bool) -> AbstractContextManager[AddFrame]:
        """Writes a clip of the frames that are added, with the times, sound and metadata of this one.

        It is whole once the block has ended well. The frames must come while `frames` is gone through.

        Args:
            file: takes it; may be read and written anywhere.
            suffix: of its name, in lower case.
            strip: leave out what does not say how colours are meant.

        Raises:
            UserError: such a file cannot hold the sound.
        """


def write_clip(
    clip: Clip,
    frames: Iterator[tuple[np.ndarray, np.ndarray]],
    target: BinaryIO,
    pair: BinaryIO | None,
    suffix: str,
    strip: bool,
) -> None:
    """Write the frames of a clip, each as it was and edited, to `target`; both side by side to `pair`.

    The other arguments and errors are those of `Clip.writer`.
    """
    with ExitStack() as writers:
        add = writers.enter_context(clip.writer(target, suffix, strip))
        add_both = writers.enter_context(clip.writer(pair, suffix, strip)) if pair else None
        for before, after in frames:
            add(before, after)
            if add_both:
                add_both(*(np.concatenate([before, right], axis=1) for right in (before, after)))
