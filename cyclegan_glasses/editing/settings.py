"""What an edit is asked to do. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.option import Settings, check, option

ALL, LARGEST = "all", "largest"
#: The third thing an edit does, beside the directions of `domains`: glasses off, then others on.
SWAP = "swap"
#: What is added to the name of a photo for its result, where no other name is given.
ENDINGS = {REMOVE: "_no_glasses", ADD: "_glasses", SWAP: "_swapped"}
MOST_PASSES = 8


@dataclass(frozen=True, slots=True)
class EditSettings(Settings):
    """How photos are edited.

    Over its own result the model goes from the second of `passes` on; None: as often as it was packed to do.

    Raises:
        UserError: a value is invalid.
    """

    GROUP = "faces"

    face: str = option(ALL, "all, largest, or which: 1 is the largest, 1,3 are two of them")
    strength: float = option(1.0, "0 to 1: fades the edit", least=0, most=1)
    force: bool = option(False, "also faces that need nothing, by the attribute classifier")
    passes: int | None = option(
        None, "go over each face so often; else as the model says", least=1, most=MOST_PASSES
    )
    check: bool = option(False, "classify the results as well", flag="judge")

    def __post_init__(self) -> None:
        check(self)
        named = self.face.split(",")
        if not all(number.isdecimal() for number in named):
            one_of("face", self.face, (ALL, LARGEST, "a number", "several with commas"))
        elif any(int(number) < 1 for number in named):
            raise UserError("--face counts from 1, the largest")


@dataclass(frozen=True, slots=True)
class OutputSettings(Settings):
    """How edited photos are written."""

    GROUP = "files"

    strip: bool = option(False, "leave out EXIF, XMP and texts")
    pairs: bool = option(False, "also write both side by side", flag="before_after")
    overwrite: bool = option(False, "write again what is there, even the photo")
    copy_faceless: bool = option(False, "copy photos without a face: whole sequences")


@dataclass(frozen=True, slots=True)
class FacemathOutput(Settings):
    """Where the faces of the algebra are written, and how.

    Attributes:
        path: a picture, a GIF, or a folder of frames.

    Raises:
        UserError: a value that is not allowed.
    """

    path: Path
    side: int = option(128, "of each face that is written, in pixels", least=16, most=1024)
    sharpen: float = option(0.5, "unsharp mask as a last step; 0: none", least=0)
