"""What the network of the attribute classifier says of faces, and how faces are brought to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from cyclegan_glasses.faces.landmark_crops import SWAPPED
from cyclegan_glasses.values import softmax, to_values

_BATCH = 64


class Answers(NamedTuple):
    """What the heads say of N faces, float32, and the code that they read.

    Attributes:
        glasses: logits (N, classes).
        gender: logits (N, 2).
        age: years (N,).
        landmarks: (N, 5, 2) as fractions of the crop's side.
        features: (N, d).
    """

    glasses: np.ndarray
    gender: np.ndarray
    age: np.ndarray
    landmarks: np.ndarray
    features: np.ndarray


class AttributeNetwork(Protocol):
    """The network, run by torch or by onnxruntime.

    Attributes:
        size: side of the faces in pixels.
    """

    @property
    def size(self) -> int: ...

    def __call__(self, faces: np.ndarray) -> Answers:
        """The answers on `faces`, float32 (N, 3, size, size) in [-1, 1]."""


def mirrored_mean(network: AttributeNetwork, faces: np.ndarray) -> Answers:
    """The mean of what the heads say of `faces` (N, 3, size, size) in [-1, 1] and of their mirror images."""
    plain, mirrored = network(faces), network(np.ascontiguousarray(faces[..., ::-1]))
    marks = mirrored.landmarks[:, SWAPPED] * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32)
    mirrored = mirrored._replace(landmarks=marks)
    return Answers(*((one + other) / 2 for one, other in zip(plain, mirrored, strict=True)))


def joined(answers: Sequence[Answers]) -> Answers:
    """The answers on several batches as those on one."""
    return Answers(*(np.concatenate(head) for head in zip(*answers, strict=True)))


def probabilities(logits: np.ndarray, temperature: float, bias: Sequence[float] = ()) -> np.ndarray:
    """Softmax of `logits` (N, classes) over a temperature, float64 (Guo et al., arXiv 1706.04599, eq. 9).

    Args:
        bias: added for each class thereafter; empty for none.
    """
    scaled = logits.astype(np.float64) / temperature
    return softmax(scaled + np.asarray(bias) if bias else scaled)


def aligned_batches(faces: Sequence[np.ndarray] | np.ndarray, size: int) -> Iterator[np.ndarray]:
    """`faces`, each uint8 RGB (side, side, 3), as float32 (≤ 64, 3, size, size) in [-1, 1]."""
    for start in range(0, len(faces), _BATCH):
        yield to_values(np.stack([_resized(face, size) for face in faces[start : start + _BATCH]]))


def _resized(face: np.ndarray, size: int) -> np.ndarray:
    if face.dtype != np.uint8 or face.ndim != 3 or face.shape[2] != 3:
        raise ValueError(f"a face is uint8 (size, size, 3), not {face.dtype} {face.shape}")
    interpolation = cv2.INTER_AREA if size < len(face) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(face, (size, size), interpolation=interpolation))
