"""The window of a picture that glasses are drawn on, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Scene

Layer = Literal["frame", "lens", "shadow", "reflection"]
LAYERS: tuple[Layer, ...] = ("frame", "lens", "shadow", "reflection")
"""What is told apart of what is drawn, in the order of `Drawn.layers`."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A window of a picture with glasses drawn into it.

    Attributes:
        window: its rows and columns.
        levels: float32 (h, w, 3), 0 to 255; where the mask is 0 those of the picture.
        layers: float32 (h, w, 4), fractions of 0 to 1 in the order of `LAYERS`: how much of a pixel the solid
            parts take (rims, bridge, hinges, nose pads, temples); how much of it a lens takes; how much light
            the shadow takes from it; how much of what shows there is mirrored, by a lens or in a point of
            light on a rim. Each is as if it lay on top, so that they add up to more than 1 where a rim
            covers its own lens or shadow.
    """

    window: tuple[slice, slice]
    levels: np.ndarray
    layers: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        """The fraction of a pixel that the glasses, lenses included, or their shadow take, float32 (h, w)."""
        mask: np.ndarray = self.layers.max(axis=2)
        return mask


@dataclass(slots=True)
class Canvas:
    """A window of a picture that is drawn on.

    Attributes:
        before, picture: levels float32 (h, w, 3), as they were and as they are.
        layers: float32 (h, w, 4), see `Drawn`.
        margin: pixels that a part needs around it, for antialiasing and blur.
    """

    window: Crop
    before: np.ndarray
    picture: np.ndarray
    layers: np.ndarray
    margin: float

    @staticmethod
    def of(levels: np.ndarray, window: Crop, margin: float) -> Canvas:
        layers = np.zeros((*levels.shape[:2], len(LAYERS)), np.float32)
        return Canvas(window, levels, levels.copy(), layers, margin)

    def part(self, points: np.ndarray) -> Crop | None:
        """The part of the window that is needed to draw what lies within `points` (n, 2)."""
        return self.window.part(points, self.margin)

    def marked(self, crop: Crop, layer: Layer, alpha: np.ndarray) -> np.ndarray:
        """The picture (h, w, 3) at `crop`, to be changed there; `layer` takes `alpha` (h, w, 1) of it."""
        where = crop.within(self.window)
        drawn = self.layers[where][..., LAYERS.index(layer)]
        np.maximum(drawn, alpha[..., 0], out=drawn)
        return self.picture[where]

    def finished(self, scene: Scene) -> Drawn:
        """What was drawn, behind the hair that falls over it; elsewhere the picture bit for bit."""
        if scene.hair is not None:
            free = 1 - scene.layer(scene.hair, self.window)
            self.picture = self.before + free * (self.picture - self.before)
            self.layers = self.layers * free
        drawn_on = (self.layers > 0).any(axis=2, keepdims=True)
        levels = np.where(drawn_on, np.clip(self.picture, 0, 255), self.before)
        return Drawn(self.window.slices, levels, self.layers)
