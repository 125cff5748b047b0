"""What the searches on the web are asked for. Free of heavy imports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.domains import LABELS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, option

LICENCES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "cc0", "pdm")
FREE_LICENCES = ("by", "by-sa", "cc0", "pdm")


@dataclass(frozen=True, slots=True)
class GatherSettings(Settings):
    """Where the photos go and how many.

    The pictures go to `out/photos`; what earlier runs of the search left in `out` counts, too.
    """

    out: Path
    count: int = option(200, "stop when so many results are there (default: %(default)s)", least=1)
    label: str = option("", "what the search is meant to show; kept with each photo", choices=("", *LABELS))
    retry_failed: bool = option(False, "try again what failed in an earlier run")


def licence_option() -> str:
    """The field of a search that names the licences that are taken."""
    help = f"comma-separated, of {join(LICENCES)} (default: %(default)s)"
    return option(join(FREE_LICENCES), help, metavar="NAMES")


def licences_of(text: str) -> tuple[str, ...]:
    """`by, CC0` as a tuple of short names.

    Raises:
        UserError: one is not among `LICENCES`, or there is none.
    """
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in LICENCES]
    if unknown or not names:
        raise UserError(f"--licence {join(unknown)!r} is not known: choose from {join(LICENCES)}")
    return names


def join(names: Iterable[object]) -> str:
    """`by,by-sa`, as they are typed."""
    return ",".join(map(str, names))
