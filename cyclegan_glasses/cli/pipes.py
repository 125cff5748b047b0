"""`-` for a photo or its result: standard input and standard output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.signatures import HEAD, fitting_name

if TYPE_CHECKING:
    from cyclegan_glasses.editing.batch import PhotoReport

PIPE = "-"


@dataclass(frozen=True)
class Places:
    """Where photos come from and results go.

    Attributes:
        photos, output: as for a command without `-`.
        messages: takes what is told.
        folder: of the files that stand for standard input and output; "" where there are none.
    """

    photos: Sequence[str]
    output: Path | None
    messages: TextIO
    folder: str = ""

    def named(self, row: PhotoReport) -> PhotoReport:
        """A report with `-` for the files in `folder`."""
        if not self.folder:
            return row
        source, target = (PIPE if self.folder in name else name for name in (row.source, row.target))
        return replace(row, source=source, target=target, reason=row.reason.replace(row.source, source))


@contextmanager
def piped(photos: Sequence[str], output: Path | None) -> Iterator[Places]:
    """The places for a command; standard input is kept in a file while the block lasts, and what the block
    has written goes to standard output when it ends well.

    Raises:
        UserError: there are other photos beside it, or a terminal is at the other end.
    """
    reads = PIPE in photos
    writes = str(output) == PIPE or (reads and output is None)
    if not (reads or writes):
        yield Places(photos, output, sys.stdout)
        return
    if len(photos) != 1 or Path(photos[0]).is_dir():
        raise UserError(f"{PIPE} stands for one photo: name no others, and no folder")
    if (reads and sys.stdin.isatty()) or (writes and sys.stdout.isatty()):
        raise UserError(f"{PIPE} is for a pipe, and this is a terminal: name a file")
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = _kept(folder) if reads else photos[0]
        place = folder / "result" if writes else output
        yield Places([source], place, sys.stderr if writes else sys.stdout, name)
        if writes:
            for result in (folder / "result").iterdir():
                with result.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)


def _kept(folder: Path) -> str:
    """Standard input as a file, whose ending says what it is."""
    path = folder / "photo"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    with path.open("rb") as file:
        head = file.read(HEAD)
    return str(path.rename(folder / fitting_name("photo", head)))
