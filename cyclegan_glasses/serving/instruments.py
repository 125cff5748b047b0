"""The judge and other instruments of an evaluation, from the files that a person gives."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError

#: Reads the weights of a judge that is also an `Encoder` (see `judging`); None where there is no such judge.
JUDGE_LOADER: Callable[[Path], Any] | None = None


def shipped_judge() -> Path | None:
    """The judge's weights that come with the package, or None."""
    path = Path(str(files("cyclegan_glasses"))) / "weights" / "judge.pt"
    return path if path.is_file() else None


def load_judge(path: Path | None) -> Any | None:
    """The judge in `path`, else the one that is shipped, else None.

    Raises:
        UserError: `path` is not there, or this version has no judge that reads it.
    """
    found = path or shipped_judge()
    if found is None:
        return None
    if not found.is_file():
        raise UserError(f"--judge {found} is not there: give the weights of a judge")
    if JUDGE_LOADER is None:
        raise UserError(f"this version has no judge that reads {found}: leave --judge out")
    return JUDGE_LOADER(found)
