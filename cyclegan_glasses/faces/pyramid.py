"""The face detector that ships: a finder on an image pyramid, then landmark networks on each face.

All are small networks (docs/guides/faces.md) that OpenCV runs. The finder knows faces of 13 to 46 pixels; a
picture is shown to it at several sizes, each half of the one before, laid out on one sheet. Each face that it
reports is brought to a canonical crop by its rough landmarks; the landmark network gives better ones and
refuses what is no face. The refinement network, trained on crops that are nearly in place, sees the face from
nearer, and looks again at the crop that its landmarks give until they rest.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from cyclegan_glasses.faces.face import Face, best_first, scaled
from cyclegan_glasses.faces.landmark_crops import CLOSE_UP, TEMPLATE, blob_of, crop_of, in_image

FINDER = "face_finder.onnx"
LANDMARK_NETWORK = "face_landmarks.onnx"
REFINEMENT_NETWORK = "face_landmark_refinement.onnx"
STRIDE = 8
"""Pixels between the finder's cells."""
UNIT = 24.0
"""The finder's unit of length in pixels, about the size of a face."""
_GAP = 16
_SMALLEST_LEVEL = 40
_MIN_FOUND = 0.3
_LOOKS = 2
_REFINEMENTS = 3
_NEARLY, _AT_REST = 2.0, 0.7
"""Landmarks that a look moves by less, in pixels of the crop on average, are nearly exact, and exact."""
_FACELESS = 4.0
"""Log odds against a face where the finder reports one; chosen on FairFace, photographs and collages."""
_LIKELY, _SURE = -_FACELESS - 0.3, 3.0
"""Odds by the finder from which on, and the landmark network's logit up to which, guesses are tried."""
_HOPELESS = 8.0
"""What is less likely than a face by this after the first look is not looked at again."""
_SAME_FACE = 0.35
_MOST_FACES = 100
_BOX = np.array([-2.35, -2.86, 5.07, 5.79])
"""The finder's box beside the middle of the landmarks, in their mean distance from it."""
_SUDDEN = 1.4
"""No face grows or shrinks by more than this factor between two pictures of a stream."""


class PyramidDetector:
    """The detector that ships with the package; it needs no other file.

    Faces from about a fortieth of the picture's longest side (13 pixels at least) to the whole of it are
    found, tilted by up to about 45 degrees, from in front and from the side.
    """

    name = "pyramid"

    def __init__(self, min_score: float = 0.5, steady: bool = True) -> None:
        """Load the networks.

        Args:
            min_score: faces below it are left out.
            steady: refine the landmarks until they rest; with a single look they are less exact.
        """
        folder = Path(__file__).resolve().parents[1] / "weights"
        names = FINDER, LANDMARK_NETWORK, REFINEMENT_NETWORK
        self._finder, self._landmarks, self._refinement = (_load(folder / name) for name in names)
        self._lock = threading.Lock()  # a network keeps its input as its state
        self._min_score = min_score
        self._steady = steady

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """See `FaceDetector.find_faces`."""
        small, factor = scaled(image)
        sheet = Sheet.of(small)
        with self._lock:
            self._finder.setInput(cv2.dnn.blobFromImage(sheet.picture, 1 / 255))
            maps = self._finder.forward()[0]
        faces: list[Face] = []
        for box, points, trust in merged(*sheet.candidates(maps, _MIN_FOUND)):
            exact, score = self._exact(image, factor * points, math.log(trust / (1 - trust)) - _FACELESS)
            if score >= self._min_score and not any(_is_same(exact, face.landmarks) for face in faces):
                x, y, width, height = (factor * box).tolist()
                faces.append(Face((x, y, width, height), score, exact))
        return best_first(faces)

    def follow(self, image: np.ndarray, landmarks: np.ndarray) -> Face | None:
        """The face that had its landmarks, (5, 2), nearly there in the picture before; None where it is lost.

        Only its neighbourhood is looked at, by the landmark networks: a tenth of the cost of `find_faces`.

        Args:
            image: uint8 RGB (height, width, 3).

        Returns:
            The face with an estimate of its box.
        """
        sight = self._look(image, landmarks)
        size, before = (_size(points) for points in (sight.points, landmarks))
        if sight.logit < _SURE or not before / _SUDDEN < size < before * _SUDDEN:
            return None
        exact, _ = self._refined(image, sight.points)
        left, top, width, height = (_BOX * size + (*exact.mean(0), 0, 0)).tolist()
        return Face((left, top, width, height), float(_sigmoid(np.array(sight.logit))), exact)

    def _exact(self, image: np.ndarray, points: np.ndarray, odds: float) -> tuple[np.ndarray, float]:
        """Landmarks of the face that has them about at `points`, and its score.

        `odds`, logarithms, are what is known before; those of the landmark network are added.
        """
        sight, price = self._look(image, points), 0.0
        for guess in _GUESSES if odds > _LIKELY else ():
            if sight.logit >= _SURE:
                break
            other = self._look(image, guess.applied(points))
            if other.logit - guess.price > sight.logit - price:
                sight, price = other, guess.price
        odds -= price
        for _ in range(_LOOKS - 1 if self._steady else 0):
            if odds + sight.logit < -_HOPELESS or sight.moved < _NEARLY:
                break
            sight = self._look(image, sight.points)
        score = float(_sigmoid(np.array(odds + sight.logit)))
        exact = sight.points
        for _ in range(_REFINEMENTS if self._steady and score >= self._min_score else 0):
            exact, moved = self._refined(image, exact)
            if moved < _AT_REST:
                break
        return exact, score

    def _look(self, image: np.ndarray, points: np.ndarray) -> Sight:
        """What the landmark network sees of the face that has its landmarks about at `points`."""
        crop, matrix = crop_of(image, points, TEMPLATE)
        with self._lock:
            self._landmarks.setInput(blob_of([crop, crop[:, ::-1]]))
            heat, logits = self._landmarks.forward(["heat", "face"])
        return Sight(*in_image(heat, matrix, points), float(logits.mean()))

    def _refined(self, image: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, float]:
        """Landmarks of the face that has them nearly at `points`, and how far they moved; see `in_image`."""
        crop, matrix = crop_of(image, points, CLOSE_UP)
        with self._lock:
            self._refinement.setInput(blob_of([crop, crop[:, ::-1]]))
            heat = self._refinement.forward("heat")
        return in_image(heat, matrix, points)


class Guess(NamedTuple):
    """Where else a face may be that is not seen for sure where the finder says.

    Attributes:
        scale: of its landmarks round the middle of eyes and nose.
        rotation: clockwise, in radians.
        lower: shift from the eyes towards the mouth, in distances between them.
        price: log odds against it.
    """

    scale: float
    rotation: float
    lower: float
    price: float

    def applied(self, points: np.ndarray) -> np.ndarray:
        """Landmarks (5, 2) as they are then."""
        cosine, sine = self.scale * math.cos(self.rotation), self.scale * math.sin(self.rotation)
        middle, down = points[:3].mean(0), points[3:].mean(0) - points[:2].mean(0)
        turned = (points - middle) @ np.array([[cosine, sine], [-sine, cosine]])
        return middle + self.lower * down + turned


_GUESSES = Guess(0.72, 0, 0, 0), Guess(0.75, 0, 0.4, 0), Guess(1, -0.5, 0, 1), Guess(1, 0.5, 0, 1)
"""The finder takes a head with much hair for a larger face, a tilted one for one that is tilted less."""


class Sight(NamedTuple):
    """What one look at a face gives.

    Attributes:
        points, moved: see `in_image`.
        logit: of its being a face.
    """

    points: np.ndarray
    moved: float
    logit: float


@dataclass(frozen=True)
class Sheet:
    """A picture at several sizes on one sheet, black between them.

    Attributes:
        picture: uint8 (height, width, 3), the sides multiples of `STRIDE`.
        places: of each size: x, y, width, height on the sheet, and the picture's pixels to one of its own.
    """

    picture: np.ndarray
    places: list[tuple[int, int, int, int, float]]

    @staticmethod
    def of(image: np.ndarray) -> Sheet:
        """The sheet of an image: itself, and its halves in a row along its longer side."""
        wide = image.shape[1] >= image.shape[0]
        level = image if wide else image.transpose(1, 0, 2)
        rows = [(level, _GAP, _GAP, 1.0)]
        x, y = _GAP, level.shape[0] + 2 * _GAP
        while max(level.shape) >= 2 * _SMALLEST_LEVEL:
            size = (max(1, level.shape[1] // 2), max(1, level.shape[0] // 2))
            level = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
            rows.append((level, x, y, rows[-1][3] * 2))
            x += size[0] + _GAP
        height = max(y + part.shape[0] for part, _, y, _ in rows) + _GAP
        width = max(x + part.shape[1] for part, x, _, _ in rows) + _GAP
        picture = np.zeros((-(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE, 3), np.uint8)
        for part, x, y, _ in rows:
            picture[y : y + part.shape[0], x : x + part.shape[1]] = part
        places = [(x, y, part.shape[1], part.shape[0], scale) for part, x, y, scale in rows]
        if not wide:
            picture = np.ascontiguousarray(picture.transpose(1, 0, 2))
            places = [(y, x, height, width, scale) for x, y, width, height, scale in places]
        return Sheet(picture, places)

    def candidates(self, maps: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the finder says (15, rows, columns) of this sheet, in pixels of the image.

        Returns:
            Boxes (n, 4), landmarks (n, 5, 2) and scores (n,) of the cells that score `least` or more.
        """
        scores = _sigmoid(maps[0])
        rows, columns = np.nonzero(scores >= least)
        cells = np.stack([columns, rows], axis=1) * STRIDE + STRIDE / 2.0
        values = maps[1:, rows, columns].T.astype(np.float64)
        size = UNIT * np.exp(np.clip(values[:, 2:4], -3, 3))
        corner = cells + UNIT * values[:, :2] - size / 2
        points = cells[:, None] + UNIT * values[:, 4:14].reshape(-1, 5, 2)
        shift, scale, inside = np.zeros((len(cells), 2)), np.zeros(len(cells)), np.zeros(len(cells), bool)
        for x, y, width, height, factor in self.places:
            here = (
                (cells >= (x - STRIDE, y - STRIDE)) & (cells <= (x + width + STRIDE, y + height + STRIDE))
            ).all(1)
            shift[here], scale[here] = (x, y), factor
            inside |= here
        boxes = np.concatenate([(corner - shift) * scale[:, None], size * scale[:, None]], axis=1)
        points = (points - shift[:, None]) * scale[:, None, None]
        return boxes[inside], points[inside], scores[rows, columns][inside].astype(np.float64)


def merged(
    boxes: np.ndarray, points: np.ndarray, scores: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Non-maximum suppression: of boxes that overlap one remains, the mean of them weighted by their scores.

    Returns:
        Box, landmarks and the highest score of each, best first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, points, scores = boxes[order], points[order], scores[order]
    area = boxes[:, 2] * boxes[:, 3]
    free = np.ones(len(boxes), bool)
    faces: list[tuple[np.ndarray, np.ndarray, float]] = []
    for best in range(len(boxes)):
        if not free[best] or len(faces) == _MOST_FACES:
            continue
        low = np.maximum(boxes[:, :2], boxes[best, :2])
        high = np.minimum(boxes[:, :2] + boxes[:, 2:], boxes[best, :2] + boxes[best, 2:])
        common = np.clip(high - low, 0, None).prod(axis=1)
        union = common / np.maximum(area + area[best] - common, 1e-9)
        group = free & (union > _SAME_FACE)
        group[best] = True
        inner = common / np.maximum(np.minimum(area, area[best]), 1e-9)
        free &= ~(group | (inner > 0.7))
        weight = scores * group * (union > 0.5)
        weight[best] = scores[best]
        weight = weight / weight.sum()
        faces.append((weight @ boxes, np.tensordot(weight, points, 1), float(scores[best])))
    return faces


def _is_same(points: np.ndarray, other: np.ndarray) -> bool:
    """Whether two faces are one: their landmarks differ by less than a quarter of their size."""
    size = max(np.ptp(points, axis=0).max(), np.ptp(other, axis=0).max())
    return bool(np.abs(points - other).mean() < size / 4)


def _size(points: np.ndarray) -> float:
    """Of a face, from its landmarks (5, 2): their mean distance from their middle."""
    return float(np.hypot(*(points - points.mean(0)).T).mean())


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))


def _load(path: Path) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8))
