"""The detector YuNet, an option: its file is not part of the package."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.face import Face, best_first, resized, scaled

VARIABLE = "CYCLEGAN_GLASSES_YUNET"
YUNET_SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
"""Of the file that was tested, face_detection_yunet_2026may.onnx of the OpenCV Zoo."""
_SMALLEST_VIEW = 33
_SECOND_LOOK = 230


def find_yunet(path: str | Path | None = None) -> Path | None:
    """The file of YuNet that is asked for: `path`, else what the variable `CYCLEGAN_GLASSES_YUNET` names.

    Returns None where neither does.

    Raises:
        UserError: it names a file that is not there.
    """
    for asked, by in ((path, "the detector's path"), (os.environ.get(VARIABLE), VARIABLE)):
        if asked:
            if not Path(asked).is_file():
                raise UserError(f"{by} names {asked}, which is not there: give the ONNX file of YuNet")
            return Path(asked)
    return None


class YuNetDetector:
    """YuNet (Wu, Peng, Yu 2023, doi 10.1007/s11633-023-1423-y) by OpenCV: five landmarks a face.

    Pictures are scaled to a longest side between 160 and 640 pixels first, since the network knows faces of
    10 to 300 pixels. A face below about 1/60 of a large picture's longest side is therefore not found.

    The landmarks of one pass jitter by some percent of the eye distance, and more the smaller the face. A
    second look at each face, at 230 pixels, as it is and mirrored, steadies them (docs/guides/faces.md).
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
        small, factor = scaled(image)
        faces = []
        for row in self._rows(small):
            x, y, width, height = (factor * row[:4]).tolist()
            face = Face((x, y, width, height), float(row[14]), factor * row[4:14].reshape(5, 2))
            faces.append(self._second_look(image, face) if self._steady else face)
        return best_first(faces)

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
        view = resized(window, _SECOND_LOOK / larger)
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
