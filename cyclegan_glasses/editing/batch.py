"""Photos from files to files: read, edited and written side by side, a report of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses import jsonl
from cyclegan_glasses.editing.editor import EDITED, FaceReport, GlassesEditor, Target
from cyclegan_glasses.editing.encode import encode, format_of
from cyclegan_glasses.editing.jobs import EditJob
from cyclegan_glasses.editing.photograph import Photograph, read_photograph
from cyclegan_glasses.editing.settings import EditSettings, OutputSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.images import UnreadablePicture
from cyclegan_glasses.parallel import in_order

JOURNAL = "edits.jsonl"
UNCHANGED, SKIPPED, THERE = "unchanged", "skipped", "already there"


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What became of one photo: `edited`, `unchanged`, `skipped` for a `reason`, or `already there`."""

    source: str
    target: str
    state: str
    reason: str = ""
    faces: list[FaceReport] = field(default_factory=list)
    key: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `key` says what the journal knows the photo by."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {
            "faces": [face.to_json() for face in self.faces]
        }


@dataclass(frozen=True, eq=False)
class _Opened:
    """A photo whose faces are known, or why it is not edited."""

    job: EditJob
    key: str
    photo: Photograph | None = None
    targets: Sequence[Target] = ()
    crops: Sequence[np.ndarray] = ()
    report: PhotoReport | None = None


def edit_files(
    editor: GlassesEditor,
    jobs: Sequence[EditJob],
    direction: str,
    settings: EditSettings,
    output: OutputSettings,
    journal: Path | None = None,
    workers: int = 2,
) -> Iterator[PhotoReport]:
    """Edit photos; yields a report of each, in their order.

    The next photos are read and the last ones written by `workers` threads while the model works. What the
    journal says is done, by the same model and settings from the same file, is not done again.

    Raises:
        UserError: the model does not go that way, or the journal cannot be written.
    """
    editor.model.get(direction)
    done = _read_journal(journal)
    recipe = repr((editor.model.source, direction, settings, output.strip, output.pairs))

    def read(job: EditJob) -> _Opened:
        return _guarded(job, lambda key: _open(editor, job, key, direction, settings, output, done), recipe)

    def translated() -> Iterator[_Opened]:
        for item in in_order(pool, read, jobs, in_flight=workers + 1):
            crops = editor.translate(item.targets, direction, settings) if item.report is None else ()
            yield _Opened(item.job, item.key, item.photo, item.targets, crops, item.report)

    def write(item: _Opened) -> PhotoReport:
        if item.report is not None or item.photo is None:
            return item.report or PhotoReport(str(item.job.source), str(item.job.target), SKIPPED)
        try:
            return _write(editor, item, item.photo, settings, output)
        except UserError as error:
            return PhotoReport(str(item.job.source), str(item.job.target), SKIPPED, str(error))

    with ThreadPoolExecutor(workers) as pool:
        for report in in_order(pool, write, translated(), in_flight=workers + 1):
            if journal is not None and report.state != THERE:
                jsonl.append(journal, [json.dumps(report.to_json(), ensure_ascii=False)])
            yield report


def _guarded(job: EditJob, work: Callable[[str], _Opened], recipe: str) -> _Opened:
    """`work` with the key of the photo and its recipe; what is wrong with a photo becomes its report."""
    try:
        facts = job.source.stat()
        return work(f"{facts.st_size} {facts.st_mtime_ns} {recipe}")
    except UnreadablePicture as error:
        reason = f"{error.path}: {error.reason}"
    except UserError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{job.source}: {error.strerror or error}"
    except MemoryError:
        reason = f"{job.source}: not enough memory for so large a picture"
    return _Opened(job, "", report=PhotoReport(str(job.source), str(job.target), SKIPPED, reason))


def _open(
    editor: GlassesEditor,
    job: EditJob,
    key: str,
    direction: str,
    settings: EditSettings,
    output: OutputSettings,
    done: dict[str, str],
) -> _Opened:
    source, target = str(job.source), str(job.target)
    if job.target.exists() and not output.overwrite:
        if done.get(target) != key:
            raise UserError(
                f"{target} is there already, not from this photo with these arguments: add --overwrite"
            )
        return _Opened(job, key, report=PhotoReport(source, target, THERE, key=key))
    format_of(job.target)
    photo = read_photograph(job.source)
    targets = editor.find_targets(photo.pixels, direction, settings)
    if not targets and not output.copy_faceless:
        raise UserError(f"{source}: no face was found")
    return _Opened(job, key, photo, targets)


def _write(
    editor: GlassesEditor, item: _Opened, photo: Photograph, settings: EditSettings, output: OutputSettings
) -> PhotoReport:
    pixels, faces = editor.blend(photo.pixels, item.targets, item.crops, settings)
    kind = format_of(item.job.target)
    edited = any(face.done == EDITED for face in faces)
    unchanged = not edited and kind == photo.format and not output.strip
    files = {item.job.target: photo.data if unchanged else encode(photo, pixels, kind, output.strip)}
    if output.pairs:
        files[item.job.pair] = encode(photo, beside(photo.pixels, pixels), kind, output.strip)
    make_folder(item.job.target.parent)
    for path, data in files.items():
        with atomic_write(path) as file:
            file.write(data)
    reason = "" if edited else "; ".join(dict.fromkeys(face.reason for face in faces)) or "no face was found"
    state = EDITED if edited else UNCHANGED
    return PhotoReport(str(item.job.source), str(item.job.target), state, reason, faces, item.key)


def beside(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Two pictures of one shape (height, width, channels) side by side."""
    return np.concatenate([before, after], axis=1)


def _read_journal(journal: Path | None) -> dict[str, str]:
    """The keys of what was done, by target."""
    if journal is None or not journal.is_file():
        return {}
    return dict(jsonl.read(journal, _target_and_key, skip_damaged=True))


def _target_and_key(line: str) -> tuple[str, str]:
    report = json.loads(line)
    return str(report["target"]), str(report["key"])
