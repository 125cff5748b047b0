"""Any pile of pictures, with an optional table of labels and groups."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar

from cyclegan_glasses.domains import GLASSES, LABELS
from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import open_regular
from cyclegan_glasses.option import option
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.label_words import ANSWERS, label_of
from cyclegan_glasses.sources.source import SourcePhoto
from cyclegan_glasses.walk import name_key, told

_PATHS = ("path", "file", "filename", "file_name", "image", "image_id")
_GROUPS = ("race", "gender", "age", "tone")
TABLE_BYTES, TABLE_ROWS, TABLE_COLUMNS = 64 << 20, 2_000_000, 1000
"""Limits of a table, which is held in memory."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of labels: its file and columns, and its rows by the POSIX path that they name."""

    file: Path
    columns: tuple[str, ...]
    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def column(self, flag: str, asked: str | None, *usual: str) -> str | None:
        """The column that was asked for by `flag`, else the first usual one that is there, else None."""
        if asked is None:
            return next((name for name in usual if name in self.columns), None)
        if asked not in self.columns:
            raise UserError(f"{self.file} has no column {asked!r} ({self.contents}): see --{flag}")
        return asked

    def find(self, name: str) -> str | None:
        """The key in `rows` of the picture called `name`: its path, or the end of that, the longest first."""
        key = name_key(name)
        while key not in self.rows and "/" in key:
            key = key.partition("/")[2]
        return key if key in self.rows else None

    @property
    def contents(self) -> str:
        """What columns it has, for messages."""
        return "it has " + ", ".join(self.columns[:12]) if any(self.columns) else "it has no header"


@dataclass(frozen=True, slots=True)
class FolderSource:
    """The pictures of a folder, and the table that describes them.

    `path` and `origin` are the path below the folder. Columns that have no field of their own go to `facts`,
    and so does an entry of the label column that stands for no label.

    Attributes:
        folder: searched to any depth.
        path_column, label_column, person_column: names in the header; None takes the usual ones.
        group_columns: go to `Photo.group`; None takes those of race, gender, age and tone that are there.
        label: of all pictures; else the table gives it, else the name of a sub-folder does.
        label_words: pairs of an entry of the label column, or the name of a sub-folder, and the label that
            it stands for, beside those of `label_words`.
        where: pairs of a column and a value: a row must have one of the values of each column named here.
        at_least: pairs of a column and a number: a row must have that number there, or a larger one.
        labelled_only: pictures that the table does not list, or gives no known label, are left out.
        leave_out: a folder below it that is passed over, such as the one that is written to.
    """

    GROUP: ClassVar[str] = "labels"
    name: ClassVar[str] = "folder"

    folder: Path
    labels: Path | None = option(None, "table with a header, UTF-8; paths are below DIR", metavar="CSV")
    path_column: str | None = option(None, "default: path, file, filename or image", metavar="NAME")
    label_column: str | None = option(None, "default: label", metavar="NAME")
    person_column: str | None = option(None, "default: person, if there is one", metavar="NAME")
    group_columns: tuple[str, ...] | None = None
    label_words: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    at_least: tuple[tuple[str, float], ...] = ()
    labelled_only: bool = option(False, "leave out pictures without a known label")
    leave_out: Path | None = None
    label: str = option(
        "", "what all pictures show; else sub-folders such as glasses/ and none/ say it", choices=LABELS
    )

    def photos(self) -> Iterator[SourcePhoto]:
        """The photos, sorted by path; nothing is opened.

        Raises:
            UserError: no such folder, no pictures, a table that cannot be read or that fits no picture.
        """
        if not self.folder.is_dir():
            raise UserError(f"{self.folder} is not a folder: give the folder that holds the pictures")
        from cyclegan_glasses.images import picture_names

        names = picture_names(self.folder, self.leave_out)
        if not names:
            raise UserError(f"{self.folder} holds no pictures that can be read: is it the right folder?")
        if self.label and self.labels:
            raise UserError("--label is of all pictures, --labels of each: leave one of them out")
        photos = self._plain(names)
        if self.labels is not None:
            photos = _described(names, read_table(self.labels, self.path_column), self)
        elif self.where or self.at_least or self.labelled_only:
            raise UserError(
                "--where, --at_least and --labelled_only choose by a table: name it with --labels FILE.csv"
            )
        for photo in photos:
            yield SourcePhoto(photo, self.folder / photo.path)

    def _plain(self, names: Sequence[str]) -> Iterator[Photo]:
        """Photos without a table: their label is that of all, or what a folder above them is called."""
        asked = {word.casefold(): label for word, label in self.label_words}
        labels, unknown = dict[PurePosixPath, str](), Counter[str]()
        for name in names:
            folder = PurePosixPath(name).parent
            if folder not in labels:
                called = (asked.get(one.casefold()) or label_of(one) for one in reversed(folder.parts))
                labels[folder] = self.label or next(filter(None, called), "")
            unknown[repr(str(folder))] += not labels[folder]
        if any(labels.values()) and +unknown:
            advice = "--label_words tells, such as anna=glasses"
            _LOG.warning(
                "%s: folders that say nothing of glasses: %s (%s)", self.folder, told(+unknown), advice
            )
        for name in names:
            yield Photo(name, source=self.name, origin=name, label=labels[PurePosixPath(name).parent])


def read_table(path: Path, path_column: str | None = None) -> Table:
    """Read a table of labels: UTF-8, with a header, cells parted by commas, semicolons or tabs.

    A row without a path, or with more cells than the header, is passed over with a warning. Of two rows for
    one path the last counts.

    Raises:
        UserError: the file cannot be read, is not UTF-8, has no header or no column of paths.
    """
    try:
        with (
            open_regular(path, TABLE_BYTES) as binary,
            io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file,
        ):
            head = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=head.count)
            lines = csv.reader(file, delimiter=delimiter)
            table = Table(path, tuple(name.strip() for name in next(lines, [])))
            if len(table.columns) > TABLE_COLUMNS:
                raise UserError(f"{path} has more than {TABLE_COLUMNS} columns: not a table of labels")
            name_column = table.column("path_column", path_column, *_PATHS)
            if name_column is None:
                usual = " or ".join(_PATHS[:3])
                raise UserError(f"{path} has no column {usual} ({table.contents}): --path_column")
            _read_rows(table, lines, name_column)
            return table
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}): save it as CSV UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path} is not a CSV table ({error}): save it as CSV UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {reason_of(error)}") from None


def _read_rows(table: Table, lines: Iterator[list[str]], name_column: str) -> None:
    bad = twice = 0
    for cells in lines:
        if not cells:
            continue
        row = {column: cell.strip() for column, cell in zip(table.columns, cells, strict=False)}
        name = _normal(row.get(name_column, ""))
        if len(cells) > len(table.columns) or not name:
            bad += 1
            continue
        twice += name in table.rows
        table.rows[name] = row
        if len(table.rows) > TABLE_ROWS:
            raise UserError(f"{table.file} has more than {TABLE_ROWS} rows: split it, and the folder")
    if bad:
        _LOG.warning("%s: %d rows without a path or with too many cells are passed over", table.file, bad)
    if twice:
        _LOG.warning("%s: %d rows name a path again; the last one counts", table.file, twice)


def _described(names: Sequence[str], table: Table, source: FolderSource) -> Iterator[Photo]:
    """Photos of `names` with what the table knows; a row names a path below the folder, or the end of one."""
    of_glasses = [name for name in table.columns if label_of(name) == GLASSES]
    label_column = table.column("label_column", source.label_column, "label", *of_glasses)
    person_column = table.column("person_column", source.person_column, "person")
    groups = source.group_columns
    if groups is None:
        groups = tuple(name for name in _GROUPS if name in table.columns)
    asked: dict[str, set[str]] = {}
    for column, value in source.where:
        asked.setdefault(column, set()).add(value)
    flags = {column: "at_least" for column, _ in source.at_least} | dict.fromkeys(asked, "where")
    for column, flag in (flags | dict.fromkeys(groups, "group_columns")).items():
        table.column(flag, column)
    entries = ANSWERS if label_column in of_glasses else {}
    entries = entries | {entry.casefold(): label for entry, label in source.label_words}
    with_field = {table.column("path_column", source.path_column, *_PATHS), person_column, *groups}
    used: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for name in names:
        key = table.find(name)
        row = {} if key is None else table.rows[key]
        used[key or ""] += key is not None
        if any(row.get(column) not in values for column, values in asked.items()):
            continue
        if not all(_number(row.get(column, "")) >= least for column, least in source.at_least):
            continue
        entry = row.get(label_column or "", "")
        label = entries.get(entry.casefold(), "") or label_of(entry)
        if entry and not label:
            unknown[repr(entry)] += 1
        if source.labelled_only and not label:
            continue
        taken = with_field | {label_column} if label else with_field
        yield Photo(
            name,
            source=source.name,
            origin=name,
            label=label,
            person=row.get(person_column or "", ""),
            group={column: row[column] for column in groups if row.get(column)},
            facts={column: cell for column, cell in row.items() if cell and column not in taken},
        )
    if not +used:
        first = next(iter(table.rows), "none")
        raise UserError(
            f"no row of {table.file} names a picture below {source.folder} (its first is {first!r}): "
            "paths are taken below that folder"
        )
    _tell(table, len(names), +used, unknown)


def _number(cell: str) -> float:
    """A cell as a number; one that is none is less than all."""
    try:
        return float(cell)
    except ValueError:
        return -math.inf


def _tell(table: Table, pictures: int, used: Counter[str], unknown: Counter[str]) -> None:
    """Say what of a table and of the pictures was left out.

    Args:
        used: how many pictures took the row of each path.
        unknown: entries of the label column that stand for no label.
    """
    counts = {
        "of {} rows name no picture": (len(table.rows) - len(used), len(table.rows)),
        "of {} pictures have no row": (pictures - used.total(), pictures),
        "of {} rows name pictures in several folders, which all took it: give paths with folders": (
            sum(count > 1 for count in used.values()),
            len(table.rows),
        ),
    }
    for text, (count, total) in counts.items():
        if count:
            _LOG.warning("%s: %d %s", table.file, count, text.format(total))
    if unknown:
        _LOG.warning(
            "%s: labels that say nothing of glasses: %s (crawl.py folder is told what a word means by"
            " --label_words, such as 1=glasses 0=none)",
            table.file,
            told(unknown),
        )


def _normal(name: str) -> str:
    return name_key(PurePosixPath(name.replace("\\", "/")).as_posix()) if name else ""
