"""The faces of a stream, edited picture by picture as they come: a camera as a mirror.

What a photo gets in one go is spread out. In every picture the known faces are followed by the landmark
networks alone, and edited where they are, with their landmarks made steady. Now and then one picture is
surveyed in a thread of its own: all faces are found and classified, it is decided what becomes of each, as
for a photo, and the light around them is read. Between two surveys the light and what hides a frame move
along with the face, and so does what the model changed, for as long as the face looks the same.
"""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.blend import Change, apply_change, fade, measure_change
from cyclegan_glasses.editing.drawing import Drawing, draw
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.live_faces import VIEW, Finding, LiveFace, Making, Placed
from cyclegan_glasses.editing.models import translate
from cyclegan_glasses.editing.reports import FaceReport
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.editing.tracks import GAP, OVERLAP, overlap
from cyclegan_glasses.faces.align import align, alignment_of
from cyclegan_glasses.faces.face import Face
from cyclegan_glasses.faces.pyramid import PyramidDetector

#: Seconds between two surveys; and where a face is missing.
SURVEY, SOON = 0.5, 0.15
#: Side in pixels of the aligned face that the change of the model is measured on: half the time of that of a
#: photo, and nearly as fine as faces before a camera are.
BLENDED = 160
#: Seconds after which the model is asked again, and pictures that it is asked about at a time.
REFRESH, AT_ONCE = 0.15, 2
#: How much of two boxes is common where one face is followed twice.
_SAME = 0.6


@dataclass(frozen=True, eq=False)
class Look:
    """What is done to the faces of a stream; may be another one for each picture.

    Attributes:
        direction: `AtoB` removes, `BtoA` adds, `swap` removes and draws; None leaves all as it is.
        drawing: the frame that is drawn; a frame that suits each face by default. Of no use for `AtoB`.
    """

    direction: str | None = None
    drawing: Drawing = field(default_factory=Drawing)

    @property
    def drawn(self) -> Drawing | None:
        """The drawing, where something is drawn."""
        return None if self.direction in (None, REMOVE) else self.drawing


@dataclass(eq=False)
class Timings:
    """Seconds that each step took, over all pictures; may be shared by threads."""

    seconds: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what happens in the block."""
        begin = clock.perf_counter()
        yield
        passed = clock.perf_counter() - begin
        with self._lock:
            self.seconds[name] = self.seconds.get(name, 0.0) + passed


@dataclass(frozen=True, eq=False)
class Survey:
    """One picture that is surveyed.

    Attributes:
        findings: of all its faces.
        direction: that it is surveyed for.
        known: the faces that were followed, as they were in it.
    """

    findings: Future[list[Finding]]
    direction: str
    known: dict[LiveFace, Face]

    def known_as(self, face: Face) -> LiveFace | None:
        """The known face that was found as `face`."""
        common = {one: overlap(_corners(face), _corners(before)) for one, before in self.known.items()}
        best = max(common, key=common.__getitem__, default=None)
        return best if best is not None and common[best] >= OVERLAP else None


class LiveEditor:
    """Edits one stream. Several may share an editor; each is asked by one thread at a time, `render` apart.

    Attributes:
        timings: what the steps took.
    """

    def __init__(self, editor: GlassesEditor, waits: bool = False) -> None:
        """Begin a stream.

        Args:
            editor: finds, classifies and edits; may be shared.
            waits: survey at once and not beside the pictures: the result depends on the pictures and their
                times alone.
        """
        self.editor, self.timings = replace(editor, upright=True), Timings()
        self._follower = PyramidDetector()
        self._waits = waits
        self._surveyor = ThreadPoolExecutor(1, "survey")
        self._remover = ThreadPoolExecutor(AT_ONCE, "remover")
        self._survey: Survey | None = None
        self._surveyed = self._time = -1e9
        self._direction: str | None = None
        self._faces: list[LiveFace] = []

    @property
    def faces(self) -> list[FaceReport]:
        """What became of each face of the last picture."""
        return [replace(one.report, box=one.face.box) for one in self._faces if not one.lost]

    def edit(self, picture: np.ndarray, look: Look, time: float | None = None) -> np.ndarray:
        """The next picture of the stream, edited; both uint8 RGB (height, width, 3).

        Args:
            picture: stays as it is.
            time: when it was taken, in seconds; now by default.
        """
        return self.render(picture, self.place(picture, look, time))

    def place(self, picture: np.ndarray, look: Look, time: float | None = None) -> list[Placed]:
        """First step of `edit`, in the order of the pictures: where the faces are, and what is to be done."""
        now = clock.monotonic() if time is None else time
        passed, self._time = max(now - self._time, 0.0), now
        if look.direction is None:
            self._faces.clear()
            return []
        if look.direction != self._direction:
            self._direction, self._surveyed = look.direction, -1e9
            for one in self._faces:
                one.forget()
        with self.timings.step("follow"):
            for one in self._faces:
                one.follow(self._follower, picture, now)
        self._take_survey(picture, now)
        self._drop(now)
        self._begin_survey(picture, look, now)
        with self.timings.step("place"):
            placed = {one: one.placed(look.drawn, passed) for one in self._faces}
        for one, edit in placed.items():
            if edit is not None and edit.removes:
                placed[one] = replace(edit, removal=self._removal(one, picture, now))
        return [edit for edit in placed.values() if edit is not None]

    def render(self, picture: np.ndarray, placed: Sequence[Placed]) -> np.ndarray:
        """Second step of `edit`, which may run in any thread and order: the edited picture."""
        result = picture.copy()
        for one in placed:
            before = result.copy() if one.strength < 1 else result
            if one.removal is not None:
                change = one.removal.result()
                with self.timings.step("blend"):
                    size, framing = len(change.mask), self.editor.model.get(REMOVE).framing
                    apply_change(result, change, alignment_of(one.face, size, picture.shape, framing))
            if one.frame is not None:
                with self.timings.step("draw"):
                    frame, pose, scene = one.frame
                    draw(result, frame, (pose, scene))
            if one.strength < 1:
                fade(result, before, one.strength)
        return result

    def close(self) -> None:
        """End the stream."""
        for pool in (self._surveyor, self._remover):
            pool.shutdown(cancel_futures=True)

    def _removal(self, one: LiveFace, picture: np.ndarray, now: float) -> Future[Change]:
        """What takes the glasses off a face of this picture: what did so before, if that still fits it."""
        with self.timings.step("align"):
            view, _ = align(picture, one.face, VIEW, self.editor.model.get(REMOVE).framing)
        known = one.fitting(view)
        if known is None or (now - known.taken >= REFRESH and not one.waits):
            making = Making(view, now, self._remover.submit(self._make, picture, one.face))
            one.makings.append(making)
            if known is None or self._waits:
                known = making
        return known.change

    def _make(self, picture: np.ndarray, face: Face) -> Change:
        """Ask the model what takes the glasses off a face."""
        generator = self.editor.model.get(REMOVE)
        with self.timings.step("align"):
            crop, _ = align(picture, face, generator.size, generator.framing)
        with self.timings.step("model"):
            made = translate(generator, crop[None], 1)[0]
        with self.timings.step("measure"):
            size = min(BLENDED, generator.size)
            before, after = _shrunk(crop.astype(np.float32), size), _shrunk(made.picture, size)
            covered = None if made.frame is None else _shrunk(made.frame, size)
            return measure_change(before, after, covered, bounded=True)

    def _begin_survey(self, picture: np.ndarray, look: Look, now: float) -> None:
        """Survey this picture where it is time, or a face is missing."""
        interval = SOON if any(one.lost for one in self._faces) else SURVEY
        if self._survey or now - self._surveyed < interval or look.direction is None:
            return
        direction, drawing = look.direction, look.drawn

        def survey() -> list[Finding]:
            with self.timings.step("survey"):
                targets = self.editor.find_targets(picture, direction, EditSettings(), drawing)
                return [Finding.of(picture, target, drawing) for target in targets]

        known = {one: one.face for one in self._faces}
        self._surveyed, self._survey = now, Survey(self._surveyor.submit(survey), direction, known)
        if self._waits:
            self._take_survey(picture, now)

    def _take_survey(self, picture: np.ndarray, now: float) -> None:
        """Take what the survey found, once it is done: of known faces, and new ones."""
        if self._survey is None or not (self._waits or self._survey.findings.done()):
            return
        survey, self._survey = self._survey, None
        findings = survey.findings.result()
        for finding in findings if survey.direction == self._direction else ():
            one = survey.known_as(finding.target.face)
            if one is None or one not in self._faces:
                one = LiveFace(finding.target.face, now, finding.target.report, lost=True)
            if one.lost:
                one.find_again(finding.target.face)
                one.follow(self._follower, picture, now)
            if not one.lost:
                one.take(finding)
                self._faces = self._faces if one in self._faces else [*self._faces, one]

    def _drop(self, now: float) -> None:
        """Forget faces that have been missing for long, and those that are followed twice."""
        kept: list[LiveFace] = []
        for one in self._faces:
            place = _corners(one.face)
            twice = any(overlap(place, _corners(other.face)) >= _SAME for other in kept)
            if now - one.seen <= GAP and not twice:
                kept.append(one)
        self._faces = kept


def _corners(face: Face) -> np.ndarray:
    """Upper left and lower right corner of the box, (2, 2)."""
    left, top, width, height = face.box
    return np.array([[left, top], [left + width, top + height]])


def _shrunk(values: np.ndarray, size: int) -> np.ndarray:
    """Values of an aligned face on one of `size` pixels."""
    return cv2.resize(values, (size, size), interpolation=cv2.INTER_AREA)
