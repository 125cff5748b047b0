"""The photo record and the manifest that holds it.

A manifest is a text file (`manifest.jsonl`), a JSON object a line. It is only ever appended to: the last row
of a path is the one that counts, so a verdict or a label given later is one more row, and a kill in the
middle of a row costs that row alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclegan_glasses import jsonl
from cyclegan_glasses.domains import LABELS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import leads_outside, open_regular, parse_json

if TYPE_CHECKING:
    import numpy as np

VERSION = 1
MANIFEST = "manifest.jsonl"
ACCEPTED, REJECTED = "accepted", "rejected"
SPLITS = ("train", "val", "test")
_LABELS, _SPLITS = frozenset({"", *LABELS}), frozenset({"", *SPLITS})
_VERDICTS = frozenset({"", ACCEPTED, REJECTED})
_MOST_SCORE = 1e15
_MOST_PIXELS = 1 << 30  # of a side


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture with what is known of it. Empty strings and dictionaries mean "not known".

    Attributes:
        path: POSIX path of the file, relative to the manifest's folder.
        source: the module of `sources` that it came from.
        origin: the address, or `archive!member`, or the original path.
        licence, author: as the source states them.
        label: `glasses`, `none`, `sunglasses` or empty.
        person: identity within the source.
        split: `train`, `val`, `test` or empty.
        sha256: of the file's bytes, hexadecimal.
        width, height: in pixels; 0 when not known.
        group: what fairness is measured by, such as `race`, `gender`, `age`, `tone`.
        facts: whatever else the source knows, JSON values only.
        scores: what each criterion measured, by its name.
        verdict: `accepted`, `rejected` or empty (not decided yet).
        reason: why it was rejected, `criterion: words`.

    Raises:
        ValueError: a path that leads out of the folder, a word that is not one of those above, or a number
            that no picture has.
    """

    path: str
    source: str = ""
    origin: str = ""
    licence: str = ""
    author: str = ""
    label: str = ""
    person: str = ""
    split: str = ""
    sha256: str = ""
    width: int = 0
    height: int = 0
    group: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    verdict: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if leads_outside(self.path):
            raise ValueError(f"{self.path!r} is no path below the folder")
        if self.label not in _LABELS or self.split not in _SPLITS or self.verdict not in _VERDICTS:
            known = {"label": _LABELS, "split": _SPLITS, "verdict": _VERDICTS}
            wrong = next(name for name, allowed in known.items() if getattr(self, name) not in allowed)
            raise ValueError(f"unknown {wrong} {getattr(self, wrong)!r}")
        if not 0 <= self.width < _MOST_PIXELS > self.height >= 0:
            raise ValueError(f"no picture has the sides {self.width} and {self.height}")

    def to_json(self) -> str:
        """One line of a manifest, without the line end; empty fields are left out."""
        row = {name: value for name in _FIELDS if (value := getattr(self, name))}
        return json.dumps({"version": VERSION, **row}, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_json(line: str) -> Photo:
        """Read one line of a manifest.

        Raises:
            ValueError: not a JSON object with a path, or a field of the wrong type.
            UserError: written by a newer version.
        """
        row = parse_json(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")
        version = row.pop("version", VERSION)
        if type(version) is not int:
            raise ValueError("version is not a number")
        if version > VERSION:
            raise UserError(
                f"the manifest is of version {version}, this toolkit reads up to {VERSION}: update it"
            )
        for name, value in row.items():
            if name not in _FIELDS:
                raise ValueError(f"unknown field {name!r}")
            if not isinstance(value, _FIELDS[name]) or isinstance(value, bool):
                raise ValueError(f"field {name!r} has the wrong type")
        if not row.get("path"):
            raise ValueError("no path")
        for name, score in row.get("scores", {}).items():
            if type(score) not in (int, float) or not abs(score) < _MOST_SCORE:
                raise ValueError(f"score {name!r} is not a number")
        if not all(isinstance(value, str) for value in row.get("group", {}).values()):
            raise ValueError("a group is not a word")
        return Photo(**row)


_FIELDS: dict[str, type] = {
    f.name: dict if "dict" in str(f.type) else int if str(f.type) == "int" else str
    for f in dataclasses.fields(Photo)
}


def read_manifest(folder: Path) -> Iterator[Photo]:
    """Every row of `folder/manifest.jsonl`, oldest first, superseded rows included, one at a time.

    A last line without its line end was cut off by a kill and is passed over.

    Raises:
        UserError: there is no manifest, it is of a newer version, or a whole line is not a photo.
    """
    return (photo for _, photo in _rows(folder))


def latest_photos(folder: Path) -> dict[str, Photo]:
    """The row that counts for each path, in the order in which the paths first appeared."""
    return {photo.path: photo for photo in read_manifest(folder)}


def current_offsets(folder: Path) -> np.ndarray:
    """Where in the manifest the rows that count begin, int64 (n,), ordered by when a path first appeared.

    For manifests too long to hold: 24 bytes a row are kept, not the photos (`photos_at` reads those).
    """
    import numpy as np  # here, since the command line reads this module for its help

    keys, offsets = array("Q"), array("q")
    for offset, photo in _rows(folder):
        digest = hashlib.blake2b(photo.path.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        keys.append(int.from_bytes(digest, "little"))
        offsets.append(offset)
    paths = np.frombuffer(keys, np.uint64)
    _, first = np.unique(paths, return_index=True)
    _, last = np.unique(paths[::-1], return_index=True)
    return np.frombuffer(offsets, np.int64)[::-1][last][np.argsort(first)]


def photos_at(folder: Path, offsets: np.ndarray) -> Iterator[Photo]:
    """The photos whose rows begin at `offsets` (see `current_offsets`), one at a time."""
    with open_regular(Path(folder) / MANIFEST) as file:
        for offset in offsets.tolist():
            file.seek(offset)
            yield Photo.from_json(file.readline().decode("utf-8"))


def append_photos(folder: Path, photos: Iterable[Photo]) -> int:
    """Append rows to the manifest of `folder`, each in one write, and return how many.

    A row that an earlier kill cut off is removed first.
    """
    return jsonl.append(Path(folder) / MANIFEST, (photo.to_json() for photo in photos))


def write_manifest(folder: Path, photos: Iterable[Photo]) -> None:
    """Write a manifest anew, atomically: one row a photo, in the order given."""
    jsonl.write(Path(folder) / MANIFEST, (photo.to_json() for photo in photos))


def manifest_hash(folder: Path) -> str:
    """SHA-256 over the rows that count, sorted by path: names the data that a run was trained on.

    The same photos with the same knowledge hash alike, whatever the order or history of the file.
    """
    import numpy as np  # here, as in `current_offsets`

    offsets = {photo.path: offset for offset, photo in _rows(folder)}
    ordered = np.array([offsets[path] for path in sorted(offsets)], np.int64)
    digest = hashlib.sha256()
    for photo in photos_at(folder, ordered):
        digest.update(jsonl.encode(photo.to_json()))
    return digest.hexdigest()


def _rows(folder: Path) -> Iterator[tuple[int, Photo]]:
    """Every whole row with the byte at which it begins; errors as in `read_manifest`."""
    try:
        yield from jsonl.read_offsets(Path(folder) / MANIFEST, Photo.from_json)
    except FileNotFoundError:
        raise UserError(
            f"{folder} has no {MANIFEST}: make one with crawl.py, for instance crawl.py folder"
        ) from None
