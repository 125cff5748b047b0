"""An evaluation as files: `evaluation.json`, `.md`, `.csv`, a row a picture, and a page."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cyclegan_glasses.evaluation.distances import FEW
from cyclegan_glasses.evaluation.measure import Measured
from cyclegan_glasses.evaluation.scores import ARROWS, BY_GROUP, better, ranking_key
from cyclegan_glasses.evaluation.statistics import (
    SMALL_GROUP,
    ByGroup,
    Mean,
    by_group,
    figure,
    summarise,
)
from cyclegan_glasses.evaluation.tables import markdown_table
from cyclegan_glasses.files import make_folder, write_json, write_text

#: What files tell of a candidate, by field.
_CANDIDATE = ("name", "epoch", "passes", "weights", "options", "trained_on")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained model or a baseline that was evaluated.

    Attributes:
        name: of the run or the baseline.
        epoch: label of the checkpoint; empty for a baseline.
        weights, options: SHA-256 of the generator's file and of the run's `train_opt.json`, shortened.
        trained_on: hash of the manifest that the run was trained on, where it is known.
        passes: how many times the generator went over each picture.
    """

    name: str
    epoch: str = ""
    weights: str = ""
    options: str = ""
    trained_on: str = ""
    passes: int = 1

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
    """One column: what was evaluated, and every score of it."""

    candidate: Candidate
    means: dict[str, Mean]
    whole: dict[str, float]
    groups: dict[str, dict[str, ByGroup]]
    n: int

    def cell(self, score: str) -> str:
        """The mean of a score with its interval, or the score of the whole set, to read."""
        return str(self.means[score]) if score in self.means else figure(self.value(score))

    def value(self, score: str) -> float:
        """Mean of a score over pictures, or a score of the whole set; NaN where there is none."""
        return self.means[score].mean if score in self.means else self.whole.get(score, math.nan)


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
        return list(dict.fromkeys(name for c in self.columns for name in (*c.whole, *c.means)))


def evaluated(candidate: Candidate, measured: Measured) -> Evaluated:
    """Means and groups of what was measured."""
    names = list(dict.fromkeys(name for groups in measured.groups for name in groups))
    groups: dict[str, dict[str, ByGroup]] = {}
    for name in names:
        values = [group.get(name, "") for group in measured.groups]
        groups[name] = {
            score: by_group(measured.rows, values, score, partial(ranking_key, score))
            for score in BY_GROUP
            if any(score in row for row in measured.rows)
        }
    return Evaluated(candidate, summarise(measured.rows), measured.whole, groups, len(measured.rows))


def warnings(report: Report) -> list[str]:
    """What limits the numbers: few pictures, small groups."""
    found = []
    for column in report.columns[:1]:
        if column.whole and column.n < FEW:
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


def to_markdown(report: Report) -> str:
    """The table to print: a line a score, a column each, then the notes."""
    head = ["", *(column.candidate.title for column in report.columns)]
    lines = [["n", *(str(column.n) for column in report.columns)]]
    for name in report.scores:
        cells = [column.cell(name) for column in report.columns]
        lines.append([f"{name} {ARROWS.get(better(name), '')}".strip(), *cells])
    text = [report.title, "", *markdown_table(head, lines), ""]
    return "\n".join(text + [f"- {note}" for note in report.notes]) + "\n"


def groups_markdown(report: Report) -> str:
    """The scores by group, a table a group and column."""
    text: list[str] = []
    for column in report.columns:
        for name, scores in column.groups.items():
            if not scores:
                continue
            table = markdown_table([name, "n", *scores], group_rows(scores))
            text += [f"{column.candidate.title} by {name}", "", *table, ""]
    return "\n".join(text)


def group_rows(scores: Mapping[str, ByGroup]) -> list[list[str]]:
    """A row for each value of a group: its name, its count, its mean of each score; then the worst ones."""
    values = list(dict.fromkeys(value for score in scores.values() for value in score.means))
    counts = {v: max(s.means[v].n for s in scores.values() if v in s.means) for v in values}
    rows = [[v, str(counts[v]), *(str(s.means.get(v, "–")) for s in scores.values())] for v in values]
    worst = [f"{s.worst}, {figure(s.gap)}" if s.worst else "–" for s in scores.values()]
    return [*rows, ["worst, gap", "", *worst]]


def to_csv(report: Report) -> str:
    """A line each: what it was, with which data and versions, then every score with its interval."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    head = [*_CANDIDATE, *report.about, "n"]
    for name in report.scores:
        head += [name, f"{name} low", f"{name} high"]
    writer.writerow(head)
    for column in report.columns:
        row: list[Any] = [getattr(column.candidate, name) for name in _CANDIDATE] + [
            *report.about.values(),
            column.n,
        ]
        for name in report.scores:
            mean = column.means.get(name)
            values = (mean.mean, mean.low, mean.high) if mean else (column.value(name), math.nan, math.nan)
            row += ["" if math.isnan(value) else f"{value:.6g}" for value in values]
        writer.writerow(row)
    return file.getvalue()


def to_json(report: Report) -> dict[str, Any]:
    """Everything, as strict JSON values: what is not finite is null."""
    columns = [
        {
            **{name: getattr(column.candidate, name) for name in _CANDIDATE},
            "n": column.n,
            "scores": {name: _mean_json(mean) for name, mean in column.means.items()},
            "whole": {name: _finite(value) for name, value in column.whole.items()},
            "groups": {
                name: {
                    score: {
                        "worst": found.worst,
                        "gap": _finite(found.gap),
                        "means": {value: _mean_json(mean) for value, mean in found.means.items()},
                    }
                    for score, found in scores.items()
                }
                for name, scores in column.groups.items()
            },
        }
        for column in report.columns
    ]
    return {"version": 1, "about": report.about, "notes": report.notes, "columns": columns}


def write_report(report: Report, measured: Sequence[Measured], folder: Path) -> None:
    """Write `evaluation.json`, `evaluation.md`, `evaluation.csv` and `pictures.csv` into `folder`.

    Raises:
        UserError: it cannot be written.
    """
    make_folder(folder)
    write_json(folder / "evaluation.json", to_json(report))
    write_text(folder / "evaluation.md", to_markdown(report) + "\n" + groups_markdown(report))
    write_text(folder / "evaluation.csv", to_csv(report))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = list(dict.fromkeys(name for one in measured for row in one.rows for name in row))
    writer.writerow(["of", "picture", *names])
    for column, one in zip(report.columns, measured, strict=True):
        for stem, row in zip(one.stems, one.rows, strict=True):
            writer.writerow([column.candidate.title, stem, *(_cell(row.get(name)) for name in names)])
    write_text(folder / "pictures.csv", file.getvalue())


def best(report: Report, score: str) -> Evaluated | None:
    """The checkpoint with the best value of `score`, the first of equals; None where none has it."""
    known = [c for c in report.columns if c.candidate.epoch and math.isfinite(c.value(score))]
    return max(known, key=lambda column: ranking_key(score, column.value(score)), default=None)


def _mean_json(mean: Mean) -> dict[str, float | int | None]:
    return {"mean": _finite(mean.mean), "low": _finite(mean.low), "high": _finite(mean.high), "n": mean.n}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
