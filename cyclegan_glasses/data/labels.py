"""What is known of aligned faces: glasses, gender, age, landmarks; from manifests or a table."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.known import known_landmarks, known_yaw
from cyclegan_glasses.photo import MANIFEST, REJECTED, Photo, latest_photos
from cyclegan_glasses.sources.folder import FolderSource
from cyclegan_glasses.walk import is_hidden

#: Indices into `GENDERS` of the terms that tables use.
_GENDER = {"male": 0, "man": 0, "m": 0, "masculine": 0, "female": 1, "woman": 1, "f": 1, "feminine": 1}
#: One in so many training faces is held out for calibration, where no split `val` says which.
HELD_OUT = 16
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FaceLabels:
    """What is known of a face; −1, NaN or None where it is not.

    Attributes:
        glasses: index into `CLASSES`.
        gender: index into `attributes.verdicts.GENDERS`.
        age: years.
        landmarks: float64 (5, 2), in fractions of the crop's side, as in `faces.detect`.
        yaw: of the head in degrees, positive towards the picture's right.
        group: what fairness is measured by.
    """

    glasses: int = -1
    gender: int = -1
    age: float = float("nan")
    landmarks: np.ndarray | None = None
    yaw: float = 0.0
    group: dict[str, str] = field(default_factory=dict)


def read_labels(root: Path, phase: str, settings: LabelSettings) -> list[tuple[Path, FaceLabels]]:
    """The faces of a phase with their labels, ordered by path.

    The faces are those that the table names, or those of the manifests below `root`. A manifest says what is
    `train` and what `test`; a face of a table is of both. Where nothing says what is `val`, a sixteenth of
    `train` is, by a hash of the path, and no longer `train`.

    Raises:
        UserError: no manifest or table, a broken one, or no picture of that phase.
    """
    photos = _listed(root, settings)
    named = any(photo.split == "val" for _, photo in photos)
    rows = [(path, labels_of(photo)) for path, photo in photos if _belongs(photo, phase, named)]
    if not rows:
        raise UserError(f"{root} lists no face of phase {phase}: see --phase, or give --labels FILE.csv")
    hidden: dict[str, Any] = {"glasses": -1, "gender": -1, "age": float("nan")}
    for place, (path, labels) in enumerate(rows):
        if _hash(f"share {path.name}") % 10_000 >= settings.fraction * 10_000:
            rows[place] = path, replace(labels, **hidden)
    return sorted(rows, key=lambda row: row[0].as_posix())


def labels_of(photo: Photo) -> FaceLabels:
    """What `photo` says of its face."""
    label = photo.label or str(photo.facts.get("label", ""))
    landmarks = known_landmarks(photo) if photo.width else None
    return FaceLabels(
        glasses=CLASSES.index(label) if label in CLASSES else -1,
        gender=_GENDER.get(photo.group.get("gender", "").casefold(), -1),
        age=years(photo.group.get("age", "")),
        landmarks=None if landmarks is None else landmarks / photo.width,
        yaw=known_yaw(photo),
        group=photo.group,
    )


def years(text: str) -> float:
    """An age as text: a number, a band (its middle; the end year counts), or more than a number; else NaN.

    >>> years("20-29"), years("37"), years("more than 70")
    (25.0, 37.0, 75.0)
    """
    match [int(digits) for digits in re.findall(r"\d{1,3}", text)]:
        case [first, last]:
            return (first + last + 1) / 2
        case [age]:
            return age + 5.0 if "more" in text or "+" in text else float(age)
    return float("nan")


def _listed(root: Path, settings: LabelSettings) -> list[tuple[Path, Photo]]:
    if settings.table is not None:
        entries = tuple((name, name) for name in CLASSES)
        listed = FolderSource(root, Path(settings.table), label_words=entries).photos()
        return [(root / item.photo.path, item.photo) for item in listed]
    folders = [
        path.parent
        for path in sorted([*root.glob(MANIFEST), *root.glob(f"*/{MANIFEST}")])
        if not is_hidden(path.relative_to(root).as_posix())  # what a build has not finished
    ]
    if not folders:
        raise UserError(
            f"there is no {MANIFEST} in {root} or a folder of it: make one with crawl.py, or give --labels"
        )
    return [(folder / photo.path, photo) for folder in folders for photo in latest_photos(folder).values()]


def _belongs(photo: Photo, phase: str, named: bool) -> bool:
    """Whether `photo` is of `phase`; `named`: the manifests say themselves what is `val`."""
    if photo.verdict == REJECTED:
        return False
    if named or phase not in ("train", "val"):
        return photo.split in (phase, "")
    held_out = _hash(photo.origin or photo.path) % HELD_OUT == 0
    return photo.split in ("train", "") and (phase == "val") == held_out


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "little")
