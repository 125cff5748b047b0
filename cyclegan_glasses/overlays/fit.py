"""The pose of a face in a photograph, from its landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.settings import PUPILS

FACE = np.array(
    [[-PUPILS / 2, 0, 0], [PUPILS / 2, 0, 0], [0, 35.3, -31.0], [-26.7, 63.2, 2.0], [26.7, 63.2, 2.0]]
)
"""Eyes, nose tip and corners of the mouth of a generic face in mm: medians of 8,000 faces as YuNet sees them
(the depths from how the points move when heads turn), in the order of `faces.detect.LANDMARKS`."""
DISTANCE = 900.0
"""From the camera to the face in mm, as in most portraits."""
_MOST_YAW, _MOST_PITCH = 45.0, 14.0
_TRUST = 0.5
"""Fraction of the measured pitch that is believed: a long nose looks like a lowered head."""


def fit_pose(landmarks: np.ndarray, pupils: float = PUPILS) -> Pose:
    """The pose of a face whose five landmarks, (5, 2) in pixels, lie where `faces.detect` finds them.

    Yaw and pitch are those of `cv2.solvePnP` on the generic face; place, size and roll follow from the eyes,
    so that the lenses come to lie before them. Where nose and mouth were not measured (NaN) the face is taken
    to look straight ahead. `pupils` is their distance in mm: all sizes are true to it.

    Raises:
        ValueError: the eyes coincide.
    """
    points = np.asarray(landmarks, float) - 0.5  # from corners to centres of pixels
    left, right = points[:2]
    yaw, pitch = _angles(points, Pose.from_eyes(left, right)) if np.isfinite(points).all() else (0.0, 0.0)
    return Pose.from_eyes(left, right, yaw, pitch, pupils, DISTANCE, principal=(left + right) / 2)


def _angles(points: np.ndarray, guess: Pose) -> tuple[float, float]:
    """Yaw and pitch in degrees of a face whose pose is about `guess`."""
    # A camera whose picture at that distance has the guessed scale.
    focal = guess.scale * DISTANCE
    camera = np.array([[focal, 0, guess.origin[0]], [0, focal, guess.origin[1]], [0, 0, 1]])
    # The pose that explains the landmarks best, from the guess on.
    start = cv2.Rodrigues(guess.rotation)[0], np.array([[0.0], [0.0], [DISTANCE]])
    _, rotation, _ = cv2.solvePnP(FACE, points, camera, None, *start, useExtrinsicGuess=True)
    # The direction that the face looks in, as two angles.
    ahead = cv2.Rodrigues(rotation)[0][2]
    yaw = np.degrees(np.arctan2(ahead[0], ahead[2]))
    pitch = -np.degrees(np.arcsin(np.clip(ahead[1], -1, 1))) * _TRUST
    return float(np.clip(yaw, -_MOST_YAW, _MOST_YAW)), float(np.clip(pitch, -_MOST_PITCH, _MOST_PITCH))
