"""Faces found, exactness and steadiness of the eyes, time: the detector that ships, YuNet and Haar.

    python benchmarks/faces.py PHOTOS --yunet FILE [--labels CSV --where COLUMN=VALUE] [--test] [--count 300]
    python benchmarks/faces.py PHOTOS --yunet FILE ... --collages 200

PHOTOS, --labels and --where are those of `crawl.py folder`; --test takes the tenth of them that it calls
test, which the detector was not trained on. `--count` pictures, evenly chosen, are read.

What is true is what YuNet says with its two looks; on collages, composed of the photographs' faces, where
these were put. A detector finds a true face where its eyes are nearer than half an eye distance, or than half
of what lies between eyes and mouth where that is more; the other faces are missed, and what it reports beside
them is false. The eyes' error is the mean of both in percent of the eye distance, in frontal faces (turned by
at most 15 degrees) and in the others. "Moves": how far the worse eye moves when the picture is shrunk to 60 %
first. Times are of the processor, one thread, of the pictures as they are and of ten enlarged.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from cyclegan_glasses.collect.splits import split_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align, unalign, yaw_of
from cyclegan_glasses.faces.face import Face, FaceDetector, best_first, scaled
from cyclegan_glasses.faces.pyramid import PyramidDetector
from cyclegan_glasses.faces.yunet import YuNetDetector
from cyclegan_glasses.images import open_picture, to_grey
from cyclegan_glasses.sources.folder import FolderSource

FRONTAL = 15.0
MOST_SIDE = 1200
SIDES = 500, 1000, 3000


class Picture(NamedTuple):
    """A picture, uint8 RGB, and the landmarks (5, 2) of its faces."""

    image: np.ndarray
    faces: list[np.ndarray]


class HaarDetector:
    """The Haar cascades inside OpenCV 4 (Viola and Jones 2001): frontal faces, eyes where they can be seen.

    Nose and mouth are not measured (NaN). Eyes that are not seen are guessed from the box.
    """

    name = "haar"

    def __init__(self) -> None:
        """Load the cascades."""
        folder = Path(cv2.data.haarcascades)
        self._face = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))
        self._eye = cv2.CascadeClassifier(str(folder / "haarcascade_eye_tree_eyeglasses.xml"))

    def find_faces(self, image: np.ndarray) -> list[Face]:
        """See `FaceDetector.find_faces`."""
        small, factor = scaled(image)
        grey = cv2.equalizeHist(to_grey(small))
        faces = []
        boxes, _, weights = self._face.detectMultiScale3(
            grey, 1.1, 4, minSize=(24, 24), outputRejectLevels=True
        )
        for box, weight in zip(boxes, np.ravel(weights), strict=True):
            x, y, width, height = (float(value) for value in box)
            landmarks = np.full((5, 2), np.nan)
            guess = np.array([[0.31, 0.40], [0.69, 0.40]]) * (width, height) + (x, y)
            eyes = self._eyes(grey, box)
            landmarks[:2] = factor * (guess if eyes is None else eyes)
            place = factor * x, factor * y, factor * width, factor * height
            faces.append(Face(place, min(1.0, max(0.0, float(weight) / 10)), landmarks))
        return best_first(faces)

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


def collage(photographs: list[Picture], rng: np.random.Generator) -> Picture:
    """Up to six faces of 24 to 500 pixels, tilted by up to 45 degrees, on what holds no face."""
    width, height = (int(value) for value in rng.integers(320, MOST_SIDE, 2))
    image = background(photographs, rng, width, height)
    faces: list[np.ndarray] = []
    taken: list[tuple[np.ndarray, float]] = []
    for _ in range(int(rng.integers(0, 7))):
        photo, points = photographs[int(rng.integers(len(photographs)))]
        if len(points) != 1:
            continue
        size = float(np.exp(rng.uniform(np.log(24), np.log(min(500, 0.5 * min(width, height))))))
        middle = points[0].mean(0)
        scale = size / (2.6 * np.hypot(*(points[0][:2].mean(0) - points[0][3:].mean(0))))
        at = rng.uniform(0.6 * size, np.array([width, height]) - 0.6 * size)
        if any(np.hypot(*(at - place)) < 0.8 * (size + other) for place, other in taken):
            continue
        matrix = cv2.getRotationMatrix2D((0, 0), float(rng.uniform(-45, 45)), scale)
        matrix[:, 2] = at - matrix[:, :2] @ middle
        paste(image, photo, matrix, size, rng)
        faces.append(points[0] @ matrix[:, :2].T + matrix[:, 2])
        taken.append((at, size))
    kind = rng.random()
    if kind < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.6))
    elif kind < 0.4:
        image = (image * rng.uniform(0.15, 0.5)).astype(np.uint8)
    elif kind < 0.6:
        noise = rng.normal(0, rng.uniform(4, 14), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return Picture(image, faces)


def paste(
    image: np.ndarray, photo: np.ndarray, matrix: np.ndarray, size: float, rng: np.random.Generator
) -> None:
    """Put a photograph into the image, whole or an ellipse of it that fades out."""
    scale = float(np.hypot(*matrix[:, 0]))
    if scale < 1:
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        ratio = np.array(small.shape[1::-1]) / photo.shape[1::-1]
        matrix = np.column_stack([matrix[:, :2] / ratio, matrix[:, 2]])
        photo = small
    mask = np.zeros(photo.shape[:2], np.float32)
    half = (photo.shape[1] / 2, photo.shape[0] / 2)
    if rng.random() < 0.5:
        mask[:] = 1
    else:
        axes = (int(0.9 * half[0]), int(0.95 * half[1]))
        cv2.ellipse(mask, (int(half[0]), int(half[1])), axes, 0, 0, 360, 1, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.04 * size))
    there = (image.shape[1], image.shape[0])
    weight = cv2.warpAffine(mask, matrix, there)[:, :, None]
    warped = cv2.warpAffine(photo, matrix, there)
    image[:] = (image * (1 - weight) + warped * weight).astype(np.uint8)


def background(photographs: list[Picture], rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Colours, noise, shapes and corners of photographs, uint8 (height, width, 3)."""
    few = int(rng.integers(2, 40))
    contrast = rng.uniform(0.1, 1)
    colours = (128 + contrast * rng.uniform(-128, 127, (few, few, 3))).astype(np.uint8)
    image = cv2.resize(colours, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(0, 25))):
        x, y = int(rng.integers(0, width - 30)), int(rng.integers(0, height - 30))
        w, h = (int(value) for value in rng.integers(30, 300, 2))
        part = image[y : y + h, x : x + w]
        if rng.random() < 0.7:
            photo = photographs[int(rng.integers(len(photographs)))].image
            corner = photo[: photo.shape[0] // 6, : photo.shape[1] // 6]
            turned = np.rot90(corner, int(rng.integers(4)))
            part[:] = cv2.resize(turned, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_CUBIC)
        else:
            colour = rng.integers(0, 256, 3).tolist()
            cv2.ellipse(image, (x, y), (w // 2, h // 2), float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return image


def matched(truth: list[np.ndarray], faces: list[Face]) -> list[tuple[np.ndarray, Face]]:
    """Pairs of a true face's landmarks and the found face that is nearest to it, each face once."""
    pairs, free = [], list(faces)
    for points in truth:
        reach = 0.5 * max(
            np.hypot(*(points[1] - points[0])), np.hypot(*(points[3:].mean(0) - points[:2].mean(0)))
        )
        apart = [np.hypot(*(face.landmarks[:2] - points[:2]).T).mean() for face in free]
        if apart and min(apart) < reach:
            pairs.append((points, free.pop(int(np.argmin(apart)))))
    return pairs


def eye_error(points: np.ndarray, face: Face) -> float:
    """Mean of both eyes, in percent of the eye distance."""
    apart = np.hypot(*(face.landmarks[:2] - points[:2]).T).mean()
    return float(100 * apart / np.hypot(*(points[1] - points[0])))


def moved(image: np.ndarray, detector: FaceDetector, face: Face) -> float:
    """How far the worse eye moves in the picture at 60 % of its size, in percent of the eye distance."""
    small = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    ratio = np.array(image.shape[1::-1]) / small.shape[1::-1]
    apart = [
        np.hypot(*(again.landmarks[:2] * ratio - face.landmarks[:2]).T).max()
        for again in detector.find_faces(small)
    ]
    distance = np.hypot(*(face.landmarks[1] - face.landmarks[0]))
    return float(100 * min(apart) / distance) if apart and min(apart) < distance else float("nan")


def is_frontal(points: np.ndarray) -> bool:
    """Whether the face looks at the viewer."""
    yaw = yaw_of(Face((0, 0, 1, 1), 1.0, points))
    return yaw is not None and abs(yaw) <= FRONTAL


def row(name: str, detector: FaceDetector, pictures: list[Picture]) -> str:
    """One row of the table."""
    detector.find_faces(pictures[0].image)
    seconds, frontal, turned, jumps = [], [], [], []
    total = found = false = 0
    for image, truth in pictures:
        start = time.process_time()
        faces = detector.find_faces(image)
        seconds.append(time.process_time() - start)
        pairs = matched(truth, faces)
        total, found, false = total + len(truth), found + len(pairs), false + len(faces) - len(pairs)
        for pair in pairs:
            (frontal if is_frontal(pair[0]) else turned).append(eye_error(*pair))
        if pairs:
            jumps.append(moved(image, detector, pairs[0][1]))
    values = [*percentiles(frontal, 50, 95), *percentiles(turned, 50, 95), *percentiles(jumps, 50, 90)]
    cells = [name, found, total - found, false, *(f"{value:.1f}" for value in values)]
    return "| " + " | ".join(map(str, [*cells, f"{1000 * np.median(seconds):.0f}"])) + " |"


def percentiles(values: list[float], *percents: float) -> list[float]:
    """Percentiles of the values that are known, NaN where there is none."""
    known = [value for value in values if np.isfinite(value)]
    return list(np.percentile(known, percents)) if known else [float("nan")] * len(percents)


def times(detector: FaceDetector, pictures: list[Picture]) -> str:
    """Milliseconds for ten of the pictures whose longest side is brought to each of `SIDES`."""
    medians = []
    for side in SIDES:
        seconds = []
        for image, _ in pictures[:: max(1, len(pictures) // 10)][:10]:
            scale = side / max(image.shape[:2])
            large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            start = time.process_time()
            detector.find_faces(large)
            seconds.append(time.process_time() - start)
        medians.append(f"{1000 * np.median(seconds):.0f}")
    return f"{', '.join(medians)} ms at {', '.join(map(str, SIDES))} pixels"


def check_undoing(pictures: list[Picture], detector: FaceDetector) -> str:
    """Time of a crop and of its way back, which may not change the picture."""
    pairs = [(image, faces[0]) for image, _ in pictures if (faces := detector.find_faces(image))]
    start = time.process_time()
    crops = [align(image, face, 128) for image, face in pairs]
    middle = time.process_time()
    for (image, _), (crop, alignment) in zip(pairs, crops, strict=True):
        if not np.array_equal(unalign(crop, alignment, image), image):
            raise AssertionError("an unedited crop changed the picture")
    times = [1000 * part / len(pairs) for part in (middle - start, time.process_time() - middle)]
    return f"align to 128: {times[0]:.2f} ms, undo: {times[1]:.2f} ms"


def chosen_pictures(args: argparse.Namespace, yunet: YuNetDetector) -> list[Picture]:
    """The pictures that are read, with the landmarks that YuNet sees."""
    where = tuple((key, value) for key, _, value in (word.partition("=") for word in args.where))
    photos = list(FolderSource(args.photos, args.labels, where=where).photos())
    if args.test:
        photos = [item for item in photos if split_of(item.photo, 0, (("test", 0.1),)) == "test"]
    if not photos:
        raise UserError("no pictures are left: fewer conditions")
    count = min(args.count, len(photos))
    chosen = [photos[i * len(photos) // count] for i in range(count)]
    images = [np.asarray(open_picture(item.content)) for item in chosen]
    return [Picture(image, [face.landmarks for face in yunet.find_faces(image)]) for image in images]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--collages", type=int, default=0, help="pictures composed of those, in their place")
    parser.add_argument("--yunet", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    yunet = YuNetDetector(args.yunet)
    pictures = chosen_pictures(args, yunet)
    if args.collages:
        rng = np.random.default_rng(0)
        pictures = [collage(pictures, rng) for _ in range(args.collages)]
    faces = sum(len(picture.faces) for picture in pictures)
    print(f"{len(pictures)} {'collages' if args.collages else 'pictures'}, {faces} faces")
    print(
        "| detector | found | missed | false | frontal, median | 95th | turned | 95th | moves | 90th | ms |"
    )
    print("| --- |" + " --- |" * 10)
    detectors = {"ours": PyramidDetector(), "YuNet": yunet, "Haar": HaarDetector()}
    for name, detector in detectors.items():
        print(row(name, detector, pictures), flush=True)
    for name, detector in detectors.items():
        print(f"{name}: {times(detector, pictures)}", flush=True)
    print(check_undoing(pictures, detectors["ours"]))


if __name__ == "__main__":
    main()
