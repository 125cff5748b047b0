"""A frame on a head: its parts as the camera sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.geometry import Model, Temple, model_of
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.scene import Scene, Wearer


@dataclass(frozen=True, slots=True)
class Worn:
    """A frame on a head, before a camera.

    Attributes:
        frame: as it was given.
        look: how its lenses and temples are drawn.
        model: its outlines in mm.
        lenses: outlines (n, 2) of the left and the right lens in pixels.
        temples: ribbons (n, 3) in mm of the left and the right one that the head does not hide.
    """

    frame: Frame | CustomFrame
    look: Frame
    model: Model
    lenses: list[np.ndarray]
    temples: list[list[np.ndarray]]
    pose: Pose
    scene: Scene

    @staticmethod
    def of(frame: Frame | CustomFrame, pose: Pose, scene: Scene) -> Worn:
        """`frame` as the wearer has it on."""
        if isinstance(frame, CustomFrame):
            look, model = frame.look, frame.model(scene.wearer)
        else:
            look, model = frame, model_of(frame, scene.wearer)
        temples = [_visible_temple(temple, pose, scene.wearer) for temple in model.temples]
        lenses = [pose.project(lens) for lens in model.lenses]
        return Worn(frame, look, model, lenses, temples, pose, scene)

    def points(self, temples: bool = True) -> np.ndarray:
        """Pixels (n, 2) of everything that is drawn, or of the front."""
        rings = [ring for piece in self.model.front for ring in piece.rings]
        ribbons = [ribbon for side in self.temples for ribbon in side] if temples else []
        return self.pose.project(np.concatenate([*rings, *ribbons]))


def _visible_temple(temple: Temple, pose: Pose, wearer: Wearer) -> list[np.ndarray]:
    """The ribbons (n, 3) of a temple that the head, an ellipsoid, does not hide from the camera."""
    # A ray from each point of its middle line to the camera meets the ellipsoid where a t² + 2 b t + c < 0.
    axes = np.array([wearer.half_width, 112.0, 0.89 * wearer.ear[1]])
    start = (temple.line - (0, 8.0, 0.8 * wearer.ear[1])) / axes
    ray = pose.towards_camera() / axes
    a, b, c = ray @ ray, start @ ray, (start**2).sum(axis=1) - 1
    hidden = (c < 0) | ((b < 0) & (b**2 > a * c))
    # What is seen ends at the first hidden point.
    count = int(np.argmax(hidden)) if hidden.any() else len(hidden)
    if count < 2:
        return []
    # A ribbon upright and one across it look like a bar from any side.
    line, half = temple.line[:count], temple.half_height[:count, None]
    up, across = half * (0, 1.0, 0), np.array([temple.half_thickness, 0, 0])
    return [np.concatenate([line - offset, (line + offset)[::-1]]) for offset in (up, across)]
