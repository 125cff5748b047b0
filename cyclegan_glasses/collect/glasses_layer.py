"""The glasses of one aligned face as a layer that can be put on another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.faces.eye_region import at_the_eyes
from cyclegan_glasses.overlays.canvas import LAYERS

_LIT = slice(0.31, 0.54), slice(0.27, 0.73)  # rows and columns that are as bright as the eyes
_TRACE = 0.02  # of a pixel, and less, is no frame
_NOISE, _SMOOTHING = 1.5, 0.8  # levels, and pixels that they are smoothed over: smaller differences are none


@dataclass(frozen=True, slots=True, eq=False)
class GlassesLayer:
    """What glasses do to a face.

    Attributes:
        difference: what the face without them lacks, float32 (height, width, 3), levels.
        behind: the face without them, float32 (height, width, 3), levels of 0 to 255.
        frame: how much of each pixel the frame takes, float32 (height, width) of 0 to 1.
    """

    difference: np.ndarray
    behind: np.ndarray
    frame: np.ndarray

    @property
    def frame_fraction(self) -> float:
        """The fraction of the picture that the frame takes: of a thin one, half of each of its pixels."""
        return float(self.frame.mean())

    def put_on(self, face: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Put the glasses on another face, aligned alike.

        Where the frame takes the fraction f of a pixel, the photo p is f c + (1 - f) x, with c the colour of
        the frame and x the face behind it (Levin et al. 2008, A Closed-Form Solution to Natural Image
        Matting, equation 1). Before another face y it is f c + (1 - f) y = y + (p - x) + f (x - y). Where f
        is 0, shadows, reflections and veils are carried over as differences.

        Args:
            face: uint8 RGB (height, width, 3).

        Returns:
            It with the glasses; the mask, uint8 (height, width), 255 exactly where it has changed; and the
            layers, uint8 (height, width, 4), of which the first alone is known, f times 255.
        """
        levels = face + self.difference + self.frame[..., None] * (self.behind - face)
        result = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
        changed = (result != face).any(axis=2)
        layers = np.zeros((*changed.shape, len(LAYERS)), np.uint8)
        layers[..., LAYERS.index("frame")] = changed * np.rint(self.frame * 255)
        return result, changed * np.uint8(255), layers


def glasses_of(photo: np.ndarray, removed: np.ndarray, frame: np.ndarray) -> GlassesLayer:
    """The glasses that a model took off: what of its change may belong to some (`at_the_eyes`).

    Args:
        photo: the face with glasses, uint8 RGB (height, width, 3).
        removed: the same face without, levels of 0 to 255.
        frame: how much of each pixel the frame takes, (height, width) of 0 to 1.
    """
    difference = photo.astype(np.float32) - removed
    visible = np.abs(cv2.GaussianBlur(difference, (0, 0), _SMOOTHING)).max(axis=2) > _NOISE
    taken = frame > _TRACE
    near = at_the_eyes(visible | taken)
    return GlassesLayer(
        np.where((visible & near)[..., None], difference, 0).astype(np.float32),
        removed.astype(np.float32),
        np.where(taken & near, frame, 0).astype(np.float32),
    )


def brightness(face: np.ndarray) -> float:
    """How bright an aligned face (size, size, 3) is around the eyes: mean of its levels, 0 to 255."""
    rows, columns = (slice(round(part.start * len(face)), round(part.stop * len(face))) for part in _LIT)
    return float(face[rows, columns].mean())
