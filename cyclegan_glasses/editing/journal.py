"""What was done in a folder of results: `edits.jsonl`, which is only ever appended to.

A result has two rows: before it takes its place, what it is to be (`writing`, with its SHA-256), and what
became of the photo when it is there. A kill between the two leaves a result that the first row recognises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses import jsonl
from cyclegan_glasses.files import parse_json, sha256_of
from cyclegan_glasses.records import checked

JOURNAL = "edits.jsonl"
_WRITING = "writing"


@dataclass(frozen=True, slots=True)
class _Result:
    """The last that the journal says of a result; without `done` it may not be there."""

    key: str
    sha256: str
    done: bool


class Journal:
    """The journal of one folder, or none: then nothing is known and nothing noted. Threads may share it.

    Args:
        path: of the file; it need not be there.

    Raises:
        UserError: it cannot be read.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._results: dict[str, _Result] = {}
        if path is not None and path.is_file():
            for target, result in jsonl.read(path, self._parse, skip_damaged=True):
                if result.key:  # a photo that was skipped leaves an earlier result as it was
                    self._results[target] = result

    def has(self, target: Path, key: str) -> bool:
        """Whether the file `target` is the result of `key`: a photo, a model and settings."""
        known = self._results.get(str(target))
        return known is not None and known.key == key and (known.done or self._is(target, known))

    def replaced(self, photo: Path, recipe: str) -> bool:
        """Whether `photo` was replaced by its own result, with the same model and settings."""
        known = self._results.get(str(photo))
        return known is not None and known.key.split(" ", 2)[-1] == recipe and self._is(photo, known)

    def begin(self, target: Path, key: str, digest: str) -> None:
        """Note what `target` is to be, by its SHA-256, before it is.

        Raises:
            UserError: the journal cannot be written.
        """
        self._append({"target": str(target), "state": _WRITING, "key": key, "sha256": digest})

    def end(self, report: Mapping[str, Any]) -> None:
        """Note what became of a photo: JSON values with `target` and `key`.

        Raises:
            UserError: the journal cannot be written.
        """
        self._append(report)

    def _append(self, row: Mapping[str, Any]) -> None:
        if self._path is not None:
            jsonl.append(self._path, [json.dumps(row, ensure_ascii=False)])

    def _parse(self, line: str) -> tuple[str, _Result]:
        row = checked(dict[str, Any], parse_json(line), "a row")
        target, key = (checked(str, row.get(name), name) for name in ("target", "key"))
        before, done = self._results.get(target), row.get("state") != _WRITING
        if done:
            digest = before.sha256 if before and before.key == key else ""
        else:
            digest = checked(str, row.get("sha256"), "sha256")
        return target, _Result(key, digest, done)

    @staticmethod
    def _is(path: Path, result: _Result) -> bool:
        return sha256_of(path) == result.sha256
