"""Annotation files of the CelebA kind, read row by row: `file value value …` in whole numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from cyclegan_glasses.errors import UserError

Row = tuple[str, tuple[int, ...]]

_TOKEN = re.compile(r"[^\s,]+")

logger = logging.getLogger(__name__)


def read_annotations(lines: Iterable[str], name: str) -> tuple[list[str], Iterator[Row]]:
    """The columns and rows of an annotation file: perhaps a count, perhaps a header, then `file value …`.

    The columns are those after the first, none without a header. Values are whole numbers between runs of
    spaces or commas. A count that is wrong, or a last row that was
    cut off, is warned of; `name` is what messages call the file.

    Raises:
        UserError: it is empty, its header does not fit, or a row (not the last) cannot be read.
    """
    numbered = ((number, tokens) for number, line in enumerate(lines, 1) if (tokens := _TOKEN.findall(line)))
    count: int | None = None
    header: list[str] = []
    first = next(numbered, None)
    if first and len(first[1]) == 1 and re.fullmatch(r"[0-9]{1,12}", first[1][0]):
        count = int(first[1][0])
        first = next(numbered, None)
    if first and (len(first[1]) == 1 or _whole(first[1][1:]) is None):
        header, first = first[1], next(numbered, None)
    if first is None or len(first[1]) < 2:
        raise UserError(f"{name} has no rows `file value …`: copy it again")
    width = len(first[1]) - 1
    if header and len(header) not in (width, width + 1):
        raise UserError(f"{name} names {len(header)} columns but its rows have {width} values: copy it again")
    return (header[-width:] if header else []), _rows(chain([first], numbered), name, width, count)


def _rows(
    numbered: Iterator[tuple[int, list[str]]], name: str, width: int, count: int | None
) -> Iterator[Row]:
    found, bad = 0, ""
    for number, tokens in numbered:
        if bad:
            raise UserError(f"{bad}: mend the line or copy the file again")
        values = _whole(tokens[1:])
        if values is None or len(values) != width:
            bad = f"{name} line {number} is not a file name and {width} whole numbers"
            continue
        found += 1
        yield tokens[0], values
    if bad:
        logger.warning("%s: it is the last one, so the file was cut off there", bad)
    if count is not None and count != found:
        logger.warning(
            "%s says that it has %d rows but has %d: it may be a part of the file", name, count, found
        )


def _whole(tokens: list[str]) -> tuple[int, ...] | None:
    try:
        return tuple(map(int, tokens))
    except ValueError:
        return None


class Lookup:
    """Values by file name, from rows in much the same order as the questions: only rows passed over stay."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._passed: dict[str, tuple[int, ...]] = {}

    def pop(self, file: str) -> tuple[int, ...] | None:
        """The values of `file`, once; None where it has none."""
        if file in self._passed:
            return self._passed.pop(file)
        for name, values in self._rows:
            if name == file:
                return values
            self._passed[name] = values
        return None
