"""Drawn faces and a detector that knows where they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.criteria import filtering, measure
from cyclegan_glasses.criteria.context import Context, look
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.photo import Photo, write_manifest

SKIN = (205, 160, 135)


def face_at(
    x: float = 128, y: float = 102, distance: float = 92, score: float = 0.9, nose: float = 0.0
) -> Face:
    """A face whose eyes lie `distance` apart around (x, y); `nose` moves its tip, in eye distances."""
    points = [(-0.5, 0), (0.5, 0), (nose, 0.55), (-0.4, 1.05), (0.4, 1.05)]
    landmarks = np.array([(x + u * distance, y + v * distance) for u, v in points])
    box = (x - 0.95 * distance, y - 0.9 * distance, 1.9 * distance, 2.6 * distance)
    return Face(box, 0.9, landmarks)


def draw(size: int = 256, skin: tuple[int, int, int] = SKIN, seed: int = 0) -> np.ndarray:
    """A bare frontal face, uint8 RGB (size, size, 3), with the eyes where `face_at()` says at size 256."""
    noise = np.random.default_rng(seed)
    image = np.full((256, 256, 3), (70, 90, 110), np.uint8)
    cv2.ellipse(image, (128, 135), (88, 118), 0, 0, 360, skin, -1)
    for x in (82, 174):
        cv2.ellipse(image, (x, 102), (16, 8), 0, 0, 360, (240, 240, 240), -1)
        cv2.circle(image, (x, 102), 7, (40, 30, 20), -1)
        cv2.ellipse(image, (x, 82), (24, 4), 0, 0, 360, (60, 40, 30), -1)
    cv2.ellipse(image, (128, 198), (32, 9), 0, 0, 360, (180, 90, 90), -1)
    grain = noise.integers(-6, 7, image.shape)
    image = np.clip(image.astype(int) + grain, 0, 255).astype(np.uint8)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def with_glasses(image: np.ndarray, dark: bool = False) -> np.ndarray:
    """The same face with a frame, or with sunglasses."""
    image = image.copy()
    for x in (82, 174):
        if dark:
            cv2.ellipse(image, (x, 108), (40, 32), 0, 0, 360, (15, 15, 18), -1)
        cv2.ellipse(image, (x, 108), (40, 32), 0, 0, 360, (20, 20, 20), 5)
    cv2.line(image, (122, 104), (134, 104), (20, 20, 20), 5)
    return image


def context_of(image: np.ndarray, *faces: Face) -> Context:
    """What the criteria see of `image` with these faces, by default the drawn one."""
    return look(image, list(faces) or [face_at()])


class DrawnFaces:
    """A detector that finds the drawn face in every picture that is not of one colour."""

    name = "drawn"

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """See `FaceDetector.find_faces`."""
        if image.std() < 12:
            return []
        scale = image.shape[0] / 256
        return [face_at(128 * scale, 102 * scale, 92 * scale)]


def use_drawn_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the filter look for faces with `DrawnFaces`."""
    monkeypatch.setattr(filtering, "detector_file", lambda path: None)
    for module in (filtering, measure):
        monkeypatch.setattr(module, "process_detector", lambda yunet: DrawnFaces())


def varied(seed: int) -> np.ndarray:
    """A drawn face with large patches of its own, so that no two are near-duplicates."""
    image = draw(seed=seed)
    noise = np.random.default_rng(1000 + seed)
    patches = cv2.resize(
        noise.integers(-38, 39, (5, 5)).astype(np.float32), (256, 256), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(image + patches[:, :, None], 0, 255).astype(np.uint8)


def make_pile(folder: Path, count: int, first: int = 0, **fields: str) -> list[Photo]:
    """A folder of `count` different drawn faces, every second with glasses, and its manifest."""
    (folder / "photos").mkdir(parents=True)
    photos = []
    for number in range(first, first + count):
        image = varied(number)
        label = "glasses" if number % 2 else "none"
        Image.fromarray(with_glasses(image) if number % 2 else image).save(
            folder / f"photos/{number:04d}.png"
        )
        photos.append(Photo(f"photos/{number:04d}.png", source="drawn", label=label, **fields))
    write_manifest(folder, photos)
    return photos
