"""Clips edited without flicker: every face followed, decided on once, and edited in the same place and way.

The clip is gone through twice. First its faces are found and followed (`tracks`), and now and then a frame is
edited as a photo is, only to see what becomes of each face. A face is then edited in all its frames, or in
none, as most of these trials say, with its landmarks steadied, and a frame that suits is chosen once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cyclegan_glasses.editing.clips import Clip
from cyclegan_glasses.editing.drawing import Drawing
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.photograph import to_rgb8
from cyclegan_glasses.editing.reports import EDITED, LEFT, FaceReport
from cyclegan_glasses.editing.settings import ALL, EditSettings
from cyclegan_glasses.editing.tracks import Track, Tracker, steadied
from cyclegan_glasses.faces.face import Face

#: Seconds between two trials.
TRIAL = 0.5
#: Called with the number of frames that are done, and of all that there are; each is gone through twice.
Progress = Callable[[int, int], None]
_BRIEF = "seen for a moment only"


@dataclass(eq=False)
class _Followed:
    """A track with what became of its face in the trials."""

    track: Track
    trials: list[FaceReport] = field(default_factory=list)
    drawing: Drawing | None = None
    yaw: float = float("inf")

    def note(self, report: FaceReport, seen: np.ndarray, face: Face, drawing: Drawing | None) -> None:
        """Take what became of the face in a trial on `seen`, uint8 RGB (height, width, 3).

        The frame that is drawn is the one that suits where it looked straightest at the camera.
        """
        self.trials.append(report)
        yaw = abs(report.yaw or 0.0)
        if drawing is not None and yaw < self.yaw:
            name, frame = drawing.frame_for(seen, face)
            self.drawing, self.yaw = replace(drawing, frame=frame, name=name), yaw

    def report(self, long_enough: bool) -> FaceReport:
        """What becomes of the face in all frames: what most trials say, by the largest of those."""
        edited = [trial for trial in self.trials if trial.done == EDITED]
        left = [trial for trial in self.trials if trial.done != EDITED]
        report = max(edited if len(edited) >= len(left) else left, key=lambda trial: trial.box[3])
        return report if long_enough or report.done != EDITED else replace(report, done=LEFT, reason=_BRIEF)


@dataclass(frozen=True, eq=False)
class Course:
    """What is to be done in a clip.

    Attributes:
        faces: a report of each face, largest first.
        edits: tracks of the faces that are to be edited, each with the drawing for it.
        frames: how many frames there are.
    """

    faces: list[FaceReport]
    edits: list[tuple[Track, Drawing | None]]
    frames: int


def decide_course(
    editor: GlassesEditor,
    clip: Clip,
    direction: str,
    settings: EditSettings,
    drawing: Drawing | None = None,
    progress: Progress = lambda done, total: None,
) -> Course:
    """Go through a clip and decide what is to be done in it; arguments as of `GlassesEditor.edit`.

    Raises:
        UnreadablePicture: a frame cannot be read.
        UserError: see `GlassesEditor.edit`.
    """
    tracker, followed, count = Tracker(clip.rate), dict[int, _Followed](), 0
    due = max(1, round(TRIAL * clip.rate))
    for number, pixels in enumerate(clip.frames()):
        seen = to_rgb8(pixels)
        faces = editor.detector.find_faces(seen)
        tracks = tracker.add(seen, faces)
        fresh = [track for track in tracks if id(track) not in followed]
        for track in fresh:
            followed[id(track)] = _Followed(track)
        if faces and (fresh or number % due == 0):
            trial = replace(editor, detector=_Known(faces)).edit(pixels, direction, settings, drawing)
            for face, track, report in zip(faces, tracks, trial.faces, strict=True):
                followed[id(track)].note(report, seen, face, drawing)
        count = number + 1
        progress(count, 2 * max(clip.count, count))
    reports, edits = list[FaceReport](), list[tuple[Track, Drawing | None]]()
    for known in followed.values():
        report = known.report(tracker.is_long_enough(known.track))
        reports.append(report)
        if report.done == EDITED:
            edits.append((steadied(known.track, clip.rate), known.drawing))
    reports.sort(key=lambda report: -report.box[2] * report.box[3])
    return Course(reports, edits, count)


def edited_frames(
    editor: GlassesEditor,
    clip: Clip,
    course: Course,
    direction: str,
    settings: EditSettings,
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every frame of a clip as it was and edited; arguments as of `decide_course`, errors too."""
    forced = replace(settings, face=ALL, force=True, check=False)
    for number, pixels in enumerate(clip.frames()):
        edited = pixels
        for track, drawing in course.edits:
            if number in track.places:
                alone = replace(editor, detector=_Known([track.face(number)]), classifier=None)
                edited = alone.edit(edited, direction, forced, drawing).picture
        yield pixels, edited
        progress(course.frames + number + 1, 2 * course.frames)


@dataclass(eq=False)
class _Known:
    """A detector that knows where the faces are."""

    faces: Sequence[Face]
    name: str = "known"

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """See `faces.detect.FaceDetector`."""
        return [*self.faces]
