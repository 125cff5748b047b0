"""Any pile of pictures, with an optional table of labels and groups."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cyclegan_glasses.domains import LABELS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import picture_names
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.settings import FolderSettings
from cyclegan_glasses.walk import name_key

_PATHS = ("path", "file", "filename", "file_name", "image", "image_id")
_GROUPS = ("race", "gender", "age", "tone")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of labels: its columns, and its rows by the POSIX path that they name."""

    columns: tuple[str, ...]
    rows: dict[str, dict[str, str]]


def folder_photos(settings: FolderSettings, leave_out: Path | None = None) -> list[Photo]:
    """The photos of a folder, sorted by path; nothing is opened.

    `path` and `origin` are the path below the folder. Columns that have no field of their own go to `facts`,
    and so does a word of the label column that stands for no label.

    Args:
        settings: what to take.
        leave_out: a folder below it that is passed over, such as the one that is written to.

    Raises:
        UserError: no such folder, no pictures, a table that cannot be read or that fits no picture.
    """
    folder = settings.folder
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give the folder that holds the pictures")
    names = picture_names(folder, leave_out)
    if not names:
        raise UserError(f"{folder} holds no pictures that can be read: is it the right folder?")
    if settings.labels is None:
        if settings.where or settings.labelled_only:
            raise UserError("--where and --labelled_only choose by a table: name it with --labels FILE.csv")
        return [Photo(name, source="folder", origin=name) for name in names]
    table = read_table(settings.labels, settings.path_column)
    return list(_described(names, table, settings))


def read_table(path: Path, path_column: str | None = None) -> Table:
    """Read a table of labels: UTF-8, with a header, cells parted by commas, semicolons or tabs.

    A row without a path, or with more cells than the header, is passed over with a warning. Of two rows for
    one path the last counts.

    Raises:
        UserError: the file cannot be read, is not UTF-8, has no header or no column of paths.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=head.count)
            lines = csv.reader(file, delimiter=delimiter)
            columns = tuple(name.strip() for name in next(lines, []))
            name_column = _column(path, columns, path_column, _PATHS, "path_column")
            if name_column is None:
                raise UserError(
                    f"{path} has no column {' or '.join(_PATHS[:3])} ({_listed(columns)}): --path_column"
                )
            return Table(columns, _rows(path, lines, columns, name_column))
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}): save it as CSV UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path} is not a CSV table ({error}): save it as CSV UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None


def _rows(
    path: Path, lines: Iterator[list[str]], columns: tuple[str, ...], name_column: str
) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    bad = twice = 0
    for cells in lines:
        if not cells:
            continue
        row = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
        name = _normal(row.get(name_column, ""))
        if len(cells) > len(columns) or not name:
            bad += 1
            continue
        twice += name in rows
        rows[name] = row
    if bad:
        _LOG.warning("%s: %d rows without a path or with too many cells are passed over", path, bad)
    if twice:
        _LOG.warning("%s: %d rows name a path again; the last one counts", path, twice)
    return rows


def _described(names: Sequence[str], table: Table, settings: FolderSettings) -> Iterator[Photo]:
    """Photos of `names` with what the table knows; a row names a path below the folder, or a bare file."""
    source, columns = settings.labels, table.columns
    assert source is not None
    label_column = _column(source, columns, settings.label_column, ("label",), "label_column")
    person_column = _column(source, columns, settings.person_column, ("person",), "person_column")
    groups = settings.group_columns
    if groups is None:
        groups = tuple(name for name in _GROUPS if name in columns)
    asked: dict[str, set[str]] = {}
    for column, value in settings.where:
        asked.setdefault(column, set()).add(value)
    for column in (*groups, *asked):
        _column(source, columns, column, (), "group_columns" if column in groups else "where")
    words = {label: label for label in LABELS} | {
        word.casefold(): label for word, label in settings.label_words
    }
    path_column = _column(source, columns, settings.path_column, _PATHS, "path_column")
    own = {path_column, person_column, *groups}
    listed = 0
    for name in names:
        key = name_key(name)
        row = table.rows.get(key) or table.rows.get(PurePosixPath(key).name)
        listed += row is not None
        row = row or {}
        if any(row.get(column) not in values for column, values in asked.items()):
            continue
        word = row.get(label_column or "", "")
        label = words.get(word.casefold(), "")
        if settings.labelled_only and not label:
            continue
        taken = own | {label_column} if label else own
        yield Photo(
            name,
            source="folder",
            origin=name,
            label=label,
            person=row.get(person_column or "", ""),
            group={column: row[column] for column in groups if row.get(column)},
            facts={column: cell for column, cell in row.items() if cell and column not in taken},
        )
    if not listed:
        first = next(iter(table.rows), "none")
        raise UserError(
            f"no row of {source} names a picture below {settings.folder} (its first is {first!r}): "
            "paths are taken below that folder"
        )
    if listed < len(table.rows):
        _LOG.warning("%s: %d of %d rows name no picture", source, len(table.rows) - listed, len(table.rows))


def _column(
    path: Path, columns: tuple[str, ...], asked: str | None, usual: Sequence[str], option: str
) -> str | None:
    """The column that was asked for, else the first usual one that is there, else None."""
    if asked is None:
        return next((name for name in usual if name in columns), None)
    if asked not in columns:
        raise UserError(f"{path} has no column {asked!r} ({_listed(columns)}): see --{option}")
    return asked


def _listed(columns: Sequence[str]) -> str:
    return "it has " + ", ".join(columns[:12]) if any(columns) else "it has no header"


def _normal(name: str) -> str:
    return name_key(PurePosixPath(name.replace("\\", "/")).as_posix()) if name else ""
