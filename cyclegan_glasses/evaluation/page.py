"""The page of an evaluation: its table, curves over checkpoints, groups, and the pictures that went worst."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from dominate import tags
from dominate.dom_tag import dom_tag

from cyclegan_glasses.evaluation.inputs import Input
from cyclegan_glasses.evaluation.metrics import Picture
from cyclegan_glasses.evaluation.report import Evaluated, Report, group_tables
from cyclegan_glasses.evaluation.scores import MEANINGS, RANKING, label, ranking_key
from cyclegan_glasses.evaluation.tables import figure
from cyclegan_glasses.files import make_folder, write_text
from cyclegan_glasses.images import save_png
from cyclegan_glasses.monitoring.curves import chart
from cyclegan_glasses.webpage import Cell, Figure, card, page, strip, table

WORST = 8


@dataclass(slots=True)
class Worst:
    """Keeps the `WORST` results of one editor, to be shown, the worst first."""

    title: str
    found: list[tuple[float, Input, Picture, str]] = field(default_factory=list)

    def keep(self, item: Input, after: Picture, scores: dict[str, float]) -> None:
        """Look at one more result."""
        if name := next((name for name in RANKING if name in scores), ""):
            row = ranking_key(name, scores[name]), item, after, f"{name} {figure(scores[name])}"
            insort(self.found, row, key=itemgetter(0))
            del self.found[WORST:]


def write_page(report: Report, worst: Sequence[Worst], folder: Path) -> Path:
    """Write `index.html` and the pictures that it shows into `folder`; returns the page's path.

    Raises:
        UserError: it cannot be written.
    """
    about = "  ·  ".join(f"{name}: {value}" for name, value in report.about.items() if value)
    body: list[dom_tag] = [tags.p(about, cls="quiet"), _scores(report)]
    body += [tags.p(note, cls="quiet") for note in report.notes]
    body += _curves(report)
    for number, kept in enumerate(worst):
        body += _pictures(kept, number, folder)
    body += _groups(report.columns)
    path = make_folder(folder) / "index.html"
    write_text(path, page(report.title, *body))
    return path


def _scores(report: Report) -> dom_tag:
    rows: list[list[Cell]] = []
    for name in report.scores:
        head = tags.span(label(name), title=MEANINGS.get(name, ""))
        rows.append([head, *(column.cell(name) for column in report.columns)])
    heads = [f"{column.candidate.title} (n {column.n})" for column in report.columns]
    meanings = tags.details(tags.summary("What the scores mean"))
    for name in report.scores:
        if name in MEANINGS:
            meanings.add(tags.div(tags.b(name), f": {MEANINGS[name]}"))
    return tags.div(table(["Score", *heads], rows), meanings, cls="card")


def _curves(report: Report) -> list[dom_tag]:
    """Each score over the checkpoints of a run, where there are several with a number."""
    runs: dict[str, list[tuple[float, Evaluated]]] = {}
    for column in report.columns:
        if column.candidate.epoch.isdecimal():
            runs.setdefault(column.candidate.line, []).append((float(column.candidate.epoch), column))
    runs = {name: columns for name, columns in runs.items() if len(columns) > 1}
    if not runs:
        return []
    grid = tags.div(cls="charts")
    for score in report.scores:
        lines = {name: [(epoch, c.value(score)) for epoch, c in columns] for name, columns in runs.items()}
        grid.add(chart(label(score), lines))
    return [tags.h2("Over the checkpoints"), grid]


def _groups(columns: Sequence[Evaluated]) -> list[dom_tag]:
    """Each group of each column; those of baselines are folded away."""
    body: list[dom_tag] = []
    for column in columns:
        section = tags.details(open=bool(column.candidate.weights), cls="groups")
        section.add(tags.summary(f"{column.candidate.title}, by group"))
        for name, head, rows in group_tables(column):
            section.add(card(f"by {name}", table(head, rows)))
        if len(section) > 1:
            body.append(section)
    return [tags.h2("By group"), *body] if body else []


def _pictures(kept: Worst, number: int, folder: Path) -> list[dom_tag]:
    cards = tags.div(cls="cards")
    for place, (_, item, after, text) in enumerate(kept.found):
        pictures = {"input": item.picture, "result": after}
        if item.truth is not None:
            pictures["truth"] = item.truth
        figures = [Figure(f"images/{number}_{place}_{name}.png", name) for name in pictures]
        for entry, picture in zip(figures, pictures.values(), strict=True):
            save_png(folder / entry.path, picture)
        cards.add(card(f"{item.stem}, {text}", strip(figures, item.stem)))
    return [tags.h2(f"{kept.title}: the worst {len(kept.found)}"), cards] if kept.found else []
