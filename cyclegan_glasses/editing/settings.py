"""What an edit is asked to do. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.errors import UserError, one_of

#: The model that ships.
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "glasses.pt"
ALL, LARGEST = "all", "largest"
MOST_PASSES = 8


@dataclass(frozen=True, slots=True)
class EditSettings:
    """How photos are edited.

    Attributes:
        face: `all`, `largest`, or which one, the largest being `1`.
        strength: 0 leaves the photo as it is, 1 is the model's edit, between them it fades.
        force: also edit faces that need nothing, by the attribute classifier.
        passes: how many times the model goes over a face, over its own result from the second time on; None:
            as often as the model was packed to do, which is once for most.
        check: classify the edited faces too.

    Raises:
        UserError: a value is invalid.
    """

    face: str = ALL
    strength: float = 1.0
    force: bool = False
    passes: int | None = None
    check: bool = False

    def __post_init__(self) -> None:
        if self.passes is not None:
            check_passes(self.passes)
        if not self.face.isdecimal():
            one_of("face", self.face, (ALL, LARGEST, "a number"))
        elif int(self.face) < 1:
            raise UserError("--face counts from 1, the largest")
        if not 0 <= self.strength <= 1:
            raise UserError(f"--strength {self.strength} is invalid: 0 (nothing) to 1 (all of the edit)")


@dataclass(frozen=True, slots=True)
class FacemathOutput:
    """Where the faces of the algebra are written, and how.

    Attributes:
        path: a picture, a GIF, or a folder of frames.
        side: of each face in pixels.
        sharpen: strength of the unsharp mask; 0 for none.

    Raises:
        UserError: a value that is not allowed.
    """

    path: Path
    side: int = 128
    sharpen: float = 0.5

    def __post_init__(self) -> None:
        if self.sharpen < 0:
            raise UserError(f"--sharpen {self.sharpen:g} must not be below 0")
        if not 16 <= self.side <= 1024:
            raise UserError(f"--side {self.side} is invalid: 16 to 1024")


def check_passes(passes: int) -> None:
    """Raises `UserError` for an invalid number of passes."""
    if not 1 <= passes <= MOST_PASSES:
        raise UserError(f"--passes {passes} is invalid: 1 to {MOST_PASSES}")
