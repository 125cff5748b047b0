"""Times, options and labels of pictures as text for people: for the console, the pages and Visdom alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def duration(seconds: float) -> str:
    """Seconds for a person: `2 d 4 h`, `1 h 05 min`, `3 min 20 s`, `12 s`."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {whole % 60:02d} s" if minutes else f"{whole} s"


def option_rows(options: Mapping[str, object]) -> list[tuple[str, str]]:
    """Options and their values as text, sorted, without passwords."""
    return sorted((name, str(value)) for name, value in options.items() if "password" not in name)


def picture_rows(labels: Sequence[str]) -> list[list[str]]:
    """Labels of pictures cut into rows, each beginning with a real picture: one row a direction."""
    rows: list[list[str]] = []
    for label in labels:
        if not rows or label.startswith("real"):
            rows.append([])
        rows[-1].append(label)
    return rows
