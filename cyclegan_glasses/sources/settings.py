"""What each source is asked for. Free of heavy imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Pictures of a folder and the table that describes them.

    Attributes:
        folder: searched to any depth.
        labels: a table (CSV) with a header, or None.
        path_column, label_column, person_column: names in the header; None takes the usual ones.
        group_columns: go to `Photo.group`; None takes those of race, gender, age and tone that are there.
        label_words: pairs of a word of the label column and what it means: `glasses`, `none` or `sunglasses`.
        where: pairs of a column and a value: a row must have one of the values of each column named here.
        labelled_only: pictures that the table does not list, or gives no known label, are left out.
    """

    folder: Path
    labels: Path | None = None
    path_column: str | None = None
    label_column: str | None = None
    person_column: str | None = None
    group_columns: tuple[str, ...] | None = None
    label_words: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    labelled_only: bool = False
