"""Numbers and tables to read in a terminal, to paste into a page, or as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table whose columns stand under each other."""
    widths = [max(len(row[place]) for row in (head, *lines)) for place in range(len(head))]
    rows = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (head, *lines)]
    rows.insert(1, ["-" * max(3, width) for width in widths])
    return [f"| {' | '.join(row)} |" for row in rows]


def figure(value: float) -> str:
    """A number to read: four digits at most."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    value = 0.0 if abs(value) < 5e-4 else value
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """A CSV file; numbers have six digits, and NaN is an empty cell like None."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value
