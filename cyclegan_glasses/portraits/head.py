"""The form of a head: a relief of the face in mm, its outline, and where both land on the picture.

Coordinates are those of `overlays.pose`: the relief gives the depth z of a face that looks straight ahead at
(x, y), so whatever is drawn on the face follows every turn of the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from cyclegan_glasses.overlays.outlines import closed_curve
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.settings import PUPILS
from cyclegan_glasses.portraits.canvas import symmetric
from cyclegan_glasses.portraits.parameters import Portrait

_STEP = 1.25
_LEFT, _TOP = -105.0, -115.0
_COLUMNS, _ROWS = 169, 201


def pose_of(portrait: Portrait, size: int) -> Pose:
    """The pose of a portrait's head on a picture of `size` pixels."""
    left, right = eyes_of(portrait, size) - 0.5
    return Pose.from_eyes(left, right, portrait.yaw, portrait.pitch)


def eyes_of(portrait: Portrait, size: int) -> np.ndarray:
    """The left and the right eye (2, 2) on a picture of `size` pixels, counted from its corner."""
    lean, middle = np.radians(portrait.roll), np.array([portrait.eye_x, portrait.eye_y]) * size
    across = portrait.eye_distance * size / 2 * np.array([np.cos(lean), np.sin(lean)])
    return np.stack([middle - across, middle + across])


def landmarks_of(portrait: Portrait, size: int) -> np.ndarray:
    """The landmarks (5, 2) of a portrait's face, in the order of `faces.face.LANDMARKS`; see `eyes_of`."""
    p = portrait
    corner = (p.mouth_width, mouth_height(p) - 5.2 * p.smile)
    features = Head.of(p, size).place([(0, p.nose_length - 4), (-corner[0], corner[1]), corner]) + 0.5
    return np.concatenate([eyes_of(p, size), features])


def mouth_height(p: Portrait) -> float:
    """The line of the mouth, mm below the eyes."""
    return p.nose_length + 0.42 * (p.chin - p.nose_length)


def relief(p: Portrait, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth z in mm of the face at (x, y), up to a constant."""

    def bump(at: tuple[float, float], wide: float, high: float, side: np.ndarray = x) -> np.ndarray:
        return np.exp(-(((side - at[0]) / wide) ** 2) - ((y - at[1]) / high) ** 2)

    # The head is an ellipsoid.
    apart = np.abs(x)
    inside = 1 - (x / (p.face_width + 15)) ** 2 - ((y - 8) / 128) ** 2
    z = -82 * np.sqrt(np.maximum(inside, 0.02))
    # The ridge of the nose, its tip and its wings.
    length, tip = p.nose_length, p.nose_height
    along = np.clip((y + 10) / (length + 8), 0, 1)
    under = 1 / (1 + np.exp(np.clip((y - length - 1.5 + 0.016 * x * x) / 2, -30, 30)))
    ridge = (0.22 + 0.78 * along**1.5) * under * (y > -40) * np.exp(-np.clip(-y - 6, 0, None) / 9)
    width = 7.6 + 0.26 * p.nose_width * along**2
    z -= 0.78 * tip * ridge * np.exp(-((x / width) ** 2))
    z -= 0.30 * tip * bump((0, length - 5), 7.0, 6.0)
    z -= 0.26 * tip * bump((p.nose_width - 4.5, length - 3), 4.6, 5.2, apart)
    # Eye sockets and eyeballs, brows, cheeks.
    z += 7.0 * bump((29, -4), 17, 10, apart) - 4.2 * bump((31.5, 0), 11.5, 7.5, apart)
    z += 2.5 * bump((15, -2), 6, 8, apart)
    z -= (4.2 - 1.8 * p.feminine) * bump((24, -18), 21, 6.5, apart)
    smile = 2.2 * max(p.smile, 0) * bump((34, 36), 11, 9, apart)
    z -= 4.5 * (0.6 + p.cheeks) * bump((40, 27), 17, 15, apart) + smile
    z += 4.0 * p.hollow * bump((44, 56), 14, 16, apart)
    # Mouth and lips, and the chin.
    mouth = mouth_height(p)
    z -= 4.5 * bump((0, mouth), 22, 14)
    lower = 2.2 * bump((0, mouth + 0.6 * p.lip_lower), 14, 3.6)
    z -= 1.7 * bump((0, mouth - 0.6 * p.lip_upper), 15, 3.2) + lower
    z += 1.6 * bump((0, mouth), 19, 1.5) + 2.6 * bump((0, mouth + p.lip_lower + 6), 14, 4)
    z += 1.0 * bump((0, (length + mouth) / 2), 3.0, 5.5)
    z -= 5.5 * bump((0, p.chin - 11), 0.75 * p.chin_width, 10)
    return z


@dataclass(frozen=True, slots=True)
class Head:
    """A portrait's head on a canvas of `size` pixels.

    Attributes:
        depth: z in mm on a grid of `_STEP` mm, float32; 0 at the eyes.
        outline: of the face, pixels (n, 2).
    """

    portrait: Portrait
    pose: Pose
    size: int
    depth: np.ndarray
    outline: np.ndarray

    @staticmethod
    def of(portrait: Portrait, size: int) -> Head:
        """The head of `portrait` on a canvas of `size` pixels."""
        pose = pose_of(portrait, size)
        x = (_LEFT + _STEP * np.arange(_COLUMNS)).astype(np.float32)[None]
        y = (_TOP + _STEP * np.arange(_ROWS)).astype(np.float32)[:, None]
        zero = float(relief(portrait, np.array([PUPILS / 2]), np.array([0.0]))[0])
        depth = (relief(portrait, x, y) - zero).astype(np.float32)
        return Head(portrait, pose, size, depth, pose.project(contour(portrait)))

    def place(self, points: ArrayLike, lift: float = 0.0) -> np.ndarray:
        """Pixels (…, 2) of points (…, 2) on the face, in mm; `lift` mm above it."""
        points = np.asarray(points, float)
        column, row = ((points.reshape(-1, 2) - (_LEFT, _TOP)) / _STEP).astype(np.float32).T[:, None]
        z = _sample(self.depth, column, row).reshape(points.shape[:-1])
        return self.pose.project(points, z - lift)

    def surface(self) -> tuple[np.ndarray, np.ndarray]:
        """What each second pixel of each second row shows.

        Returns:
            Place on the face in mm (size/2, size/2, 2), and unit normal in camera coordinates (…, 3), both
            float32. The place solves the projection by iteration, since the relief is gentle.
        """
        half = self.size // 2
        pixel = np.arange(half, dtype=np.float32) * 2 + 0.5
        rotation = self.pose.rotation.astype(np.float32)
        origin, scale = self.pose.origin.astype(np.float32), np.float32(self.pose.scale)
        seen_x, seen_y = (pixel[None] - origin[0]) / scale, (pixel[:, None] - origin[1]) / scale
        inverse = np.linalg.inv(rotation[:2, :2])
        # The depth decides which place a pixel shows, and the place its depth.
        z: np.ndarray = np.zeros((half, half), np.float32)
        for _ in range(5):
            u, v = seen_x - rotation[0, 2] * z, seen_y - rotation[1, 2] * z
            x, y = inverse[0, 0] * u + inverse[0, 1] * v, inverse[1, 0] * u + inverse[1, 1] * v
            column, row = (x - _LEFT) / _STEP, (y - _TOP) / _STEP
            z = _sample(self.depth, column, row)
        # Normals from the slopes of the relief, in camera coordinates.
        across = cv2.Sobel(self.depth, -1, 1, 0, scale=1 / (8 * _STEP))
        down = cv2.Sobel(self.depth, -1, 0, 1, scale=1 / (8 * _STEP))
        normal = np.stack([across, down, np.full_like(across, -1)], axis=-1)
        normal = _sample(normal, column, row) @ rotation.T
        return np.stack([x, y], axis=-1), normal / np.sqrt((normal * normal).sum(axis=-1, keepdims=True))


def _sample(layer: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    return cv2.remap(layer, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def contour(p: Portrait) -> np.ndarray:
    """The outline of the face (n, 3) in mm: what is seen of it lies behind the eyes, less at the chin."""
    w, corner = p.face_width, p.jaw * p.face_width
    full = 1 + 0.02 * p.cheeks - 0.02 * p.hollow
    right = [
        (0, -106, 18), (0.42 * w, -101, 22), (0.78 * w, -82, 30), (0.97 * w, -48, 38), (1.0 * w, -14, 44),
        (0.985 * w * full, 15, 42), ((0.47 * w + 0.5 * corner) * full, 40, 36), (corner * full, 61, 28),
        (0.42 * corner + 0.52 * p.chin_width, 0.42 * 61 + 0.58 * p.chin, 16),
        (p.chin_width, p.chin - 5.2, 6), (0.45 * p.chin_width, p.chin - 0.6, 2), (0, p.chin, 0),
    ]  # fmt: skip
    return closed_curve(symmetric(right), 132)
