"""What one page works on, in each of its tabs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cyclegan_glasses.app.photos import Choice, OpenPhoto
from cyclegan_glasses.editing.live import LiveEditor, Look


@dataclass(eq=False)
class Work:
    """A photo that is edited.

    Attributes:
        photo: that is open.
        chosen: the numbers of the faces that are edited.
        names: of the frames on the tiles.
        last: what was done last; None before anything was.
    """

    photo: OpenPhoto
    chosen: list[int]
    names: list[str] = field(default_factory=list)
    last: Choice | None = None


@dataclass(eq=False)
class Mirror:
    """What a camera sends, and what is made of it.

    Attributes:
        live: edits it.
        asked: what was last asked of the mirror: its way, frame and colour.
        look: what they mean.
        seen: what it shows, uint8 RGB (height, width, 3).
    """

    live: LiveEditor
    asked: tuple[str, ...] = ()
    look: Look = field(default_factory=Look)
    seen: np.ndarray | None = None


@dataclass(eq=False)
class Desk:
    """What a page works on.

    Attributes:
        photo: in the first tab; None before one is given.
        mirror: in the second; None before the camera sends anything.
    """

    photo: Work | None = None
    mirror: Mirror | None = None

    def close(self) -> None:
        """End what runs beside the page."""
        if self.mirror is not None:
            self.mirror.live.close()
