"""What animations and videos have in common: frames to go through, and a file to write them to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np


class ClipWriter(Protocol):
    """Takes the frames of a clip, one after the other."""

    def add(self, before: np.ndarray, after: np.ndarray) -> None:
        """The next frame as it was and as it is to be, both as `Clip.frames` gives them."""

    def close(self) -> None:
        """Write what is not written yet, once all frames are there."""


class Clip(Protocol):
    """An animation or a video, of which no more than a few frames are decoded at a time.

    Attributes:
        count: how many frames it has; of some videos an estimate, 0 where it is not known.
        rate: frames a second, in the mean.
    """

    count: int
    rate: float

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

    def writer(self, file: BinaryIO, suffix: str, strip: bool) -> ClipWriter:
        """Writes a clip with frames of this one's times, sound and metadata.

        Args:
            file: takes it; may be read and written anywhere.
            suffix: of its name, in lower case.
            strip: leave out what does not say how colours are meant.
        """
