"""What the live editor knows of a face that it follows."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from cyclegan_glasses.editing.blend import Change
from cyclegan_glasses.editing.drawing import AnyFrame, Drawing
from cyclegan_glasses.editing.filters import blur, largest
from cyclegan_glasses.editing.reports import EDITED, FaceReport
from cyclegan_glasses.editing.targets import MOST_YAW, MOST_YAW_OFF, Target
from cyclegan_glasses.editing.tracks import OneEuro
from cyclegan_glasses.faces.align import yaw_of
from cyclegan_glasses.faces.face import Face
from cyclegan_glasses.faces.landmark_crops import similarity
from cyclegan_glasses.faces.pyramid import PyramidDetector
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.moving import carried, mixed
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.scene import Scene

#: By how many hertz the cut-off frequency of the landmarks rises with an eye distance a second: nothing may
#: lag behind the face, since a stream cannot be gone through backwards.
RISE = 20.0
#: So many surveys are remembered, most of which decide what becomes of a face.
_SURVEYS = 3
#: Seconds over which an edit appears and vanishes, and share of the light that each survey brings in.
FADE, LIGHT = 0.15, 0.4
#: Side in pixels of the aligned face that tells whether it still looks the same, the rows and columns of it
#: where glasses are, and the mean difference there, without noise, in levels, up to which it does.
VIEW, AT_EYES, ALIKE = 56, (slice(12, 36), slice(5, 51)), 2.0
#: A face that is turned by more than the limit for a photo is edited up to so many degrees more, once begun.
_MORE_YAW = 5.0


@dataclass(frozen=True, eq=False)
class Finding:
    """What a survey tells of one face.

    Attributes:
        target: as the editor sees it in the picture that was surveyed.
        scene: around it, in that picture; None where nothing is to be drawn.
        frame: name and frame that are to be drawn, if any.
    """

    target: Target
    scene: Scene | None
    frame: tuple[str, AnyFrame] | None

    @staticmethod
    def of(picture: np.ndarray, target: Target, drawing: Drawing | None) -> Finding:
        """Look closer at a target of `picture`, uint8 RGB (height, width, 3)."""
        if drawing is None or target.report.done != EDITED:
            return Finding(target, None, None)
        pose = fit_pose(target.face.landmarks, drawing.pupils)
        return Finding(target, read_scene(picture, pose), drawing.frame_for(picture, target.face))


@dataclass(frozen=True, eq=False)
class Making:
    """What takes the glasses off a face, asked of the model for one picture.

    Attributes:
        view: the face in that picture, aligned, uint8 RGB (VIEW, VIEW, 3).
        taken: when that was, in seconds.
    """

    view: np.ndarray
    taken: float
    change: Future[Change]

    def fits(self, view: np.ndarray) -> bool:
        """Whether it also takes them off a face that looks like this."""
        apart = view[AT_EYES].astype(np.float32) - self.view[AT_EYES]
        return float(largest(blur(apart, 1.0)).mean()) <= ALIKE


@dataclass(frozen=True, eq=False)
class Placed:
    """What is to be done to one face of a picture; does not change any more.

    Attributes:
        removes: the model takes glasses off.
        removal: what it changes, once it is known; None where it takes nothing off.
        frame: what is drawn, with the pose of the head and the scene around it; None for nothing.
        strength: 0 to 1, fades the edit.
    """

    face: Face
    removes: bool
    frame: tuple[AnyFrame, Pose, Scene] | None
    strength: float
    removal: Future[Change] | None = None


@dataclass(eq=False)
class LiveFace:
    """One face that is followed.

    Attributes:
        face: where it was seen last, made steady.
        seen: when that was, in seconds.
        report: what becomes of it.
        lost: it was not found in the last picture.
        makings: what the model made of it last, and what it is still asked for.
    """

    face: Face
    seen: float
    report: FaceReport
    lost: bool = False
    makings: list[Making] = field(default_factory=list)
    _points: np.ndarray = field(init=False)
    _motion: np.ndarray = field(init=False)
    _smooth: OneEuro = field(init=False)
    _votes: deque[Target] = field(default_factory=lambda: deque(maxlen=_SURVEYS))
    _removes: bool = False
    _scene: tuple[Scene, np.ndarray] | None = None
    _frame: tuple[str, AnyFrame] | None = None
    _strength: float = 0.0

    def __post_init__(self) -> None:
        self.find_again(self.face)

    def find_again(self, face: Face) -> None:
        """Begin to follow it from where it was found, all at once."""
        self.face, self._points, self._motion = face, face.landmarks, np.zeros((5, 2))
        self._smooth = OneEuro(RISE, together=True)

    def follow(self, detector: PyramidDetector, picture: np.ndarray, time: float) -> None:
        """Find it in the next picture, where it is expected to have moved on, or else not to have moved."""
        seconds = max(time - self.seen, 1e-3)
        expected = self._points + self._motion * seconds
        face = detector.follow(picture, expected) or detector.follow(picture, self._points)
        self.lost = face is None
        if face is not None:
            self._motion = (face.landmarks - self._points) / seconds if self.seen < time else self._motion
            self._points = face.landmarks
            unit = float(np.hypot(*(self._points[1] - self._points[0])))
            steady = self._smooth.add(self._points, seconds, max(unit, 1.0))
            self.face, self.seen = Face(face.box, face.score, steady), time

    def take(self, finding: Finding) -> None:
        """Take what a survey tells of it."""
        target = finding.target
        if abs(target.report.yaw or 0.0) <= (MOST_YAW_OFF if target.removes else MOST_YAW) or not self._votes:
            self._votes.append(target)
        edited = [vote for vote in self._votes if vote.report.done == EDITED]
        left = [vote for vote in self._votes if vote.report.done != EDITED]
        if len(edited) != len(left):
            latest = (edited if len(edited) > len(left) else left)[-1]
            self.report, self._removes = latest.report, latest.removes
        self._frame = self._frame or finding.frame
        if finding.scene is not None:
            scene = mixed(self._scene[0], finding.scene, LIGHT) if self._scene else finding.scene
            self._scene = scene, target.face.landmarks

    def forget(self) -> None:
        """What was decided: something else is to be done."""
        self._votes.clear()
        self._frame = None

    @property
    def waits(self) -> bool:
        """Whether the model is still asked for something."""
        return any(not one.change.done() for one in self.makings)

    def fitting(self, view: np.ndarray) -> Making | None:
        """What takes the glasses off the face as it looks now, of all that was made for it.

        The latest that is finished, or else what is still being made; None where neither fits.
        """
        done = [one for one in self.makings if one.change.done()]
        self.makings = [*done[-1:], *(one for one in self.makings if one not in done)]
        fit = [one for one in self.makings if one.fits(view)]
        return max(fit, key=lambda one: (one.change.done(), one.taken), default=None)

    def placed(self, drawing: Drawing | None, seconds: float) -> Placed | None:
        """What is to be done to it in the picture in which it was seen last; None for nothing.

        Args:
            drawing: that is asked for.
            seconds: since the picture before.
        """
        frame = None
        if drawing is not None and self._scene is not None:
            scene, points = self._scene
            chosen = drawing.frame or (self._frame[1] if self._frame else None)
            if chosen is not None:
                motion = similarity(points, self.face.landmarks)
                frame = chosen, fit_pose(self.face.landmarks, drawing.pupils), carried(scene, motion)
        wanted = bool(self._votes) and self.report.done == EDITED and not self.lost
        limit = (MOST_YAW if frame else MOST_YAW_OFF) + (_MORE_YAW if self._strength else 0)
        wanted = wanted and abs(yaw_of(self.face) or 0.0) <= limit and (drawing is None or frame is not None)
        step = seconds / FADE
        self._strength = min(1.0, self._strength + step) if wanted else max(0.0, self._strength - step)
        if not self._strength or not self._votes:
            return None
        return Placed(self.face, self._removes, frame, self._strength)
