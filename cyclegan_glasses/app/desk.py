"""What one page works on."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclegan_glasses.app.photos import Choice, OpenPhoto


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
class Desk:
    """What a page works on.

    Attributes:
        photo: that is edited; None before one is given.
    """

    photo: Work | None = None
