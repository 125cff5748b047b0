"""The page of an evaluation: what it found in a sentence, pictures, then its tables and curves."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from dominate import tags
from dominate.dom_tag import dom_tag

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.evaluation.in_words import WANTED, WHERE
from cyclegan_glasses.evaluation.inputs import Input
from cyclegan_glasses.evaluation.metrics import Picture
from cyclegan_glasses.evaluation.report import Evaluated, Report, group_tables
from cyclegan_glasses.evaluation.scores import MEANINGS, RANKING, label, ranking_key
from cyclegan_glasses.evaluation.settings import UNTOUCHED
from cyclegan_glasses.evaluation.tables import figure
from cyclegan_glasses.files import make_folder, write_text
from cyclegan_glasses.images import save_png
from cyclegan_glasses.monitoring.curves import chart
from cyclegan_glasses.webpage import Cell, Figure, card, page, strip, table

TYPICAL, WORST = 4, 8
TITLES = {REMOVE: "How well glasses are taken off", ADD: "How well glasses are put on"}

_FINDINGS = {
    REMOVE: {
        "as asked": "the attribute classifier finds no glasses on {:.0%}",
        "whole frame off": "the whole frame is gone from {:.0%}",
        "L1 elsewhere": "beside the glasses a pixel changes by {:.2g} of 255 levels",
    },
    ADD: {
        "as asked": "the attribute classifier finds glasses on {:.0%}",
        "whole frame on": "a whole frame is on {:.0%}",
        "L1 elsewhere": "beside the glasses a pixel changes by {:.2g} of 255 levels",
    },
}


@dataclass(slots=True)
class Examples:
    """Keeps results of one editor for the page: the first `TYPICAL`, and the `WORST`, the worst first.

    The first ones are not chosen by their scores, so they look as results do.
    """

    title: str
    first: list[tuple[Input, Picture, str]] = field(default_factory=list)
    worst: list[tuple[float, Input, Picture, str]] = field(default_factory=list)

    def keep(self, item: Input, after: Picture, scores: dict[str, float]) -> None:
        """Look at one more result."""
        name = next((name for name in RANKING if name in scores), "")
        text = f"{name} {figure(scores[name])}" if name else ""
        if len(self.first) < TYPICAL:
            self.first.append((item, after, text))
        if name:
            insort(self.worst, (ranking_key(name, scores[name]), item, after, text), key=itemgetter(0))
            del self.worst[WORST:]


def write_page(report: Report, examples: Sequence[Examples], folder: Path) -> Path:
    """Write `index.html` and the pictures that it shows into `folder`; returns the page's path.

    Raises:
        UserError: it cannot be written.
    """
    direction = report.about["direction"]
    body: list[dom_tag] = []
    for column in report.columns:
        if column.candidate.weights and (text := _finding(direction, column, report.columns)):
            body.append(tags.p(tags.b(column.candidate.title), f", {text}."))
    for number, kept in enumerate(examples):
        rows = [row[1:] for row in kept.worst]
        body += _pictures(f"{kept.title}: pictures in order", kept.first, folder, f"{number}_first")
        body += _pictures(f"{kept.title}: the worst {len(rows)}", rows, folder, f"{number}")
    body += [tags.h2("Scores"), _scores(report)]
    body += [tags.p(note, cls="quiet") for note in report.notes]
    body += _curves(report)
    body += _groups(report.columns)
    about = "  ·  ".join(f"{name}: {value}" for name, value in report.about.items() if value)
    body.append(tags.p(about, cls="quiet"))
    path = make_folder(folder) / "index.html"
    write_text(path, page(TITLES[direction], *body))
    return path


def _finding(direction: str, column: Evaluated, columns: Sequence[Evaluated]) -> str:
    """A sentence about a model of an evaluation; empty where none of its scores has words.

    Of what is untouched among `columns` the difference to the truth is known.
    """
    texts = []
    for name, text in _FINDINGS[direction].items():
        if not math.isnan(value := column.value(name)):
            texts.append(text.format(value))
    before = next((one.value(WHERE) for one in columns if one.candidate.name == UNTOUCHED), math.nan)
    if before > 0 and not math.isnan(after := column.value(WHERE)):
        texts.append(f"{after / before:.0%} of the difference to {WANTED[direction]} is left")
    if not math.isnan(lost := column.value("face lost")):
        texts.append(f"no face is found in {lost:.0%}" if lost else "no face is lost")
    return f"{column.n} results: {'; '.join(texts)}" if texts else ""


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


def _pictures(
    title: str, rows: Sequence[tuple[Input, Picture, str]], folder: Path, prefix: str
) -> list[dom_tag]:
    cards = tags.div(cls="cards")
    for place, (item, after, text) in enumerate(rows):
        pictures = {"input": item.picture, "result": after}
        if item.truth is not None:
            pictures["truth"] = item.truth
        figures = [Figure(f"images/{prefix}_{place}_{name}.png", name) for name in pictures]
        for entry, picture in zip(figures, pictures.values(), strict=True):
            save_png(folder / entry.path, picture)
        head = tags.div(tags.h3(item.stem), tags.span(text, cls="quiet"), cls="head")
        cards.add(tags.div(head, strip(figures, item.stem), cls="card"))
    return [tags.h2(title), cards] if rows else []
