"""An evaluation as files: `evaluation.json`, `.md`, `.csv`, a row a picture, and a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cyclegan_glasses.evaluation.distances import FEW
from cyclegan_glasses.evaluation.measure import Measured
from cyclegan_glasses.evaluation.scores import BY_GROUP, label, ranking_key
from cyclegan_glasses.evaluation.statistics import SMALL_GROUP, ByGroup, Mean, by_group, summarise
from cyclegan_glasses.evaluation.tables import csv_text, figure, markdown_table
from cyclegan_glasses.evaluation.variety import COLOURS, SHAPES
from cyclegan_glasses.files import make_folder, write_json, write_text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained model or a baseline that was evaluated.

    Attributes:
        name: of the run or the baseline.
        epoch: label of the checkpoint; empty for a baseline.
        passes: how many times the generator went over each picture.
        weights, options: SHA-256 of the generator's file and of the run's `train_opt.json`, shortened.
        trained_on: hash of the manifest that the run was trained on, where it is known.
    """

    name: str
    epoch: str = ""
    passes: int = 1
    weights: str = ""
    options: str = ""
    trained_on: str = ""

    @property
    def line(self) -> str:
        """The name of a curve over its checkpoints."""
        return self.name + self._passes

    @property
    def title(self) -> str:
        """To stand over a column."""
        return f"{self.name} {self.epoch}".strip() + self._passes

    @property
    def _passes(self) -> str:
        return f", {self.passes} passes" if self.passes > 1 else ""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One column: what was evaluated on `n` pictures, and its scores: means over pictures, those of the
    `whole` set, and some by group."""

    candidate: Candidate
    n: int
    scores: dict[str, Mean]
    whole: dict[str, float]
    groups: dict[str, dict[str, ByGroup]]

    def cell(self, score: str) -> str:
        """The mean of a score with its interval, or the score of the whole set, to read."""
        return str(self.scores.get(score) or figure(self.value(score)))

    def value(self, score: str) -> float:
        """Mean of a score over pictures, or a score of the whole set; NaN where there is none."""
        return self.scores[score].mean if score in self.scores else self.whole.get(score, math.nan)


@dataclass(slots=True)
class Report:
    """A whole evaluation.

    Attributes:
        about: where the numbers come from: direction, data and its hash, protocol, versions, classifier.
        columns: what was evaluated.
        notes: what a reader must know.
    """

    about: dict[str, str]
    columns: list[Evaluated] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """To stand over everything."""
        known = (self.about.get(name) for name in ("direction", "colours"))
        return ", ".join(["Evaluation", *filter(None, known)])

    @property
    def scores(self) -> list[str]:
        """The names of all scores, in order."""
        return list(dict.fromkeys(name for c in self.columns for name in (*c.whole, *c.scores)))

    def best(self, score: str) -> Evaluated | None:
        """The checkpoint with the best value of `score`, the first of equals; None where none has it."""
        known = [c for c in self.columns if c.candidate.epoch and math.isfinite(c.value(score))]
        return max(known, key=lambda column: ranking_key(score, column.value(score)), default=None)

    def warnings(self) -> list[str]:
        """What limits the numbers: few pictures, small groups."""
        found = []
        for column in self.columns[:1]:
            if column.n < FEW and column.whole.keys() - {SHAPES, COLOURS}:
                found.append(
                    f"{column.n} pictures are few for Fréchet distances: below {FEW:,} prefer the kernel's"
                )
            small = {
                name: sum(mean.n < SMALL_GROUP for mean in next(iter(scores.values())).means.values())
                for name, scores in column.groups.items()
                if scores
            }
            if any(small.values()):
                counts = ", ".join(f"{count} of {name}" for name, count in small.items() if count)
                found.append(f"groups of fewer than {SMALL_GROUP} pictures say little: {counts}")
        return found


def evaluated(candidate: Candidate, measured: Measured) -> Evaluated:
    """Means and groups of what was measured."""
    scores = [score for score in BY_GROUP if any(score in row for row in measured.rows)]
    groups: dict[str, dict[str, ByGroup]] = {}
    for name in dict.fromkeys(name for group in measured.groups for name in group):
        values = [group.get(name, "") for group in measured.groups]
        groups[name] = {s: by_group(measured.rows, values, s, partial(ranking_key, s)) for s in scores}
    return Evaluated(candidate, len(measured.rows), summarise(measured.rows), measured.whole, groups)


def to_markdown(report: Report) -> str:
    """The table to print: a line a score, a column each, then the notes."""
    head = ["", *(column.candidate.title for column in report.columns)]
    lines = [["n", *(str(column.n) for column in report.columns)]]
    lines += [[label(name), *(column.cell(name) for column in report.columns)] for name in report.scores]
    text = [report.title, "", *markdown_table(head, lines), ""]
    return "\n".join(text + [f"- {note}" for note in report.notes]) + "\n"


def groups_markdown(report: Report) -> str:
    """The scores by group, a table a group and column."""
    text: list[str] = []
    for column in report.columns:
        for name, head, rows in group_tables(column):
            text += [f"{column.candidate.title} by {name}", "", *markdown_table(head, rows), ""]
    return "\n".join(text)


def group_tables(column: Evaluated) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """The groups of a column that have scores: the name, the head and the rows of a table."""
    for name, scores in column.groups.items():
        if scores:
            yield name, [name, "n", *scores], _group_rows(scores)


def _group_rows(scores: Mapping[str, ByGroup]) -> list[list[str]]:
    """A row for each value of a group: its name, its count, its mean of each score; then the worst ones."""
    values = list(dict.fromkeys(value for score in scores.values() for value in score.means))
    counts = {v: max(s.means[v].n for s in scores.values() if v in s.means) for v in values}
    rows = [[v, str(counts[v]), *(str(s.means.get(v, "–")) for s in scores.values())] for v in values]
    worst = [f"{s.worst}, {figure(s.gap)}" if s.worst else "–" for s in scores.values()]
    return [*rows, ["worst, gap", "", *worst]]


def to_csv(report: Report) -> str:
    """A line each: what it was, with which data and versions, then every score with its interval."""
    rows: list[list[object]] = [[*asdict(Candidate("")), *report.about, "n"]]
    for name in report.scores:
        rows[0] += [name, f"{name} low", f"{name} high"]
    for column in report.columns:
        row = [*asdict(column.candidate).values(), *report.about.values(), column.n]
        for name in report.scores:
            mean = column.scores.get(name)
            row += (mean.mean, mean.low, mean.high) if mean else (column.value(name), None, None)
        rows.append(row)
    return csv_text(rows)


def to_json(report: Report) -> dict[str, Any]:
    """Everything, as strict JSON values: what is not finite is null."""
    columns = [asdict(column) for column in report.columns]
    columns = [_strict(column.pop("candidate") | column) for column in columns]
    return {"version": 1, "about": report.about, "notes": report.notes, "columns": columns}


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _strict(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_report(report: Report, measured: Sequence[Measured], folder: Path) -> None:
    """Write `evaluation.json`, `evaluation.md`, `evaluation.csv` and `pictures.csv` into `folder`.

    Raises:
        UserError: it cannot be written.
    """
    make_folder(folder)
    write_json(folder / "evaluation.json", to_json(report))
    write_text(folder / "evaluation.md", to_markdown(report) + "\n" + groups_markdown(report))
    write_text(folder / "evaluation.csv", to_csv(report))
    names = list(dict.fromkeys(name for one in measured for row in one.rows for name in row))
    rows: list[list[object]] = [["of", "picture", *names]]
    for column, one in zip(report.columns, measured, strict=True):
        for stem, row in zip(one.stems, one.rows, strict=True):
            rows.append([column.candidate.title, stem, *(row.get(name) for name in names)])
    write_text(folder / "pictures.csv", csv_text(rows))
