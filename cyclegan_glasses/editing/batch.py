"""Photos from files to files: read, edited and written side by side, a report of each."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import numpy as np

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.animation import open_animation
from cyclegan_glasses.editing.clips import Clip, write_clip
from cyclegan_glasses.editing.drawing import Drawing
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.encode import encode, format_of
from cyclegan_glasses.editing.jobs import EditJob
from cyclegan_glasses.editing.journal import Journal
from cyclegan_glasses.editing.models import Translated
from cyclegan_glasses.editing.photograph import Photograph, read_photograph
from cyclegan_glasses.editing.reports import EDITED, FaceReport
from cyclegan_glasses.editing.settings import SWAP, EditSettings, OutputSettings
from cyclegan_glasses.editing.steady import Progress, decide_course, edited_frames
from cyclegan_glasses.editing.targets import Target
from cyclegan_glasses.editing.video import open_video
from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.files import atomic_write, make_folder, open_regular, sha256_of
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.parallel import in_order

Result = TypeVar("Result")
UNCHANGED, SKIPPED, THERE = "unchanged", "skipped", "already there"


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What became of one photo: `edited`, `unchanged`, `skipped` for a `reason`, or `already there`.

    Of a sheet, `reason` says how many frames it shows. `frames` is 1 for a photo, and of an animation or a
    video how many there are; its faces are those of all of them, each reported once.
    """

    source: str
    target: str
    state: str
    reason: str = ""
    faces: list[FaceReport] = field(default_factory=list)
    key: str = ""
    frames: int = 1

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `key` says what the journal knows the photo by."""
        return asdict(self) | {"faces": [face.to_json() for face in self.faces]}


@dataclass(frozen=True, eq=False)
class _Opened:
    """A photo whose faces are known, or a clip, which is gone through later."""

    job: EditJob
    key: str
    photo: Photograph | Clip
    targets: Sequence[Target] = ()
    made: Sequence[Translated] = ()


def edit_files(
    editor: GlassesEditor,
    jobs: Sequence[EditJob],
    direction: str,
    settings: EditSettings,
    output: OutputSettings,
    journal: Path | None = None,
    workers: int = 2,
    drawing: Drawing | None = None,
    progress: Progress = lambda done, total: None,
) -> Iterator[PhotoReport]:
    """Edit photos; yields a report of each, in their order; `direction` and `drawing` as of the editor.

    The next photos are read and the last ones written by `workers` threads while the model works. What the
    journal says is done, by the same model, frame and settings from the same file, is not done again. When it
    is stopped, what is being written is written to its end.

    Args:
        journal: its path, in the folder of the results, which this process then has alone.
        progress: is told how many frames of a clip are done, see `steady.Progress`.

    Raises:
        UserError: the model does not go that way, another process has the folder, or the journal cannot be
            written.
    """
    if drawing is None or direction == SWAP:
        editor.model.get(REMOVE if direction == SWAP else direction)
    with folder_lock(journal.parent) if journal else nullcontext(), ThreadPoolExecutor(workers) as pool:
        work = _Work(editor, direction, settings, output, drawing, Journal(journal), progress)
        opened = in_order(pool, work.read, jobs, in_flight=workers + 1)
        for report in in_order(pool, work.write, map(work.translate, opened), in_flight=workers + 1):
            if report.state == SKIPPED:
                work.journal.end(report.to_json())
            yield report


@dataclass(frozen=True, eq=False)
class _Work:
    """The steps of every photo: what is wrong with one becomes its report, which the later steps pass on."""

    editor: GlassesEditor
    direction: str
    settings: EditSettings
    output: OutputSettings
    drawing: Drawing | None
    journal: Journal
    progress: Progress

    def read(self, job: EditJob) -> _Opened | PhotoReport:
        return _attempted(job, lambda: self._open(job))

    def translate(self, item: _Opened | PhotoReport) -> _Opened | PhotoReport:
        if isinstance(item, PhotoReport):
            return item
        return _attempted(item.job, lambda: self._translate(item))

    def write(self, item: _Opened | PhotoReport) -> PhotoReport:
        if isinstance(item, PhotoReport):
            return item
        return _attempted(item.job, lambda: self._write(item))

    def _open(self, job: EditJob) -> _Opened | PhotoReport:
        facts = job.source.stat()
        output = self.output
        drawn = self.drawing and self.direction == ADD and not self.editor.model.conditioned
        model = () if drawn else (self.editor.model.identity,)
        frame = (self.drawing.key(),) if self.drawing else ()
        recipe = repr((*model, self.direction, *frame, self.settings, output.strip, output.pairs))
        key = f"{facts.st_size} {facts.st_mtime_ns} {recipe}"
        if job.in_place and self.journal.replaced(job.target, recipe):
            return _report(job, THERE, key=key)
        if job.target.exists() and not self.output.overwrite:
            if self.journal.has(job.target, key):
                return _report(job, THERE, key=key)
            advice = "not from this photo with these arguments: add --overwrite"
            raise UserError(f"{job.target} is there already, {advice}")
        if clip := open_animation(job.source) or open_video(job.source):
            clip.check(job.target.suffix.lower())
            return _Opened(job, key, clip)
        photo = read_photograph(job.source)
        format_of(job.target)
        targets = self.editor.find_targets(photo.pixels, self.direction, self.settings, self.drawing)
        if not targets and not self.output.copy_faceless:
            raise UserError(f"{job.source}: no face was found")
        return _Opened(job, key, photo, targets)

    def _translate(self, item: _Opened) -> _Opened | PhotoReport:
        if not isinstance(item.photo, Photograph):
            return self._edit_clip(item, item.photo)
        return replace(item, made=self.editor.translate(item.targets, self.direction, self.settings))

    def _write(self, item: _Opened) -> PhotoReport:
        job, photo, strip = item.job, item.photo, self.output.strip
        assert isinstance(photo, Photograph)
        edited = self.editor.blend(photo.pixels, item.targets, item.made, self.settings, self.drawing)
        pixels, faces = edited
        kind = format_of(job.target)
        changed = any(face.done == EDITED for face in faces)
        unchanged = not changed and kind == photo.format and not strip
        files = {job.target: photo.data if unchanged else encode(photo, pixels, kind, strip)}
        if self.output.pairs:
            files[job.pair] = encode(photo, np.concatenate([photo.pixels, pixels], axis=1), kind, strip)
        make_folder(job.target.parent)
        self.journal.begin(job.target, item.key, hashlib.sha256(files[job.target]).hexdigest())
        for path in reversed(files):  # the result last: where it is, all is
            with atomic_write(path) as file:
                file.write(files[path])
        return self._done(item, faces, changed)

    def _edit_clip(self, item: _Opened, clip: Clip) -> PhotoReport:
        """Go through a clip twice, and write it frame by frame."""
        job, suffix, strip = item.job, item.job.target.suffix.lower(), self.output.strip
        how = (self.direction, self.settings)
        course = decide_course(self.editor, clip, *how, self.drawing, self.progress)
        if not course.faces and not self.output.copy_faceless:
            raise UserError(f"{job.source}: no face was found")
        make_folder(job.target.parent)
        with ExitStack() as files:  # the result last: where it is, all is
            target = cast(BinaryIO, files.enter_context(atomic_write(job.target)))
            pair = cast(BinaryIO, files.enter_context(atomic_write(job.pair))) if self.output.pairs else None
            if course.edits or pair or strip or not clip.is_of(suffix):
                frames = edited_frames(self.editor, clip, course, *how, self.progress)
                write_clip(clip, frames, target, pair, suffix, strip)
            else:
                with open_regular(job.source) as source:
                    shutil.copyfileobj(source, target)
            target.flush()
            self.journal.begin(job.target, item.key, sha256_of(Path(target.name)))
        return self._done(item, course.faces, bool(course.edits), course.frames)

    def _done(self, item: _Opened, faces: list[FaceReport], changed: bool, frames: int = 1) -> PhotoReport:
        """Note what became of a photo whose result is in its place."""
        reason = "; ".join(dict.fromkeys(face.reason for face in faces)) or "no face was found"
        state, reason = (EDITED, "") if changed else (UNCHANGED, reason)
        report = _report(item.job, state, reason, faces, item.key, frames)
        self.journal.end(report.to_json())
        return report


def _attempted(job: EditJob, step: Callable[[], Result]) -> Result | PhotoReport:
    """What `step` makes of a photo; whatever is raised skips this photo alone."""
    try:
        with explained(lambda error: UserError(f"{job.source}: {reason_of(error)}")):
            return step()
    except UserError as error:
        return _report(job, SKIPPED, str(error))


def _report(job: EditJob, state: str, *more: Any, **named: Any) -> PhotoReport:
    return PhotoReport(str(job.source), str(job.target), state, *more, **named)
