"""What a look at an installation finds."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

FINE, NOTE, TROUBLE = "ok", "note", "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        subject: a word or two.
        state: `ok`; `note`, something that a person may want to mend; `trouble`, something that must be.
        text: what was found, one line.
        remedy: what to do about it; empty where there is nothing to do.
    """

    subject: str
    state: str
    text: str
    remedy: str = ""


def version_of(distribution: str) -> str:
    """The installed version; empty where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def first_line(error: BaseException) -> str:
    """The first line of the error's message, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
