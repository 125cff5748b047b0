"""The window of a picture that glasses are drawn on, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Scene

Part = Literal["frame", "lens", "shadow", "reflection"]
PARTS: tuple[Part, ...] = ("frame", "lens", "shadow", "reflection")
"""What is told apart of what is drawn, in the order of `Drawn.parts`."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A window of a picture with glasses drawn into it.

    Attributes:
        window: its rows and columns.
        levels: float32 (h, w, 3), 0 to 255; where the mask is 0 those of the picture.
        parts: float32 (h, w, 4), fractions of 0 to 1 in the order of `PARTS`: how much of a pixel the solid
            parts take (rims, bridge, hinges, nose pads, temples); how much of it a lens takes; how much light
            the shadow takes from it; how much of what shows there is mirrored by a lens. Each is as if it
            lay on top, so that they add up to more than 1 where a rim covers its own lens or shadow.
    """

    window: tuple[slice, slice]
    levels: np.ndarray
    parts: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        """The fraction of a pixel that the glasses, lenses included, or their shadow take, float32 (h, w)."""
        mask: np.ndarray = self.parts.max(axis=2)
        return mask


@dataclass(slots=True)
class Canvas:
    """A window of a picture that is drawn on.

    Attributes:
        before, picture: levels float32 (h, w, 3), as they were and as they are.
        parts: float32 (h, w, 4), see `Drawn`.
        margin: pixels that a part needs around it, for antialiasing and blur.
    """

    window: Crop
    before: np.ndarray
    picture: np.ndarray
    parts: np.ndarray
    margin: float

    @staticmethod
    def of(levels: np.ndarray, window: Crop, margin: float) -> Canvas:
        return Canvas(
            window, levels, levels.copy(), np.zeros((*levels.shape[:2], len(PARTS)), np.float32), margin
        )

    def part(self, points: np.ndarray) -> Crop | None:
        """The part of the window that is needed to draw what lies within `points` (n, 2)."""
        return self.window.part(points, self.margin)

    def marked(self, crop: Crop, part: Part, alpha: np.ndarray) -> np.ndarray:
        """The picture (h, w, 3) at `crop`, to be changed there; `part` takes `alpha` (h, w, 1) of it."""
        where = crop.within(self.window)
        layer = self.parts[where][..., PARTS.index(part)]
        np.maximum(layer, alpha[..., 0], out=layer)
        return self.picture[where]

    def finished(self, scene: Scene) -> Drawn:
        """What was drawn, behind the hair that falls over it; elsewhere the picture bit for bit."""
        if scene.hair is not None:
            free = 1 - scene.layer(scene.hair, self.window)
            self.picture = self.before + free * (self.picture - self.before)
            self.parts = self.parts * free
        drawn_on = (self.parts > 0).any(axis=2, keepdims=True)
        levels = np.where(drawn_on, np.clip(self.picture, 0, 255), self.before)
        return Drawn(self.window.slices, levels, self.parts)
