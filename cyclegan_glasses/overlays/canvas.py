"""The window of a picture that glasses are drawn on, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Scene


@dataclass(frozen=True, slots=True)
class Drawn:
    """A window of a picture with glasses drawn into it.

    Attributes:
        window: its rows and columns.
        levels: float32 (h, w, 3), 0 to 255; where the mask is 0 those of the picture.
        mask: float32 (h, w): the fraction of a pixel that the glasses, lenses included, or their shadow take.
    """

    window: tuple[slice, slice]
    levels: np.ndarray
    mask: np.ndarray


@dataclass(slots=True)
class Canvas:
    """A window of a picture that is drawn on.

    Attributes:
        before, picture: levels float32 (h, w, 3), as they were and as they are.
        mask: float32 (h, w, 1), the fraction of each pixel that was drawn on.
        margin: pixels that a part needs around it, for antialiasing and blur.
    """

    window: Crop
    before: np.ndarray
    picture: np.ndarray
    mask: np.ndarray
    margin: float

    @staticmethod
    def of(levels: np.ndarray, window: Crop, margin: float) -> Canvas:
        return Canvas(window, levels, levels.copy(), np.zeros((*levels.shape[:2], 1), np.float32), margin)

    def part(self, points: np.ndarray) -> Crop | None:
        """The part of the window that is needed to draw what lies within `points` (n, 2)."""
        return self.window.part(points, self.margin)

    def marked(self, part: Crop, alpha: np.ndarray) -> np.ndarray:
        """The picture (h, w, 3) at `part`, to be changed there; it is drawn on by `alpha` (h, w, 1)."""
        rows = part.within(self.window)
        np.maximum(self.mask[rows], alpha, out=self.mask[rows])
        return self.picture[rows]

    def finished(self, scene: Scene) -> Drawn:
        """What was drawn, behind the hair that falls over it; elsewhere the picture bit for bit."""
        if scene.hair is not None:
            free = 1 - scene.layer(scene.hair, self.window)
            self.picture = self.before + free * (self.picture - self.before)
            self.mask = self.mask * free
        levels = np.where(self.mask > 0, np.clip(self.picture, 0, 255), self.before)
        return Drawn(self.window.slices, levels, self.mask[..., 0])
