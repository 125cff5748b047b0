"""Poses: if these fail, glasses do not sit where the eyes are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.overlays.pose import Pose, rotation_of
from cyclegan_glasses.overlays.settings import PUPILS

EYES = np.array([[-PUPILS / 2, 0, 0], [PUPILS / 2, 0, 0]])


@pytest.mark.parametrize("distance", [float("inf"), 600.0])
@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (25, 0), (-30, 12), (10, -20)])
def test_the_eyes_land_where_they_were_asked_to(distance: float, yaw: float, pitch: float) -> None:
    asked = np.array([[40.0, 52.0], [88.0, 47.0]])
    pose = Pose.from_eyes((40.0, 52.0), (88.0, 47.0), yaw, pitch, distance=distance, principal=(64.0, 64.0))
    assert np.abs(pose.project(EYES) - asked).max() < 0.6
    assert np.allclose(pose.rotation @ pose.rotation.T, np.eye(3))


def test_signs_of_the_angles() -> None:
    nose = np.array([0.0, 0.0, -20.0])
    assert (rotation_of(20, 0, 0) @ nose)[0] > 5
    assert (rotation_of(0, 20, 0) @ nose)[1] < -5
    assert (rotation_of(0, 0, 20) @ np.array([1.0, 0, 0]))[1] > 0.3
    assert np.allclose(
        Pose.from_eyes((40, 50), (88, 50), yaw=20).towards_camera()[2], -np.cos(np.radians(20))
    )


def test_projection_agrees_with_opencv() -> None:
    """The pose that solvePnP finds is drawn with the same camera, to a hundredth of a pixel."""
    points = np.random.default_rng(0).uniform(-70, 70, (12, 3))
    camera = np.array([[900.0, 0, 320], [0, 900.0, 240], [0, 0, 1]])
    vector, place = np.array([0.1, -0.3, 0.05]), np.array([12.0, -20.0, 640.0])
    seen = cv2.projectPoints(points, vector, place, camera, None)[0].reshape(-1, 2)
    principal, scale = camera[:2, 2], camera[0, 0] / place[2]
    pose = Pose(cv2.Rodrigues(vector)[0], principal + scale * place[:2], scale, place[2], principal)
    assert np.abs(pose.project(points) - seen).max() < 0.01
    flat = points * (1, 1, 0) + (0, 0, 9.0)
    assert np.allclose(pose.project(flat), pose.project(flat[:, :2], 9.0), rtol=0, atol=1e-9)


def test_no_pose_for_eyes_in_one_place_or_a_profile() -> None:
    with pytest.raises(ValueError, match="no pose"):
        Pose.from_eyes((5, 5), (5, 5))
    with pytest.raises(ValueError, match="no pose"):
        Pose.from_eyes((5, 5), (9, 5), yaw=90)
