"""The glasses sets on Kaggle, as the downloaded zip or the folder that it was unpacked to.

Three layouts are known: `train.csv` and `test.csv` beside `face-1.png …` (`jeffheaton/glasses-or-no-glasses`,
5,000 faces of 1024x1024 that a GAN made), and pictures in one folder per class (its cleaned variant with
`glasses` and `no_glasses`; sets with `plain`, `sunglasses`, coverings).
"""

from __future__ import annotations

import csv
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.errors import UserError, explained
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.archive import Archive, open_archive
from cyclegan_glasses.sources.source import SourcePhoto
from cyclegan_glasses.walk import report

DATASET = "jeffheaton/glasses-or-no-glasses"
CLASSES = {
    **dict.fromkeys(("glasses", "eyeglasses", "withglasses"), GLASSES),
    **dict.fromkeys(("plain", "noglasses", "withoutglasses"), NONE),
    **dict.fromkeys(("sunglasses", "sunglassesimagenet"), SUNGLASSES),
    **dict.fromkeys(("covering", "coverings"), ""),
}
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    "test": "test",
}
_LABELS = {0.0: NONE, 1.0: GLASSES}
_FACE = re.compile(r"face-0*([0-9]{1,9})\.\w+$", re.IGNORECASE)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KaggleSource:
    """A glasses set of Kaggle.

    Attributes:
        source: the downloaded archive or the folder that it was unpacked to.
        origin: what origins begin with instead of the path, where that says more.
    """

    name: ClassVar[str] = "kaggle"

    source: Path
    origin: str = ""

    def photos(self) -> Iterator[SourcePhoto]:
        """Every picture of the set with its label; one that the set does not label has none.

        Raises:
            UserError: none of the layouts, or a table without the columns `id` and `glasses`.
        """
        with open_archive(self.source) as archive:
            names = (name for name in archive.names() if name.lower().endswith(".csv"))
            tables = {name.rpartition("/")[2].lower(): name for name in names}
            photos = _by_table(archive, tables) if "train.csv" in tables else _by_folder(archive)
            for member, photo in photos:
                origin = f"{self.origin}!{member}" if self.origin else archive.origin(member)
                yield SourcePhoto(replace(photo, source=self.name, origin=origin), archive.content(member))


def download(dataset: str) -> Path:
    """Fetch a Kaggle data set with the person's own credentials, through kagglehub, and return its folder.

    Raises:
        UserError: kagglehub is not installed, or Kaggle refuses.
    """
    try:
        import kagglehub
    except ImportError:
        raise UserError(
            "--download needs kagglehub: pip install 'kagglehub>=0.3', or give an archive"
        ) from None

    def refused(error: Exception) -> UserError:
        message = " ".join(str(error).split())[:120] or type(error).__name__
        hint = "check the name, the connection, ~/.kaggle/kaggle.json"
        return UserError(f"Kaggle did not give {dataset} ({message}): {hint}")

    with explained(refused):
        return Path(kagglehub.dataset_download(dataset))


def label_rows(lines: Iterable[str], name: str, labelled: bool = True) -> Iterator[tuple[int, str]]:
    """Face number and label from a table; of its columns only `id` and `glasses` are kept.

    A table that is not `labelled` gives empty labels.

    Raises:
        UserError: a column is missing, or a row whose number or label cannot be read.
    """
    reader = csv.reader(lines)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        wanted = ["id", "glasses"] if labelled else ["id"]
        if missing := [column for column in wanted if column not in header]:
            raise UserError(
                f"{name} has no column {missing[0]}: it should read id,v1,v2,… and end with glasses"
            )
        places = [header.index(column) for column in wanted]
        for row in filter(None, reader):
            try:
                face, *glasses = (float(row[place]) for place in places)
                if not face.is_integer():
                    raise ValueError("not a whole number")
                yield int(face), _LABELS[glasses[0]] if glasses else ""
            except (ValueError, IndexError, KeyError):
                raise UserError(
                    f"{name} line {reader.line_num} has no whole id, or glasses other than 0 or 1: mend it"
                ) from None
    except csv.Error as error:
        raise UserError(f"{name} line {reader.line_num} is not CSV ({error}): download it again") from None


def _by_table(archive: Archive, tables: dict[str, str]) -> Iterator[tuple[str, Photo]]:
    left_out: Counter[str] = Counter()
    faces: dict[int, str] = {}
    for name in archive.pictures():
        if match := _FACE.search(name):
            faces[int(match[1])] = name
        else:
            left_out["pictures that are not called face-1 and the like"] += 1
    if not faces:
        raise UserError(
            f"{archive.path} has a train.csv but no pictures face-1.png …: give the whole data set"
        )
    missing, listed = 0, set[int]()
    for table in filter(tables.__contains__, ("train.csv", "test.csv")):
        member = tables[table]
        for face, label in label_rows(archive.lines(member), archive.origin(member), table == "train.csv"):
            if face in faces:
                listed.add(face)
                name, facts = faces[face].rpartition("/")[2], {"table": table, "generated": True}
                yield faces[face], Photo(f"photos/{name}", label=label, facts=facts)
            else:
                missing += 1
    if missing:
        logger.warning("%d rows of the tables have no picture in %s", missing, archive.path)
    left_out["pictures that no table lists"] = len(faces.keys() - listed)
    report(archive.path, left_out)


def _by_folder(archive: Archive) -> Iterator[tuple[str, Photo]]:
    known, left_out = False, Counter[str]()
    for member in archive.pictures():
        *folders, name = member.split("/")
        folded = [re.sub(r"[^a-z]", "", folder.lower()) for folder in folders]
        kind = next((i for i in reversed(range(len(folders))) if folded[i] in CLASSES), None)
        if kind is None:
            left_out[f"pictures in {folders[-1] if folders else 'no folder'}"] += 1
            continue
        known = True
        split = next((_SPLITS[folder] for folder in folded if folder in _SPLITS), "")
        path = f"photos/{folders[kind]}/{name}"
        yield member, Photo(path, label=CLASSES[folded[kind]], split=split, facts={"class": folders[kind]})
    if not known:
        raise UserError(
            f"{archive.path} has neither train.csv nor class folders with pictures ({', '.join(CLASSES)}): "
            "give the downloaded zip or its folder"
        )
    report(archive.path, left_out, f"classes are folders called {', '.join(CLASSES)}")
