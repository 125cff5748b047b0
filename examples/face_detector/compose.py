"""Pictures to train the face detector with, composed from labelled photographs.

Two kinds: scenes with faces of 10 to 50 pixels in them for the finder, and single faces, brought to about
their place, for the landmarks. Photographs are shrunk, rotated, mirrored, covered, darkened, blurred and set
on backgrounds in which no face is: other photographs seen from very near, pieces of them, colours, shapes,
noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.faces.landmark_crops import CLOSE_UP, CROP, SWAPPED, TEMPLATE, similarity

SCENE = 64
"""Side of a scene in pixels."""
SIZES = (13.0, 46.0)
"""Faces of this size, the root of the area of the box, are to be found in a scene."""
TOLERATED = (9.0, 64.0)
"""Faces between this size and the other are neither to be found nor to be passed over."""
TRUSTED = 0.6


@dataclass(frozen=True)
class Photographs:
    """Labelled photographs, as `label.py` writes them.

    Attributes:
        levels: the pictures, uint8 (n, side, side, 3), at three sides, each half of the one before.
        boxes: (n, faces, 4) x, y, width, height; NaN where there is no face. In pixels of the first level.
        landmarks: (n, faces, 5, 2).
        scores: (n, faces).
    """

    levels: tuple[np.ndarray, ...]
    boxes: np.ndarray
    landmarks: np.ndarray
    scores: np.ndarray

    @staticmethod
    def of(pictures: np.ndarray, faces: np.ndarray) -> Photographs:
        """From the arrays of the file."""
        levels = [pictures]
        for _ in range(2):
            halves = [cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for p in levels[-1]]
            levels.append(np.stack(halves))
        landmarks = faces[:, :, 4:14].reshape(*faces.shape[:2], 5, 2)
        return Photographs(tuple(levels), faces[:, :, :4], landmarks, faces[:, :, 14])

    def __len__(self) -> int:
        return len(self.scores)

    def warped(self, number: int, matrix: np.ndarray, side: int, border: int) -> np.ndarray:
        """Photograph `number` under `matrix` (2, 3), from pixels of its first level, antialiased."""
        scale = math.hypot(matrix[0, 0], matrix[1, 0])
        level = min(len(self.levels) - 1, max(0, int(math.log2(max(1.0, 0.75 / scale)) + 0.5)))
        fine = matrix.copy()
        fine[:, :2] *= 2**level
        fine[:, 2] += fine[:, :2].sum(1) / 2 - 0.5  # OpenCV counts from the centre of the first pixel
        return cv2.warpAffine(
            self.levels[level][number], fine, (side, side), flags=cv2.INTER_LINEAR, borderMode=border
        )


def turned_size(size: np.ndarray, degrees: float) -> np.ndarray:
    """Width and height of the box round the ellipse that fills a box of `size`, turned."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(
        [math.hypot(size[0] * cosine, size[1] * sine), math.hypot(size[0] * sine, size[1] * cosine)]
    )


def around(centre: np.ndarray, to: np.ndarray, scale: float, degrees: float, mirrored: bool) -> np.ndarray:
    """The matrix (2, 3) that brings `centre` to the point `to`, scaled, turned clockwise, mirrored first."""
    cosine, sine = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    linear = np.array([[cosine, -sine], [sine, cosine]])
    if mirrored:
        linear[:, 0] *= -1
    return np.column_stack([linear, np.asarray(to) - linear @ centre])


def moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (n, 2) under a matrix (2, 3); landmarks change sides where it mirrors."""
    result = points @ matrix[:, :2].T + matrix[:, 2]
    return result[SWAPPED] if len(points) == 5 and np.linalg.det(matrix[:, :2]) < 0 else result


def texture(photographs: Photographs, rng: np.random.Generator, side: int) -> np.ndarray:
    """A square without a face, uint8 (side, side, 3)."""
    kind = rng.random()
    if kind < 0.15:
        corners = rng.integers(0, 256, (2, 2, 3)).astype(np.uint8)
        picture = cv2.resize(corners, (side, side), interpolation=cv2.INTER_CUBIC)
    elif kind < 0.3:
        few = int(rng.integers(2, max(3, side // 2)))
        picture = cv2.resize(rng.integers(0, 256, (few, few, 3)).astype(np.uint8), (side, side))
    elif kind < 0.45:
        picture = shapes(rng, side)
    else:
        picture = piece(photographs, rng, side)
        for _ in range(int(rng.integers(0, 6))):
            x, y, w, h = (int(v) for v in (*rng.integers(0, side, 2), *rng.integers(side // 8 + 1, side, 2)))
            patch = piece(photographs, rng, side)[: side - y, : side - x][:h, :w]
            picture[y : y + patch.shape[0], x : x + patch.shape[1]] = patch
    return picture


def piece(photographs: Photographs, rng: np.random.Generator, side: int) -> np.ndarray:
    """What lies beside the face of a photograph, or a part of the face from very near."""
    number = int(rng.integers(len(photographs)))
    box = photographs.boxes[number, 0]
    size = float(np.sqrt(box[2] * box[3]))
    if rng.random() < 0.5 or not np.isfinite(size):  # a corner of the picture
        corner = rng.integers(0, 2, 2) * photographs.levels[0].shape[1]
        scale = side / rng.uniform(14, 30)
        matrix = around(
            corner, rng.uniform(0.2, 0.8, 2) * side, scale, rng.uniform(-180, 180), rng.random() < 0.5
        )
        return photographs.warped(number, matrix, side, cv2.BORDER_REFLECT)
    scale = max(1.7 * TOLERATED[1], 1.3 * side) * rng.uniform(1, 2.5) / size
    at = box[:2] + box[2:] * rng.uniform(-0.1, 1.1, 2)
    matrix = around(at, np.array([side, side]) / 2, scale, rng.uniform(-180, 180), rng.random() < 0.5)
    return photographs.warped(number, matrix, side, cv2.BORDER_REFLECT)


def shapes(rng: np.random.Generator, side: int) -> np.ndarray:
    """Ellipses, rectangles, lines and letters on a colour."""
    colours = rng.integers(0, 256, (12, 3)).tolist()
    picture = np.full((side, side, 3), colours[0], np.uint8)
    for colour in colours[1 : int(rng.integers(2, 12))]:
        a, b = (tuple(int(v) for v in rng.integers(-side // 4, side + side // 4, 2)) for _ in "ab")
        kind, thick = int(rng.integers(5)), int(rng.integers(1, 4)) if rng.random() < 0.4 else -1
        if kind == 0:
            cv2.rectangle(picture, a, b, colour, thick)
        elif kind == 1:
            axes, angle = rng.integers(2, side // 2, 2).tolist(), float(rng.uniform(0, 180))
            cv2.ellipse(picture, a, axes, angle, 0, 360, colour, thick, cv2.LINE_AA)
        elif kind == 2:
            cv2.line(picture, a, b, colour, abs(thick) + 1, cv2.LINE_AA)
        elif kind == 3:
            cv2.circle(picture, a, int(rng.integers(2, side // 4)), colour, thick, cv2.LINE_AA)
        else:
            word = "".join(chr(int(c)) for c in rng.integers(48, 123, 5))
            cv2.putText(
                picture, word, a, int(rng.integers(0, 8)), float(rng.uniform(0.3, 2)), colour, 1 + (thick > 1)
            )
    return picture


def spoiled(picture: np.ndarray, rng: np.random.Generator, side: int) -> np.ndarray:
    """`picture` under other light and through a worse camera; uint8, the same size."""
    if rng.random() < 0.25:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :, None], 3, 2)
    if rng.random() < 0.25:
        few = max(4, int(side * rng.uniform(0.3, 0.8)))
        small = cv2.resize(picture, (few, few), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    elif rng.random() < 0.15:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.4))
    if rng.random() < 0.1:
        length = int(rng.integers(3, 7))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, *(tuple(int(v) for v in rng.integers(0, length, 2)) for _ in "ab"), 1.0)
        picture = cv2.filter2D(picture, -1, kernel / max(1.0, float(kernel.sum())))
    levels = np.linspace(0, 1, 256)[:, None] ** math.exp(rng.normal(0, 0.35))
    gain = math.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.08, 3))
    if rng.random() < 0.12:
        gain = gain * rng.uniform(0.12, 0.5)
    offset = rng.uniform(-0.15, 0.2) if rng.random() < 0.4 else 0.0
    table = np.clip(255 * (levels * gain + offset), 0, 255).astype(np.uint8)
    picture = cv2.LUT(picture, table[None])
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(2, 14), picture.shape)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 80))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR)
    return picture


def covered(
    picture: np.ndarray, centre: np.ndarray, size: float, photographs: Photographs, rng: np.random.Generator
) -> None:
    """Cover up to about a third of a face of that size there with something, in place."""
    side = picture.shape[0]
    mask = np.zeros((side, side), np.uint8)
    angle = rng.uniform(0, 2 * math.pi)
    at = centre + size * rng.uniform(0.35, 0.7) * np.array([math.cos(angle), math.sin(angle)])
    axes = np.maximum(1, size * rng.uniform(0.12, 0.4, 2)).astype(int)
    place = tuple(int(v) for v in at)
    if rng.random() < 0.5:
        cv2.ellipse(mask, place, tuple(axes.tolist()), float(rng.uniform(0, 180)), 0, 360, 255, -1)
    else:
        cv2.rectangle(mask, (at - axes).astype(int).tolist(), (at + axes).astype(int).tolist(), 255, -1)
    np.copyto(picture, texture(photographs, rng, side), where=mask[:, :, None] > 0)


def degrees_of(rng: np.random.Generator) -> float:
    """How far a head is turned in the picture: mostly little, seldom up to 65 degrees."""
    return float(rng.uniform(-65, 65) if rng.random() < 0.25 else np.clip(rng.normal(0, 18), -65, 65))


def scene(
    photographs: Photographs, hard: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, bool]]]:
    """A scene, uint8 (SCENE, SCENE, 3), and its faces: box (4,), landmarks (5, 2), whether it is to be found.

    `hard`, uint8 (n, SCENE, SCENE, 3), are pictures without a face that were taken for one.
    """
    faces: list[tuple[np.ndarray, np.ndarray, bool]] = []
    if len(hard) and rng.random() < 0.25:
        picture = hard[int(rng.integers(len(hard)))]
        picture = np.ascontiguousarray(
            np.rot90(picture, int(rng.integers(4))) if rng.random() < 0.3 else picture
        )
        picture = picture[:, ::-1].copy() if rng.random() < 0.5 else picture.copy()
    elif rng.random() < 0.45:
        picture = np.zeros((SCENE, SCENE, 3), np.uint8)
        whole_photograph(picture, faces, photographs, rng)
    else:
        picture = texture(photographs, rng, SCENE)
    for _ in range(int(rng.choice(4, p=[0.3, 0.35, 0.25, 0.1]))):
        paste(picture, faces, photographs, rng)
    for box, _, _ in faces:
        if rng.random() < 0.2:
            covered(picture, box[:2] + box[2:] / 2, float(np.sqrt(box[2] * box[3])), photographs, rng)
    if rng.random() < 0.15:  # the border of a picture, as the detector pads it
        x, y = (int(v) for v in rng.integers(0, SCENE // 2, 2))
        picture[:, :x], picture[:y] = 0, 0
        faces = [(b, p, k and b[0] + b[2] / 2 > x and b[1] + b[3] / 2 > y) for b, p, k in faces]
        border = (x, y)
    else:
        border = (0, 0)
    picture = spoiled(picture, rng, SCENE)
    picture[:, : border[0]], picture[: border[1]] = 0, 0
    return picture, faces


def whole_photograph(
    picture: np.ndarray, faces: list, photographs: Photographs, rng: np.random.Generator
) -> None:
    """A photograph as the background, with its faces, or nearer than faces are looked for."""
    number = int(rng.integers(len(photographs)))
    box = photographs.boxes[number, 0]
    size = float(np.sqrt(box[2] * box[3])) if np.isfinite(box).all() else 80.0
    wanted = math.exp(rng.uniform(math.log(SIZES[0]), math.log(4 * TOLERATED[1])))
    at = box[:2] + box[2:] / 2 if np.isfinite(box).all() else np.array([56.0, 56.0])
    to = rng.uniform(0.15, 0.85, 2) * SCENE
    degrees, border = degrees_of(rng), [cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE][int(rng.integers(2))]
    matrix = around(at, to, wanted / size, degrees, bool(rng.random() < 0.5))
    picture[:] = photographs.warped(number, matrix, SCENE, border)
    add_faces(faces, photographs, number, matrix, degrees)


def add_faces(faces: list, photographs: Photographs, number: int, matrix: np.ndarray, degrees: float) -> None:
    """The faces of a photograph that was warped by `matrix`."""
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    for box, points, score in zip(
        photographs.boxes[number], photographs.landmarks[number], photographs.scores[number], strict=True
    ):
        if not np.isfinite(score):
            continue
        centre = moved((box[:2] + box[2:] / 2)[None], matrix)[0]
        width = scale * turned_size(box[2:], degrees)
        known = bool(score >= TRUSTED)
        faces.append((np.concatenate([centre - width / 2, width]), moved(points, matrix), known))


def paste(picture: np.ndarray, faces: list, photographs: Photographs, rng: np.random.Generator) -> None:
    """One more face, where there is room for it, in place."""
    number = int(rng.integers(len(photographs)))
    box = photographs.boxes[number, 0]
    if not np.isfinite(box).all() or photographs.scores[number, 0] < TRUSTED:
        return
    size = float(np.sqrt(box[2] * box[3]))
    wanted = math.exp(rng.uniform(math.log(10), math.log(SIZES[1])))
    degrees, to = degrees_of(rng), rng.uniform(0.05, 0.95, 2) * SCENE
    for other, _, _ in faces:
        reach = (wanted + float(np.sqrt(other[2] * other[3]))) * 0.75
        if np.abs(other[:2] + other[2:] / 2 - to).max() < reach:
            return
    matrix = around(box[:2] + box[2:] / 2, to, wanted / size, degrees, bool(rng.random() < 0.5))
    warped = photographs.warped(number, matrix, SCENE, cv2.BORDER_CONSTANT)
    whole = photographs.levels[0].shape[1]
    mask = np.zeros((whole, whole), np.float32)
    if rng.random() < 0.5:
        mask[:] = 1
    elif rng.random() < 0.5:
        x, y, w, h = box
        middle = (int(x + w / 2), int(y + h * 0.45))
        axes = (int(w * rng.uniform(0.55, 0.8)), int(h * rng.uniform(0.6, 0.8)))
        cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, -1)
    else:
        low = (box[:2] - box[2:] * rng.uniform(0.0, 0.4, 2)).astype(int)
        high = (box[:2] + box[2:] * rng.uniform(1.0, 1.4, 2)).astype(int)
        cv2.rectangle(mask, low.tolist(), high.tolist(), 1.0, -1)
    there = cv2.warpAffine(mask, matrix, (SCENE, SCENE), flags=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        there = cv2.GaussianBlur(there, (0, 0), rng.uniform(0.5, 2))
    there = there[:, :, None]
    picture[:] = (picture * (1 - there) + warped * there).astype(np.uint8)
    width = wanted / size * turned_size(box[2:], degrees)
    points = moved(photographs.landmarks[number, 0], matrix)
    faces.append((np.concatenate([to - width / 2, width]), points, True))


FAR, NEAR, NEARER = (12, 0.22, 0.08), (3, 0.04, 0.03), (2, 0.025, 0.015)
"""Spread of a crop's angle in degrees, of its scale and place: after the finder, a look, and a close-up."""


def face_crop(
    photographs: Photographs, number: int, rng: np.random.Generator, close_up: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The first face of a photograph about where a landmark network sees faces, and its landmarks there.

    `close_up` is for the refinement network, which sees it from nearer and nearly in its place.

    Returns:
        uint8 (CROP, CROP, 3) and (5, 2) in pixels of the crop.
    """
    points = photographs.landmarks[number, 0].astype(float)
    mirrored = bool(rng.random() < 0.5)
    if mirrored:
        points = (points * (-1, 1))[SWAPPED]
    first = rng.random() < 0.5
    noise = (NEAR if first else NEARER) if close_up else (FAR if first else NEAR)
    matrix = similarity(points, CLOSE_UP if close_up else TEMPLATE)
    middle = np.array([CROP / 2, CROP / 2])
    shift = rng.normal(0, noise[2], 2) * CROP * 0.6
    change = around(middle, middle + shift, math.exp(rng.normal(0, noise[1])), rng.normal(0, noise[0]), False)
    matrix = np.column_stack([change[:, :2] @ matrix[:, :2], change[:, :2] @ matrix[:, 2] + change[:, 2]])
    points = points @ matrix[:, :2].T + matrix[:, 2]
    if mirrored:
        matrix[:, 0] *= -1
    border = cv2.BORDER_CONSTANT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
    picture = photographs.warped(number, matrix, CROP, border)
    if rng.random() < 0.2:
        covered(picture, middle, 0.7 * CROP, photographs, rng)
    return spoiled(picture, rng, CROP), points


def no_face_crop(photographs: Photographs, hard: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A crop, uint8 (CROP, CROP, 3), that the landmark network is to refuse."""
    kind = rng.random()
    if len(hard) and kind < 0.5:
        picture = hard[int(rng.integers(len(hard)))]
        picture = cv2.resize(picture, (CROP, CROP), interpolation=cv2.INTER_LINEAR)
        picture = picture[:, ::-1] if rng.random() < 0.5 else picture
    elif kind < 0.75:
        picture = texture(photographs, rng, CROP)
    else:  # a face at the wrong size, place or angle
        number = int(rng.integers(len(photographs)))
        points = photographs.landmarks[number, 0].astype(float)
        if not np.isfinite(points).all():
            return spoiled(texture(photographs, rng, CROP), rng, CROP)
        matrix = similarity(points, TEMPLATE)
        middle, way = np.array([CROP / 2, CROP / 2]), rng.random()
        scale, degrees, to = 1.0, 0.0, middle
        if way < 0.35:
            scale = rng.uniform(1.9, 4) if rng.random() < 0.6 else rng.uniform(0.2, 0.45)
        elif way < 0.65:
            to = middle + rng.choice([-1, 1], 2) * rng.uniform(0.35, 0.8, 2) * CROP
        else:
            degrees = rng.uniform(80, 280)
        change = around(middle, to, scale, degrees, False)
        matrix = np.column_stack([change[:, :2] @ matrix[:, :2], change[:, :2] @ matrix[:, 2] + change[:, 2]])
        picture = photographs.warped(number, matrix, CROP, cv2.BORDER_REPLICATE)
    return spoiled(np.ascontiguousarray(picture), rng, CROP)
