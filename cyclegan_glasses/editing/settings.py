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
        UserError: a value that cannot be.
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
            raise UserError(f"--strength {self.strength} is not possible: 0 (nothing) to 1 (all of the edit)")


def check_passes(passes: int) -> None:
    """Raises `UserError` for a number of passes that cannot be."""
    if not 1 <= passes <= MOST_PASSES:
        raise UserError(f"--passes {passes} is not possible: 1 to {MOST_PASSES}")
