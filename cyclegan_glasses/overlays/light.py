"""The light of a scene, shared by the portrait and the glasses on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Light:
    """One lamp and what surrounds it.

    Attributes:
        direction: from the face to the lamp in camera coordinates (x right, y down, z away from the viewer).
        colour: of the lamp, RGB around 1.
        ambient: fraction of the light that comes from everywhere, 0 … 1.
    """

    direction: tuple[float, float, float] = (-0.45, -0.55, -0.7)
    colour: tuple[float, float, float] = (1.0, 0.98, 0.95)
    ambient: float = 0.5

    def unit(self) -> np.ndarray:
        """`direction` at length 1, float64 (3,)."""
        vector = np.asarray(self.direction, float)
        return vector / np.linalg.norm(vector)
