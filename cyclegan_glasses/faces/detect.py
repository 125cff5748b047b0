"""Find faces and their landmarks in a picture.

Points are in pixels of the picture, x to the right and y down; (0, 0) is the picture's upper left corner, so
the centre of its first pixel is (0.5, 0.5). The right eye is the person's own, on the left of the picture.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.models import VARIABLE, find_yunet
from cyclegan_glasses.images import to_grey

LANDMARKS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
_LOG = logging.getLogger(__name__)
_LARGEST_SIDE = 640
_SMALLEST_SIDE = 160
_SMALLEST_VIEW = 33
_SECOND_LOOK = 230


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a picture.

    Attributes:
        box: x, y, width, height; may reach past the picture.
        score: the detector's trust, 0 to 1; not a probability, and not comparable between detectors.
        landmarks: float64 (5, 2), in the order of `LANDMARKS`: the person's right eye (on the left of the
            picture), left eye, nose tip, right corner of the mouth, left corner. A row that the detector does
            not measure is NaN; the eyes never are.
        eyes_found: the eyes were seen, not guessed from the box.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray
    eyes_found: bool

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        return self.box[2] * self.box[3]


class FaceDetector(Protocol):
    """Finds faces. May be shared by threads; each process makes its own (`make_detector`)."""

    name: str

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """Faces of `image`, uint8 RGB (height, width, 3) of any size: large and trusted ones first."""


class YuNetDetector:
    """YuNet (Wu, Peng, Yu 2023, doi 10.1007/s11633-023-1423-y) by OpenCV: five landmarks a face.

    Pictures are scaled to a longest side between 160 and 640 pixels first, since the network knows faces of
    10 to 300 pixels. A face below about 1/60 of a large picture's longest side is therefore not found.

    The landmarks of one pass jitter by some percent of the eye distance, and more the smaller the face. A
    second look at each face, at 230 pixels, as it is and mirrored, steadies them (figures in docs/faces.md).
    """

    name = "yunet"

    def __init__(self, path: str | Path, min_score: float = 0.6, steady: bool = True) -> None:
        """Load the ONNX file at `path`.

        Args:
            path: of the file.
            min_score: faces below it are left out.
            steady: take the second look; without it a face takes about a third of the time.

        Raises:
            UserError: the file is not there or is not YuNet.
        """
        self._lock = threading.Lock()  # the network keeps the input size as its state
        self._steady = steady
        try:
            self._net = cv2.FaceDetectorYN.create(str(path), "", (64, 64), min_score)
            self._net.detect(np.zeros((64, 64, 3), np.uint8))
        except cv2.error:
            raise UserError(f"{path} is not a YuNet model that OpenCV {cv2.__version__} can read") from None

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """See `FaceDetector.find_faces`."""
        small, factor = _scaled(image)
        faces = []
        for row in self._rows(small):
            x, y, width, height = (factor * row[:4]).tolist()
            face = Face((x, y, width, height), float(row[14]), factor * row[4:14].reshape(5, 2), True)
            faces.append(self._second_look(image, face) if self._steady else face)
        return _best_first(faces)

    def _rows(self, image: np.ndarray) -> list[np.ndarray]:
        """What the network says of `image`: box, landmarks and score of each face, float64 (15,)."""
        # on sides up to 32 OpenCV reads memory that nobody wrote, and finds faces in it
        below, right = (max(0, _SMALLEST_VIEW - side) for side in image.shape[:2])
        image = cv2.copyMakeBorder(image[:, :, ::-1], 0, below, 0, right, cv2.BORDER_REPLICATE)
        with self._lock:
            self._net.setInputSize((image.shape[1], image.shape[0]))
            _, rows = self._net.detect(image)
        rows = np.zeros((0, 15)) if rows is None else rows.astype(np.float64)
        return [row for row in rows if np.isfinite(row).all() and min(row[2], row[3]) > 0]

    def _second_look(self, image: np.ndarray, face: Face) -> Face:
        """`face` with landmarks averaged over a view of it at a known size and the mirrored view."""
        x, y, width, height = face.box
        larger = max(width, height)
        left, top = (int(max(0, start - larger / 4)) for start in (x, y))
        window = image[top : int(y + height + larger / 4) + 1, left : int(x + width + larger / 4) + 1]
        view = _resized(window, _SECOND_LOOK / larger)
        ratio = np.array(window.shape[1::-1]) / view.shape[1::-1]
        seen = []
        for mirrored in (False, True):
            for row in self._rows(view[:, ::-1] if mirrored else view):
                points = row[4:14].reshape(5, 2)
                if mirrored:
                    points = points[[1, 0, 2, 4, 3]] * (-1, 1) + (view.shape[1], 0)
                points = points * ratio + (left, top)
                if np.abs(points - face.landmarks).max() < larger / 5:  # not another face in the view
                    seen.append(points)
        return replace(face, landmarks=np.mean(seen, axis=0)) if seen else face


class HaarDetector:
    """The Haar cascades inside OpenCV 4 (Viola and Jones 2001): frontal faces, eyes where they can be seen.

    Nose and mouth are not measured (NaN). Behind glasses the eyes are often missed; they are then guessed
    from the box and `eyes_found` is False.
    """

    name = "haar"

    def __init__(self) -> None:
        """Load the cascades.

        Raises:
            UserError: this OpenCV comes without them (5.x does).
        """
        self._lock = threading.Lock()
        self._face = _cascade("haarcascade_frontalface_alt2.xml")
        self._eye = _cascade("haarcascade_eye_tree_eyeglasses.xml")

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """See `FaceDetector.find_faces`."""
        small, factor = _scaled(image)
        grey = cv2.equalizeHist(to_grey(small))
        faces = self._faces(grey, factor)
        if not faces:  # the cascade wants some room around a face
            room = max(small.shape[:2]) // 4
            roomy = cv2.copyMakeBorder(grey, room, room, room, room, cv2.BORDER_REPLICATE)
            faces = self._faces(roomy, factor, room)
        return _best_first(faces)

    def _faces(self, grey: np.ndarray, factor: float, room: int = 0) -> list[Face]:
        """Faces of `grey`, (height, width), in `factor` of its pixels, from `room` of them inside of it."""
        faces = []
        with self._lock:
            boxes, _, weights = self._face.detectMultiScale3(
                grey, 1.1, 4, minSize=(24, 24), outputRejectLevels=True
            )
            for box, weight in zip(boxes, np.ravel(weights), strict=True):
                eyes = self._eyes(grey, box)
                landmarks = np.full((5, 2), np.nan)
                x, y, width, height = (float(value) for value in box)
                guess = np.array([[0.31, 0.40], [0.69, 0.40]]) * (width, height) + (x, y)
                landmarks[:2] = factor * ((guess if eyes is None else eyes) - room)
                place = factor * (x - room), factor * (y - room), factor * width, factor * height
                score = min(1.0, max(0.0, float(weight) / 10))
                faces.append(Face(place, score, landmarks, eyes is not None))
        return faces

    def _eyes(self, grey: np.ndarray, box: Sequence[int]) -> np.ndarray | None:
        """The pair of eyes in the upper part of `box` that fits a face best, (2, 2), or None."""
        x, y, width, height = box
        upper = grey[y : y + int(0.6 * height), x : x + width]
        boxes = self._eye.detectMultiScale(upper, 1.05, 3, minSize=(width // 10, width // 10))
        centres = [np.array([x + u + w / 2, y + v + h / 2]) for u, v, w, h in boxes]
        pairs = []
        for one, other in permutations(centres, 2):
            across, down = (other - one) / width
            if 0.25 < across < 0.6 and abs(down) < 0.4 * across:
                pairs.append((abs(across - 0.38) + abs(down), np.stack([one, other])))
        return min(pairs, key=lambda pair: pair[0])[1] if pairs else None


@lru_cache(maxsize=4)
def process_detector(yunet: Path | None) -> FaceDetector:
    """The detector of this process, loaded once: YuNet from that file, the Haar cascades for None."""
    return HaarDetector() if yunet is None else YuNetDetector(yunet)


def make_detector(path: str | Path | None = None, steady: bool = True) -> FaceDetector:
    """YuNet where its file is at hand (see `models.find_yunet`), otherwise the Haar cascades with a warning.

    With `steady` YuNet takes a second look at each face; data and photos to be edited must use the same.

    Raises:
        UserError: `path` names no file or no YuNet model.
    """
    file = detector_file(path)
    return process_detector(file) if steady or file is None else YuNetDetector(file, steady=False)


def detector_file(path: str | Path | None = None) -> Path | None:
    """The file of the detector that `make_detector` chooses, for other processes; None for the Haar cascades.

    Raises:
        UserError: as `make_detector`.
    """
    file = find_yunet(path)
    if file is None:
        _LOG.warning(
            "YuNet's file is not at hand: faces are found by Haar cascades, which miss many eyes behind "
            f"glasses; add --download_yunet once, or set {VARIABLE} to the file"
        )
    process_detector(file)  # refuses what is no model
    return file


def _scaled(image: np.ndarray) -> tuple[np.ndarray, float]:
    """`image` with its longest side brought between the limits, and what brings points of it back.

    Raises:
        ValueError: it is not uint8 RGB.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"faces are looked for in uint8 (height, width, 3), not {image.dtype} {image.shape}")
    longest = max(image.shape[:2])
    scale = min(max(longest, _SMALLEST_SIDE), _LARGEST_SIDE) / longest
    return (image, 1.0) if scale == 1 else (_resized(image, scale), 1 / scale)


def _resized(image: np.ndarray, scale: float) -> np.ndarray:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _best_first(faces: list[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: -face.area * math.sqrt(max(face.score, 1e-6)))


def _cascade(name: str) -> cv2.CascadeClassifier:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    cascade = cv2.CascadeClassifier(str(Path(folder, name))) if hasattr(cv2, "CascadeClassifier") else None
    if cascade is None or cascade.empty():
        raise UserError(f"OpenCV {cv2.__version__} has no {name}: install opencv-python-headless below 5")
    return cascade
