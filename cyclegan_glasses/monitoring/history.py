"""The history of a run: `history.jsonl`, an object a report of the losses; `scores.jsonl`, of scores."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cyclegan_glasses import jsonl
from cyclegan_glasses.files import make_folder, parse_json
from cyclegan_glasses.records import checked
from cyclegan_glasses.training.progress import Monitor, Progress, Run

HISTORY = "history.jsonl"
SCORES = "scores.jsonl"
_COUNTS = ("epoch", "pictures", "step", "seen")
_RATES = ("position", "rate", "pictures_per_second")
_NUMBERS = (*_RATES, "time")


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One report.

    Attributes:
        epoch, pictures, step, seen, rate, pictures_per_second, position: see `Progress`.
        time: seconds since 1970.
        losses: by name; a loss that was not finite is NaN.
    """

    epoch: int
    pictures: int
    step: int
    seen: int
    position: float
    rate: float
    pictures_per_second: float
    time: float
    losses: dict[str, float]

    @staticmethod
    def of(progress: Progress, losses: dict[str, float]) -> HistoryRow:
        """The row of a report made now."""
        values: dict[str, Any] = {name: getattr(progress, name) for name in (*_COUNTS, *_RATES)}
        losses = {name: float(value) for name, value in losses.items()}
        return HistoryRow(**values, time=time.time(), losses=losses)

    def to_json(self) -> str:
        """One line without its end. Strict JSON: what is not finite is written as null."""
        row = {key: _finite(value) for key, value in asdict(self).items() if key != "losses"}
        row["losses"] = {name: _finite(value) for name, value in self.losses.items()}
        return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @staticmethod
    def from_json(line: str | bytes) -> HistoryRow:
        """Read a line.

        Raises:
            ValueError: not a row.
        """
        row = checked(dict[str, Any], parse_json(line), "a row")
        values: dict[str, Any] = {name: checked(int, row.get(name), name) for name in _COUNTS}
        values |= {name: _number(row.get(name), name) for name in _NUMBERS}
        losses = checked(dict[str, Any], row.get("losses"), "losses")
        return HistoryRow(**values, losses={name: _number(value, name) for name, value in losses.items()})


def read_history(folder: Path, name: str = HISTORY) -> Iterator[HistoryRow]:
    """The rows of `folder/history.jsonl` (or `scores.jsonl`), oldest first; none when there is no such file.

    A last line without its end was cut off by a kill; it is passed over, and so is a damaged line.
    """
    try:
        yield from jsonl.read(Path(folder) / name, HistoryRow.from_json, skip_damaged=True)
    except FileNotFoundError:
        return


def thin(rows: Sequence[HistoryRow], limit: int) -> list[HistoryRow]:
    """At most `limit` rows for a drawing: neighbours become their mean; the first and last row stay."""
    if len(rows) <= limit:
        return list(rows)
    inner, size = rows[1:-1], math.ceil((len(rows) - 2) / max(1, limit - 2))
    groups = [inner[start : start + size] for start in range(0, len(inner), size)]
    return [rows[0], *(_mean(group) for group in groups), rows[-1]]


class History(Monitor):
    """Writes the history, each report in one append, so that a kill costs one row at the most."""

    def __init__(self, folder: Path) -> None:
        self.path = make_folder(Path(folder)) / HISTORY

    def start(self, run: Run) -> None:
        """Drop what an earlier session reported beyond the step from which this one goes on.

        A history that would be emptied, since the run begins anew, is kept as `history.previous.jsonl`.
        """
        for path in (self.path, self.path.with_name(SCORES)):
            if path.exists():
                _go_back(path, run)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Append a row."""
        jsonl.append(self.path, [HistoryRow.of(progress, losses).to_json()])

    def scores(self, progress: Progress, scores: dict[str, float]) -> None:
        """Append a row of scores, in the place of losses, to `scores.jsonl`."""
        jsonl.append(self.path.with_name(SCORES), [HistoryRow.of(progress, scores).to_json()])


def _go_back(path: Path, run: Run) -> None:
    """Leave the rows up to the step from which `run` goes on; what would be emptied is kept."""
    rows = [row for row in read_history(path.parent, path.name) if run.resumed and row.step <= run.step]
    if not rows and path.stat().st_size > 0:
        path.replace(path.with_name(f"{path.stem}.previous.jsonl"))
        return
    lines = [row.to_json() for row in rows]
    if b"".join(map(jsonl.encode, lines)) != path.read_bytes():
        jsonl.write(path, lines)


def _mean(rows: Sequence[HistoryRow]) -> HistoryRow:
    def mean(values: list[float]) -> float:
        finite = [value for value in values if math.isfinite(value)]
        return sum(finite) / len(finite) if finite else math.nan

    last = rows[-1]
    means: dict[str, Any] = {name: mean([getattr(row, name) for row in rows]) for name in _NUMBERS}
    losses = {name: mean([row.losses.get(name, math.nan) for row in rows]) for name in last.losses}
    return replace(last, **means, losses=losses)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any, name: str) -> float:
    return math.nan if value is None else float(checked(float, value, name))
