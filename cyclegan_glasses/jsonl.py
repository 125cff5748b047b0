"""JSON lines: files that hold one JSON object a line and are only ever appended to.

A row counts once its line end is written. A last line without one was cut off by a kill: readers pass over
it, and the next append removes it. A whole line that cannot be parsed is an error, or counted and reported.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import atomic_write, make_folder, open_regular

Parsed = TypeVar("Parsed")
logger = logging.getLogger(__name__)
LINE_BYTES = 16 << 20
"""Limit of a line, so that a file without line ends is not read into memory."""
_BLOCK = 1 << 16
_LOCK = threading.Lock()


def encode(line: str) -> bytes:
    """`line` and its end in UTF-8. A lone surrogate, as in file names of other encodings, is escaped: it is
    the same string when JSON is read again."""
    return (line + "\n").encode("utf-8", "backslashreplace")


def read(path: Path, parse: Callable[[str], Parsed], skip_damaged: bool = False) -> Iterator[Parsed]:
    """What `parse` makes of every whole line of `path`, oldest first, one at a time.

    Args:
        parse: raises ValueError, LookupError or TypeError for a damaged line.
        skip_damaged: damaged lines are passed over and reported by their count, not an error.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it cannot be read, or a line is damaged.
    """
    return (row for _, row in read_offsets(path, parse, skip_damaged))


def read_offsets(
    path: Path, parse: Callable[[str], Parsed], skip_damaged: bool = False
) -> Iterator[tuple[int, Parsed]]:
    """The rows of `read`, each with the byte at which its line begins."""
    offset, damaged = 0, []
    try:
        with open_regular(path) as file:
            for number, line in enumerate(iter(partial(file.readline, LINE_BYTES), b""), 1):
                if not line.endswith(b"\n"):
                    if len(line) == LINE_BYTES:
                        raise UserError(f"{path} line {number} is longer than 16 MB: not a file of ours")
                    break
                try:
                    yield offset, parse(line.decode("utf-8"))
                except (ValueError, LookupError, TypeError, RecursionError) as error:
                    if not skip_damaged:
                        raise UserError(
                            f"{path} line {number} is damaged ({error}): mend or remove it"
                        ) from None
                    damaged.append(f"line {number}: {error}")
                offset += len(line)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {path}: {reason_of(error)}") from None
    if damaged:
        logger.warning("%s: %d damaged lines are passed over (%s)", path, len(damaged), damaged[0])


def append(path: Path, lines: Iterable[str], sync: bool = False) -> int:
    """Append `lines` of JSON without their ends to `path`, each in one write, and return how many.

    A row that an earlier kill cut off is removed first.

    Args:
        sync: wait until the disk has them.

    Raises:
        UserError: they cannot be written.
    """
    path, count = make_folder(Path(path).parent) / Path(path).name, 0
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            with _LOCK:  # a row that another thread has written by half is not torn
                _remove_torn_row(descriptor)
            for line in lines:
                with _LOCK:
                    _write_whole(descriptor, encode(line))
                count += 1
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UserError(f"cannot write {path}: {reason_of(error)}") from error
    return count


def write(path: Path, lines: Iterable[str]) -> None:
    """Write `path` anew, atomically: `lines` of JSON without their ends."""
    make_folder(Path(path).parent)
    with atomic_write(path) as file:
        for line in lines:
            file.write(encode(line))


def _write_whole(descriptor: int, data: bytes) -> None:
    """One write, and the rest of it where the disk took only a part: that fails and says why."""
    while data:
        data = data[os.write(descriptor, data) :]


def _remove_torn_row(descriptor: int) -> None:
    end = position = os.lseek(descriptor, 0, os.SEEK_END)
    while position > 0:
        start = max(0, position - _BLOCK)
        os.lseek(descriptor, start, os.SEEK_SET)
        newline = os.read(descriptor, position - start).rfind(b"\n")
        if newline >= 0:
            position = start + newline + 1
            break
        position = start
    if position < end:
        os.ftruncate(descriptor, position)
