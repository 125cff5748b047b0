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
    """Labels of pictures cut into rows, each beginning with an input: one row a direction, one of pairs.

    A real picture that nothing was made of is the truth of the row before it.
    """
    rows: list[list[str]] = []
    made = {label.rpartition("_")[2] for label in labels if label.startswith("fake")}
    for label in labels:
        is_truth = (label == "real_A" and "B" not in made) or (label == "real_B" and "A" not in made)
        begins_pair = label.startswith("pair") and not (rows and rows[-1][0].startswith("pair"))
        if not rows or (label.startswith("real") and not is_truth) or begins_pair:
            rows.append([])
        rows[-1].append(label)
    return rows


_TEXTS = {
    **{"real_A": "with glasses", "fake_B": "removed", "rec_A": "added again", "idt_B": "identity"},
    **{"real_B": "without glasses", "fake_A": "added", "rec_B": "removed again", "idt_A": "identity"},
    **{"drawn_A": "frame taken off", "drawn_B": "frame to add"},
    **{"pair_A": "pair with glasses", "pair_B": "pair without", "pair_fake_B": "removed"},
    **{"pair_fake_A": "added", "real": "input", "fake": "result", "rec": "reconstruction"},
}


def picture_text(label: str) -> tuple[str, str]:
    """What a picture shows, and its published label where that is another word.

    >>> picture_text("fake_B")
    ('removed', 'fake_B')
    """
    text = _TEXTS.get(label, label)
    return text, label if text != label else ""
