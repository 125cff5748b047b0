"""Tables to read in a terminal and to paste into a page."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table whose columns stand under each other."""
    widths = [max(len(row[place]) for row in (head, *lines)) for place in range(len(head))]
    rows = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (head, *lines)]
    rows.insert(1, ["-" * max(3, width) for width in widths])
    return [f"| {' | '.join(row)} |" for row in rows]
