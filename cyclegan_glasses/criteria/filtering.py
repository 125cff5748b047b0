"""The criteria over folders: measure what was not measured yet, decide, leave out duplicates.

Three passes over each manifest, a row at a time: rows that were not measured are measured and appended, every
photo is decided on by its scores, and what changed is appended. What is kept in memory is a few numbers a
photo (`duplicates`), so a kill at any time costs at most the batches in flight.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from cyclegan_glasses.attributes.verdicts import AttributeClassifier
from cyclegan_glasses.criteria.copies import Copies
from cyclegan_glasses.criteria.decide import REVIEWED, decide, is_ours
from cyclegan_glasses.criteria.measure import fingerprint, measure
from cyclegan_glasses.criteria.settings import FilterSettings
from cyclegan_glasses.faces.detect import detector_file, process_detector
from cyclegan_glasses.files import write_json
from cyclegan_glasses.parallel import in_order, open_executor
from cyclegan_glasses.photo import REJECTED, Photo, append_photos, current_offsets, photos_at

SETTINGS = "filter.json"
_BATCH = 16
_PASS = 1024
_IN_FLIGHT = 32


@dataclass(slots=True)
class Summary:
    """What came of a filter run.

    `changed` rows have a new verdict, reason or label; `kinds` counts photos by label, verdict, and reason
    without particulars.
    """

    changed: int = 0
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def measure_folders(
    folders: Iterable[Path], settings: FilterSettings, classifier: AttributeClassifier | None = None
) -> Iterator[bool]:
    """Measure every photo of `folders` that was not measured in the same way before, and append its scores.

    Yields for each photo whether it was measured now; may be stopped anywhere and taken up again.

    Raises:
        UserError: a folder has no manifest, a manifest is broken or cannot be written, no face detector.
    """
    yunet = detector_file(settings.yunet)
    stamp = fingerprint(process_detector(yunet), classifier)
    with open_executor(settings.workers, settings.cluster) as executor:
        for folder in folders:
            batches = _batches(photos_at(folder, current_offsets(folder)), stamp)
            work = partial(_measure, folder.absolute(), yunet, classifier)
            # A batch without photos to measure only passes through.
            for skipped, measured in in_order(executor, work, batches, _IN_FLIGHT):
                if measured:
                    append_photos(folder, measured)
                yield from (False,) * skipped
                yield from (True,) * len(measured)


def decide_folders(folders: Iterable[Path], settings: FilterSettings, dry_run: bool = False) -> Summary:
    """Decide on every measured photo of `folders`; duplicates are found across all of them.

    Writes the rows that change, and the settings as `filter.json` beside each manifest; not in a `dry_run`.

    Raises:
        UserError: as `measure_folders`.
    """
    folders = list(folders)
    summary = Summary()
    rows = [current_offsets(folder) for folder in folders]
    copies = Copies(int(settings.thresholds.max_duplicate_bits))
    for folder, offsets in zip(folders, rows, strict=True):
        for photo in photos_at(folder, offsets):
            copies.add(_decided(photo, settings))
    copied, position = copies.find(), count()

    def changed(folder: Path, offsets: np.ndarray) -> Iterator[Photo]:
        for photo in photos_at(folder, offsets):
            new, place = _decided(photo, settings), next(position)
            if place in copied:
                new = _rejected_copy(new, copied[place], folders, rows)
            kind = general(new.reason) if new.verdict == REJECTED else ""
            summary.kinds[new.label, new.verdict, kind] += 1
            if new != photo:
                yield new

    for folder, offsets in zip(folders, rows, strict=True):
        if dry_run:
            summary.changed += sum(1 for _ in changed(folder, offsets))
            continue
        summary.changed += append_photos(folder, changed(folder, offsets))
        write_json(folder / SETTINGS, {"align": settings.align, "thresholds": asdict(settings.thresholds)})
    return summary


def count_photos(folders: Iterable[Path]) -> int:
    """How many photos the manifests of `folders` name.

    Raises:
        UserError: a folder has no manifest, or a broken one.
    """
    return sum(len(current_offsets(folder)) for folder in folders)


def _batches(photos: Iterable[Photo], stamp: str) -> Iterator[tuple[int, tuple[Photo, ...]]]:
    """Photos to measure in batches, with the number of those before them that need not be."""
    skipped, batch = 0, []
    for photo in photos:
        if photo.facts.get("measured") == stamp or not (is_ours(photo) or photo.facts.get(REVIEWED)):
            skipped += 1
        else:
            batch.append(photo)
        if len(batch) == _BATCH or skipped == _PASS:
            yield skipped, tuple(batch)
            skipped, batch = 0, []
    yield skipped, tuple(batch)


def _measure(
    folder: Path,
    yunet: Path | None,
    classifier: AttributeClassifier | None,
    batch: tuple[int, tuple[Photo, ...]],
) -> tuple[int, list[Photo]]:
    skipped, photos = batch
    return skipped, measure(folder, photos, yunet, classifier) if photos else []


def _decided(photo: Photo, settings: FilterSettings) -> Photo:
    if settings.redo_reviewed and photo.facts.get(REVIEWED):
        facts = {name: value for name, value in photo.facts.items() if name != REVIEWED}
        photo = dataclasses.replace(photo, facts=facts)
    return decide(photo, settings.thresholds, settings.align) if is_ours(photo) else photo


def _rejected_copy(photo: Photo, kept: int, folders: list[Path], rows: list[np.ndarray]) -> Photo:
    """`photo` rejected as a copy of the photo at position `kept` over all folders."""
    place = 0
    while kept >= len(rows[place]):
        kept -= len(rows[place])
        place += 1
    other = next(photos_at(folders[place], rows[place][kept : kept + 1]))
    where = other.path if len(folders) == 1 else f"{folders[place].name}/{other.path}"
    if other.sha256 != photo.sha256:
        message = f"nearly the same picture as {where}"
    elif other.label == photo.label:
        message = f"the same file as {where}"
    else:
        message = f"labelled {photo.label}, the same file as {where} labelled {other.label}"
    return dataclasses.replace(photo, verdict=REJECTED, reason=f"duplicates: {message}")


def general(reason: str) -> str:
    """A reason without what is particular to one photo: numbers become an ellipsis, paths are left out.

    >>> general("eyes: turned 41 degrees to the side")
    'eyes: turned … degrees to the side'
    """
    reason = re.sub(r"the same (file|picture) as .*", r"the same \1 as another", reason)
    return re.sub(r"-?\d+(\.\d+)?", "…", reason)
