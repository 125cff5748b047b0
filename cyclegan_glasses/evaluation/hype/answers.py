"""What raters said: a file that is only ever appended to, a JSON object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses import jsonl
from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import JSON_BYTES, parse_json, read_regular

ANSWERS = "answers.jsonl"
RATER = re.compile(r"[\w.-]{1,40}")
QUESTIONS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        rater: pseudonym, letters, digits, `.`, `_` and `-`.
        item: id in the rater's plan.
        value: for criteria four of 0 or 1, else 1 for "real" and 0 for "fake", alone in the list.
        exposure: asked for, in ms; 0 without a limit.
        measured: exposure measured in the browser, in ms, `shown` in files; 0 without a limit.
        seconds: from the picture to the answer.
    """

    rater: str
    item: str
    value: tuple[int, ...]
    exposure: int = 0
    measured: float = 0.0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        return {("shown" if name == "measured" else name): value for name, value in values.items()}

    @staticmethod
    def from_json(row: Any) -> Answer:
        """An answer from what a page or a file says.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(row, dict) or set(row) - {"rater", "item", "value", "exposure", "shown", "seconds"}:
            raise ValueError("not an answer")
        rater, item, value = row.get("rater"), row.get("item"), row.get("value")
        if not isinstance(rater, str) or not RATER.fullmatch(rater):
            raise ValueError("a rater is named by 1 to 40 letters, digits, '.', '_' or '-'")
        if not isinstance(item, str) or not 0 < len(item) < 40:
            raise ValueError("no item")
        values = value if isinstance(value, list) else []
        if len(values) not in (1, QUESTIONS) or not all(v in (0, 1) for v in values):
            raise ValueError("a value is a list of 0 and 1")
        times = {name: row.get(name, 0) for name in ("exposure", "shown", "seconds")}
        for name, number in times.items():
            if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < 1e7:
                raise ValueError(f"{name} is no time")
        exposure, measured, seconds = times.values()
        return Answer(rater, item, tuple(map(int, values)), int(exposure), float(measured), float(seconds))


def append_answer(folder: Path, answer: Answer) -> None:
    """Append one answer in one write: it is safe when this returns.

    Raises:
        UserError: it cannot be written.
    """
    jsonl.append(Path(folder) / ANSWERS, [json.dumps(answer.to_json())], sync=True)


def read_answers(files: Iterable[Path]) -> list[Answer]:
    """The answers in `files`, the last one of each rater and item; a line that was cut off is passed over.

    A file may also be what an exported page gave: a JSON list.

    Raises:
        UserError: a file is not there or holds something else.
    """
    return list({(a.rater, a.item): a for path in files for a in _answers(path)}.values())


def _answers(path: Path) -> list[Answer]:
    try:
        content = read_regular(path, JSON_BYTES)
        if content.lstrip().startswith(b"["):
            return [_answer(path, row) for row in parse_json(content)]
        return [*jsonl.read(path, lambda line: _answer(path, parse_json(line)), skip_damaged=True)]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({reason_of(error)}): give a file of answers") from None
    except ValueError as error:
        raise UserError(f"{path} cannot be read ({error}): save it from the page again") from None


def _answer(path: Path, row: Any) -> Answer:
    try:
        return Answer.from_json(row)
    except ValueError as error:
        raise UserError(f"{path} holds something else than answers ({error}): give another") from None
