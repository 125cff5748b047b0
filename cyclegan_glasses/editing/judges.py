"""The judge that goes with the editor."""

from __future__ import annotations

from cyclegan_glasses.judging import Judge


def default_judge() -> Judge | None:
    """The judge that ships with the package, None as long as none does: then every face is edited."""
    return None
