"""Where the head is and how the camera sees it: millimetres in, pixels out.

Head coordinates are in mm, with the origin midway between the eyes on the plane of the corneas: x to the
right of the picture, y down, z away from the viewer, so the tip of the nose has a negative z. This is the
convention of OpenCV's cameras for a head that looks straight at the camera.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from cyclegan_glasses.overlays.settings import PUPILS


@dataclass(frozen=True, slots=True)
class Pose:
    """A head in front of a camera.

    Attributes:
        rotation: head to camera, orthonormal (3, 3).
        origin: pixel (x, y) of the head's origin; pixel centres have whole coordinates.
        scale: pixels a mm at the origin.
        distance: from the camera to the origin in mm; infinite means weak perspective.
        principal: pixel that the camera's axis meets; only matters at a finite distance.
    """

    rotation: np.ndarray
    origin: np.ndarray
    scale: float
    distance: float = float("inf")
    principal: ArrayLike = (0.0, 0.0)

    @staticmethod
    def from_eyes(
        left: ArrayLike,
        right: ArrayLike,
        yaw: float = 0.0,
        pitch: float = 0.0,
        pupils: float = PUPILS,
        distance: float = float("inf"),
        principal: ArrayLike = (0.0, 0.0),
    ) -> Pose:
        """The pose that puts the eyes at two pixels, `left` and `right` as seen in the picture.

        Args:
            left, right: pixels (x, y) of the pupils.
            yaw, pitch: degrees; the face turns to the right of the picture, and looks up. The roll follows
                from the eyes.
            pupils: distance of the pupils in mm.
            distance, principal: as in `Pose`.

        Raises:
            ValueError: the eyes coincide, or the head is in profile.
        """
        a, b, centre = (np.asarray(p, float) for p in (left, right, principal))
        if not np.hypot(*(b - a)) > 0 or abs(yaw) >= 89:
            raise ValueError("no pose has both eyes in one place")
        # Where both eyes would be at the distance of the head's origin: perspective moves them apart.
        flat = rotation_of(yaw, pitch, 0.0)
        depth = pupils / 2 * flat[2, 0] / distance
        far, near = (b - centre) * (1 + depth), (a - centre) * (1 - depth)
        # Their line gives the roll, and their distance the scale.
        across = far - near
        roll = np.arctan2(across[1], across[0]) - np.arctan2(flat[1, 0], flat[0, 0])
        scale = float(np.hypot(*across) / (pupils * np.hypot(flat[0, 0], flat[1, 0])))
        rotation = rotation_of(yaw, pitch, float(np.degrees(roll)))
        return Pose(rotation, centre + (far + near) / 2, scale, distance, principal)

    def project(self, points: ArrayLike, z: np.ndarray | float = 0.0) -> np.ndarray:
        """Pixels (…, 2) of points (…, 3) in head coordinates, or of points (…, 2) at the depth `z`."""
        points = np.asarray(points, float)
        seen = points @ self.rotation[:, : points.shape[-1]].T
        if points.shape[-1] == 2:
            seen = seen + np.multiply.outer(z, self.rotation[:, 2])
        offset = np.subtract(self.origin, self.principal)
        return self.principal + (self.scale * seen[..., :2] + offset) / (1 + seen[..., 2:] / self.distance)

    def in_window(self, corner: ArrayLike, step: float = 1.0) -> Pose:
        """The same head in a window that begins at the pixel `corner`, shrunk by the factor `step`."""
        origin, principal = (
            (np.asarray(point, float) + 0.5 - np.asarray(corner)) / step - 0.5
            for point in (self.origin, self.principal)
        )
        return replace(self, origin=origin, scale=self.scale / step, principal=principal)

    def towards_camera(self) -> np.ndarray:
        """Unit vector (3,) in head coordinates from the head to the camera."""
        return -self.rotation[2]


def rotation_of(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation (3, 3) from head to camera, degrees: by `yaw`, then `pitch`, then `roll`.

    Positive yaw turns the face to the right of the picture, positive pitch looks up, positive roll tilts the
    head clockwise as seen.
    """
    (sy, sp, sr), (cy, cp, cr) = (f(np.radians([yaw, pitch, roll])) for f in (np.sin, np.cos))
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_z @ about_x @ about_y
