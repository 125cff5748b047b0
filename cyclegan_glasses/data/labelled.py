"""Aligned faces with labels, and glasses drawn on the bare ones: whole, dark and broken.

A sample is a dictionary: `A` float32 (3, size, size) in [-1, 1], `A_path`, `glasses` and `gender` int64 ()
with −1 for a missing label, `age` float32 () in years and `landmarks` float32 (5, 2) in fractions of the
crop, NaN where missing, and `skipped` as in `datasets`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from cyclegan_glasses.attributes.verdicts import BROKEN, CLASSES
from cyclegan_glasses.criteria.context import SIZE
from cyclegan_glasses.criteria.glasses import lens_brightness
from cyclegan_glasses.data.camera import RandomCamera
from cyclegan_glasses.data.folders import Domain
from cyclegan_glasses.data.labels import FaceLabels, read_labels
from cyclegan_glasses.data.sampler import Key, sample_generator
from cyclegan_glasses.data.settings import DataSettings, LabelSettings
from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.overlays.broken import BROKEN as WAYS
from cyclegan_glasses.overlays.broken import random_glasses, wiped
from cyclegan_glasses.pixels import to_tensor
from cyclegan_glasses.walk import report

#: What is drawn on bare faces, in this order: what is taken for whole glasses most easily comes most often.
_KINDS = (*WAYS, GLASSES, SUNGLASSES, "half_drawn", GLASSES, "rubbed_out", SUNGLASSES, GLASSES)
_WIPED = "wiped"
#: Of the training pictures so many go through a random camera, drawn ones and photographs alike. It is made
#: for larger crops: here its blur is multiplied by this, and no picture shrinks more.
_PHOTOGRAPHED, _SOFTER = 0.75, 0.6
_DRAWING = 3  # keeps this stream of random numbers apart from those of the sampler


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """One picture of the set: a file, what is drawn on it (empty: nothing), and its labels."""

    path: Path
    drawn: str
    labels: FaceLabels


@dataclass(frozen=True, slots=True)
class LabelledDataset:
    """Faces as they are, then the drawn ones. A picture is read and drawn once, then kept in memory."""

    settings: DataSettings
    faces: list[LabelledFace]
    _pictures: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def domains(self) -> list[Domain]:
        root = Path(self.settings.dataroot)
        paths = dict.fromkeys(face.path for face in self.faces)
        return [Domain("A", root, tuple(os.path.relpath(path, root) for path in paths))]

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, key: Key) -> dict[str, Any]:
        settings, face = self.settings, self.faces[key[1]]
        try:
            picture = self._picture(key[1])
        except UnreadablePicture as error:
            return {"skipped": ((error.path, error.reason),)}
        labels, points = face.labels, face.labels.landmarks
        marks = np.full((5, 2), np.nan) if points is None else points
        size = (settings.crop_size, settings.crop_size)
        if settings.in_order or not (settings.labels or LabelSettings()).augment:
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        else:
            rng = sample_generator(settings.seed, *key)
            picture, marks = _varied(picture, marks, settings.crop_size, settings.flip, rng)
        return {
            "A": to_tensor(picture),
            "A_path": str(face.path),
            "glasses": torch.tensor(labels.glasses),
            "gender": torch.tensor(labels.gender),
            "age": torch.tensor(labels.age, dtype=torch.float32),
            "landmarks": torch.tensor(marks, dtype=torch.float32),
            "skipped": (),
        }

    def _picture(self, index: int) -> np.ndarray:
        """Face `index`, drawn on, uint8 RGB, as large as it is varied from, or as large as is wanted."""
        if index not in self._pictures:
            face, settings = self.faces[index], self.settings
            side = settings.crop_size if settings.in_order else settings.load_size
            picture = np.asarray(open_picture(face.path))
            if face.drawn:
                rng = np.random.default_rng([_DRAWING, settings.seed, index])
                picture = drawn_on(picture, face.drawn, face.labels, rng)
            self._pictures[index] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        return self._pictures[index]


def open_labelled(settings: DataSettings) -> LabelledDataset:
    """The labelled faces of a phase below `dataroot`, and, by `labels.drawn`, drawn ones.

    Raises:
        UserError: see `read_labels`.
    """
    wanted = settings.labels or LabelSettings()
    rows = read_labels(Path(settings.dataroot), settings.phase, wanted)
    trusted = [row for row in rows if _trusted(*row, wanted.max_lens)]
    report(
        settings.dataroot,
        Counter({"sunglasses with bright lenses, see --max_lens": len(rows) - len(trusted)}),
    )
    rows = trusted[: settings.max_dataset_size]
    faces = [LabelledFace(path, "", labels) for path, labels in rows]
    return LabelledDataset(settings, faces + list(_drawn(faces, wanted.drawn)))


def drawn_on(picture: np.ndarray, kind: str, labels: FaceLabels, rng: np.random.Generator) -> np.ndarray:
    """`picture`, uint8 RGB (size, size, 3), with what `kind` names, a key of `WAYS` or a class, drawn on."""
    eyes = _eyes(labels) * len(picture)
    if kind == _WIPED:
        return wiped(picture, eyes, labels.yaw, rng)
    if kind in (GLASSES, SUNGLASSES):
        return random_glasses(picture, eyes, labels.yaw, rng, kind == SUNGLASSES)[0]
    return WAYS[kind](picture, eyes, labels.yaw, rng)


def _drawn(faces: list[LabelledFace], often: float) -> Iterator[LabelledFace]:
    """`often` drawn faces for each bare one, and as many wiped ones for each third with glasses."""
    bare = [face for face in faces if face.labels.glasses == CLASSES.index(NONE)]
    worn = [face for face in faces if face.labels.glasses == CLASSES.index(GLASSES)]
    drawn = [
        (bare[number % len(bare)], _KINDS[(number + number // len(bare)) % len(_KINDS)])
        for number in range(round(often * len(bare)))
    ]
    drawn += [(worn[number % len(worn)], _WIPED) for number in range(round(often * len(worn) / 3))]
    for face, kind in drawn:
        glasses = CLASSES.index(kind if kind in CLASSES else BROKEN)
        yield LabelledFace(face.path, kind, replace(face.labels, glasses=glasses))


def _trusted(path: Path, labels: FaceLabels, max_lens: float) -> bool:
    """Many faces that a machine labelled sunglasses wear eyeglasses: their lenses are brighter."""
    if labels.glasses != CLASSES.index(SUNGLASSES):
        return True
    try:
        picture = np.asarray(open_picture(path))
    except UnreadablePicture:
        return True  # reported when it is read
    return lens_brightness(cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)) <= max_lens


def _eyes(labels: FaceLabels) -> np.ndarray:
    """Both eyes in fractions of the crop, (2, 2): as found, or where the alignment puts them."""
    if labels.landmarks is not None:
        return labels.landmarks[:2]
    half, height = Framing().eye_distance / 2, Framing().eye_height
    return np.array([[0.5 - half, height], [0.5 + half, height]])


def _varied(
    picture: np.ndarray, marks: np.ndarray, size: int, flip: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A turned, scaled, shifted, mirrored view, mostly through a random camera, and the landmarks in it."""
    angle, scale = rng.normal(0, 4), np.exp(rng.normal(0, 0.05))
    matrix: np.ndarray = np.array(cv2.getRotationMatrix2D((0.5, 0.5), float(angle), float(scale)))
    matrix[:, 2] += rng.normal(0, 0.02, 2)
    if flip and rng.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += 1
        marks = marks[[1, 0, 2, 4, 3]]
    marks = marks @ matrix[:, :2].T + matrix[:, 2]
    # From pixel centres of the picture to those of the view.
    pixels = matrix.copy()
    pixels[:, :2] *= size / len(picture)
    pixels[:, 2] = size * matrix[:, 2] + pixels[:, :2].sum(1) / 2 - 0.5
    view = cv2.warpAffine(
        picture, pixels, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return (_camera(rng).take(view) if rng.random() < _PHOTOGRAPHED else view), marks


def _camera(rng: np.random.Generator) -> RandomCamera:
    """A camera that does not move the face, and leaves thin rims where the eyes are some 45 pixels apart."""
    camera = RandomCamera.drawn(rng)
    return replace(
        camera,
        angle=0.0,
        zoom=1.0,
        shift=(0.0, 0.0),
        blur=_SOFTER * camera.blur,
        motion=tuple(_SOFTER * part for part in camera.motion),
        scale=max(camera.scale, _SOFTER),
        border=(0.0, 0.0, 1.0),
    )
