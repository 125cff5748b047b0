"""Which detector finds the faces: the one that ships, or YuNet where its file is given."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cyclegan_glasses.faces.face import LANDMARKS, Face, FaceDetector
from cyclegan_glasses.faces.pyramid import PyramidDetector
from cyclegan_glasses.faces.yunet import YuNetDetector, find_yunet

__all__ = ["LANDMARKS", "Face", "FaceDetector", "detector_file", "make_detector", "process_detector"]


@lru_cache(maxsize=4)
def process_detector(yunet: Path | None) -> FaceDetector:
    """The detector of this process, loaded once: YuNet from that file, for None the one that ships."""
    return PyramidDetector() if yunet is None else YuNetDetector(yunet)


def make_detector(path: str | Path | None = None, steady: bool = True) -> FaceDetector:
    """YuNet from the file at `path` (see `yunet.find_yunet`), otherwise the detector that ships.

    With `steady` each face is looked at twice; data and photos to be edited must use the same.

    Raises:
        UserError: `path` names no file or no YuNet model.
    """
    file = detector_file(path)
    if steady:
        return process_detector(file)
    return PyramidDetector(steady=False) if file is None else YuNetDetector(file, steady=False)


def detector_file(path: str | Path | None = None) -> Path | None:
    """The file of the detector that `make_detector` chooses, absolute, for other processes: None for what
    ships.

    Raises:
        UserError: as `make_detector`.
    """
    file = find_yunet(path)
    process_detector(file)  # refuses what is no model
    return file and file.absolute()
