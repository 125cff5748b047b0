"""The face of a picture in a crop for the landmark networks, and their landmarks back in the picture."""

from __future__ import annotations

import math

import cv2
import numpy as np

CROP = 64
"""Side of the crop that the landmark network sees, in pixels."""
TEMPLATE = CROP * np.array([[0.34, 0.37], [0.66, 0.37], [0.5, 0.545], [0.367, 0.686], [0.633, 0.686]])
"""Where the landmarks of a frontal face lie in it."""
CLOSE_UP = CROP * (np.array([0.5, 0.528]) + 1.4 * (TEMPLATE / CROP - (0.5, 0.528)))
"""The same for the refinement network, which sees the face from nearer."""
SWAPPED = [1, 0, 2, 4, 3]
"""The order of the landmarks in a mirrored picture."""


def similarity(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift (2, 3) that bring `points` (n, 2) nearest to `target` by least squares.

    Umeyama 1991, doi 10.1109/34.88573, without reflection, in complex numbers.
    """
    source, goal = (p @ (1, 1j) for p in (points, target))
    middle, aim = source.mean(), goal.mean()
    spread = max(float((np.abs(source - middle) ** 2).sum()), 1e-9)
    factor = ((goal - aim) * np.conj(source - middle)).sum() / spread
    shift = aim - factor * middle
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def crop_of(image: np.ndarray, points: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The face of `image`, uint8 RGB, whose landmarks are about at `points`, brought to `template`.

    Returns:
        uint8 (CROP, CROP, 3), black outside of the image, and the matrix (2, 3) from the image to the crop.
    """
    matrix = similarity(points, template)
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0], [CROP, 0], [CROP, CROP], [0, CROP]]) @ inverse[:, :2].T + inverse[:, 2]
    size = image.shape[1::-1]
    low = np.clip(np.floor(corners.min(0)) - 2, 0, np.array(size) - 1).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 2, low + 1, size).astype(int)
    window = image[low[1] : high[1], low[0] : high[0]]
    # Shrunk by averaging as far as that goes, so that the warp does not alias.
    times = max(1, int(0.8 / scale))
    few = np.maximum(1, (high - low) // times)
    ratio = few / (high - low)
    if times > 1:
        window = cv2.resize(window, few.tolist(), interpolation=cv2.INTER_AREA)
    else:
        ratio = np.ones(2)
    fine = np.column_stack([matrix[:, :2] / ratio, matrix[:, :2] @ low + matrix[:, 2]])
    fine[:, 2] += fine[:, :2].sum(1) / 2 - 0.5  # OpenCV counts from the centre of the first pixel
    return cv2.warpAffine(window, fine, (CROP, CROP), flags=cv2.INTER_LINEAR), matrix


def blob_of(crops: list[np.ndarray]) -> np.ndarray:
    """Crops, uint8 (CROP, CROP, 3), for the network: float32 (n, 3, CROP, CROP), of mean 0 and spread 1."""
    blob = np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32)
    mean, spread = blob.mean(axis=(1, 2, 3), keepdims=True), blob.std(axis=(1, 2, 3), keepdims=True)
    return np.ascontiguousarray((blob - mean) / (spread + 4))


def points_of(heat: np.ndarray) -> np.ndarray:
    """Landmarks (n, 5, 2) in pixels of the crop: the centre of mass of each heat map's softmax.

    Integral regression (Sun et al. 2018, arXiv 1711.08229, equation 2), of logits (n, 5, side, side).
    """
    count, _, side, _ = heat.shape
    weight = np.exp(heat - heat.max(axis=(2, 3), keepdims=True)).astype(np.float64)
    weight /= weight.sum(axis=(2, 3), keepdims=True)
    centres = (np.arange(side) + 0.5) * CROP / side
    return np.stack([weight.sum(axis=2) @ centres, weight.sum(axis=3) @ centres], axis=2).reshape(
        count, -1, 2
    )


def in_image(heat: np.ndarray, matrix: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, float]:
    """Landmarks (5, 2) in pixels of the image, from the heat maps of a crop and its mirror image.

    Args:
        heat: (2, 5, side, side).
        matrix: (2, 3) from the image to the crop.
        before: (5, 2), where they were thought to be.

    Returns:
        The mean of both, and how far they are from `before`, on average, in pixels of the crop.
    """
    seen, mirrored = points_of(heat)
    here = (seen + mirrored[SWAPPED] * (-1, 1) + (CROP, 0)) / 2
    inverse = cv2.invertAffineTransform(matrix)
    moved = np.abs(here - before @ matrix[:, :2].T - matrix[:, 2]).mean()
    return here @ inverse[:, :2].T + inverse[:, 2], float(moved)
