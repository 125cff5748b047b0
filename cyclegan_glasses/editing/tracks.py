"""Faces followed through the frames of a clip, and their places made steady."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from cyclegan_glasses.faces.face import Face

#: Overlap of two boxes, area in common over area in all, from which they are of one face.
OVERLAP = 0.3
#: Seconds that a face may not be found without being another one then, and that it must be seen at all.
GAP, SHORTEST = 0.5, 0.1
#: The One Euro filter: cut-off frequency of what stands still, in hertz; how much it rises with the speed, in
#: hertz for an eye distance a second; and the cut-off frequency of the speed itself.
CUTOFF, RISE, SPEED_CUTOFF = 0.5, 3.0, 2.0
#: Mean difference of two frames, made small and grey, in levels of 255, from which there is a cut between.
CUT = 30.0
_THUMBNAIL = (32, 18)


@dataclass(eq=False)
class Track:
    """One face in consecutive frames: `places` by the number of the frame, each (7, 2).

    These are the upper left and lower right corner of the box, and the five landmarks of `faces.face`.
    """

    places: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The frame in which it was seen last."""
        return next(reversed(self.places))

    def face(self, frame: int) -> Face:
        """The face in a frame of `places`."""
        points = self.places[frame]
        (left, top), (right, bottom) = points[:2].tolist()
        return Face((left, top, right - left, bottom - top), 1.0, points[2:].copy())


@dataclass(eq=False)
class Tracker:
    """Follows faces by the overlap of their boxes (Bochinski, Eiselein and Sikora 2017, "High-Speed
    Tracking-by-Detection Without Using Image Information", the greedy method).

    Attributes:
        rate: frames a second.
        tracks: all that were found, in the order in which they began.
    """

    rate: float
    tracks: list[Track] = field(default_factory=list)
    _frame: int = -1
    _cut: int = 0
    _thumbnail: np.ndarray | None = None

    def add(self, seen: np.ndarray, faces: Sequence[Face]) -> list[Track]:
        """Take the faces of the next frame, uint8 RGB (height, width, 3); the track of each of them.

        No track goes on over a cut, where a face that lies in the place of another is another one.
        """
        self._frame += 1
        small = cv2.resize(seen, _THUMBNAIL, interpolation=cv2.INTER_AREA).mean(axis=2)
        if self._thumbnail is not None and np.abs(small - self._thumbnail).mean() > CUT:
            self._cut = self._frame
        self._thumbnail = small
        oldest = max(self._cut, self._frame - 1 - GAP * self.rate)
        waiting = [track for track in self.tracks if track.last >= oldest]
        places = [_points(face) for face in faces]
        pairs = [(t, p) for t in range(len(waiting)) for p in range(len(places))]
        overlaps = [(overlap(waiting[t].places[waiting[t].last], places[p]), t, p) for t, p in pairs]
        found: dict[int, Track] = {}
        for common, t, p in sorted(overlaps, reverse=True):
            if common >= OVERLAP and p not in found and waiting[t] not in found.values():
                found[p] = waiting[t]
        for p, place in enumerate(places):
            if p not in found:
                found[p] = Track()
                self.tracks.append(found[p])
            found[p].places[self._frame] = place
        return [found[p] for p in range(len(places))]

    def is_long_enough(self, track: Track) -> bool:
        """Whether it is a face, and not one of the things that are taken for one for a moment."""
        return len(track.places) >= min(SHORTEST * self.rate, self._frame + 1)


def steadied(track: Track, rate: float) -> Track:
    """The same face without the jitter of its detector, and in the frames between, too.

    Frames in which it was not found are filled in linearly. Then the One Euro filter (Casiez, Roussel and
    Vogel 2012, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems")
    goes over it forwards and backwards, and the mean of both is taken: what the one lags behind the other
    runs ahead.

    Args:
        rate: frames a second.
    """
    known = sorted(track.places)
    frames = np.arange(known[0], known[-1] + 1)
    seen = np.stack([track.places[frame] for frame in known]).reshape(len(known), -1)
    whole = np.stack([np.interp(frames, known, column) for column in seen.T], axis=1).reshape(-1, 7, 2)
    scale = float(np.median(np.hypot(*(whole[:, 3] - whole[:, 2]).T))) or 1.0
    forward = one_euro(whole / scale, rate)
    backward = one_euro(whole[::-1] / scale, rate)[::-1]
    smooth = (forward + backward) / 2 * scale
    return Track(dict(zip(frames.tolist(), smooth, strict=True)))


def one_euro(values: np.ndarray, rate: float) -> np.ndarray:
    """The One Euro filter over points (n, k, 2), `rate` a second; both axes of a point have one speed."""
    smooth = OneEuro()
    return np.stack([smooth.add(points, 1 / rate) for points in values])


@dataclass(eq=False)
class OneEuro:
    """The One Euro filter, picture by picture.

    Attributes:
        rise: by how many hertz the cut-off frequency rises with the speed, for a unit of length a second.
        together: the points move together, with one speed: the root mean square of theirs.
    """

    rise: float = RISE
    together: bool = False
    _last: np.ndarray | None = None
    _smooth: np.ndarray = field(default_factory=lambda: np.zeros(0))
    _speed: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def add(self, points: np.ndarray, seconds: float, unit: float = 1.0) -> np.ndarray:
        """Take the next points (k, 2), `seconds` after the last; the smooth ones.

        Args:
            unit: of length, in that of the points.
        """
        new = points.astype(np.float64)
        if self._last is None:
            self._smooth, self._speed = new, np.zeros(new.shape)
        else:
            moved = (new - self._last) / (unit * seconds)
            self._speed = self._speed + _weight(SPEED_CUTOFF, 1 / seconds) * (moved - self._speed)
            speed = np.hypot(*self._speed.T)[:, None]
            speed = np.sqrt(np.mean(speed**2)) if self.together else speed
            cutoff = CUTOFF + self.rise * speed
            self._smooth = self._smooth + _weight(cutoff, 1 / seconds) * (new - self._smooth)
        self._last = new
        return self._smooth


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Of two boxes, which begin `one` and `other` as of `Track.places`: area in common over area in all."""
    low, high = np.maximum(one[0], other[0]), np.minimum(one[1], other[1])
    common = float(np.prod(np.maximum(high - low, 0)))
    return common / (float(np.prod(one[1] - one[0]) + np.prod(other[1] - other[0])) - common)


def _weight(cutoff: Any, rate: float) -> Any:
    """Of a new value, in a low-pass filter of a cut-off frequency in hertz."""
    return 1 / (1 + rate / (2 * math.pi * cutoff))


def _points(face: Face) -> np.ndarray:
    left, top, width, height = face.box
    return np.concatenate([[[left, top], [left + width, top + height]], face.landmarks])
