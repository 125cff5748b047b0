"""Outlines of spectacle lenses, as closed curves, and the construction of each shape.

Every outline is the lens at the right of the picture in a box of -1 … 1 both ways: x grows towards the
temple, y downwards. The boxing system of ISO 8624 (lens width × lens height, bridge) then gives it its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

POINTS = 72
Build = Literal["full", "half", "browline", "rimless"]
Material = Literal["acetate", "metal"]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """What makes a frame of one shape.

    Attributes:
        control: points of the outline, clockwise as seen, or the exponent of a superellipse.
        width, ratio, bridge: usual lens widths in mm, heights over widths, and bridges in mm.
        materials: that it is made of.
        build: a full rim, a rim at the top half, a heavy brow above a wire, or none.
        straight: the control points are joined by nearly straight edges.
        double: it has a second bar above the bridge.
    """

    control: float | Sequence[tuple[float, float]]
    width: Range
    ratio: Range
    bridge: Range
    materials: tuple[Material, ...] = ("acetate", "metal")
    build: Build = "full"
    straight: bool = False
    double: bool = False


_PANTO = ((-0.45, -1), (0.5, -1), (0.94, -0.62), (0.95, 0), (0.62, 0.72),
          (0, 1), (-0.66, 0.7), (-1, -0.05), (-0.9, -0.66))  # fmt: skip
_AVIATOR = ((-0.55, -0.98), (0.35, -1), (0.93, -0.7), (0.98, -0.05), (0.75, 0.66),
            (0.28, 1), (-0.28, 0.82), (-0.78, 0.2), (-0.98, -0.5))  # fmt: skip
_NAVIGATOR = ((-0.8, -1), (0.8, -1), (1, -0.8), (0.96, 0.3),
              (0.7, 0.95), (-0.1, 1), (-0.68, 0.62), (-0.98, -0.4))  # fmt: skip
_CAT_EYE = ((-0.7, -0.68), (0.2, -0.86), (0.9, -1), (1, -0.74), (0.82, 0.15),
            (0.4, 0.9), (-0.3, 1), (-0.86, 0.55), (-0.97, -0.2))  # fmt: skip
_BUTTERFLY = ((-0.7, -0.8), (0.1, -0.94), (0.88, -1), (1, -0.6), (0.97, 0.35),
              (0.6, 0.95), (0, 1), (-0.62, 0.7), (-0.92, -0.1))  # fmt: skip
_BROW = ((-0.82, -0.9), (0, -1), (0.86, -0.98), (1, -0.6), (0.88, 0.3),
         (0.45, 0.93), (-0.15, 1), (-0.74, 0.62), (-0.98, -0.3))  # fmt: skip
_HEXAGON = ((-0.52, -1), (0.56, -1), (1, -0.1), (0.6, 1), (-0.48, 1), (-1, 0.02))

SHAPES: dict[str, Shape] = {
    "round": Shape(2.0, (44, 50), (0.95, 1.0), (19, 23)),
    "oval": Shape(2.15, (47, 52), (0.68, 0.76), (17, 20)),
    "panto": Shape(_PANTO, (46, 51), (0.84, 0.92), (19, 22)),
    "rectangle": Shape(5.0, (50, 56), (0.58, 0.68), (16, 19)),
    "square": Shape(4.6, (49, 54), (0.78, 0.86), (17, 20)),
    "aviator": Shape(_AVIATOR, (53, 58), (0.8, 0.88), (14, 18), ("metal",), double=True),
    "navigator": Shape(_NAVIGATOR, (52, 56), (0.74, 0.82), (15, 18), double=True),
    "cat-eye": Shape(_CAT_EYE, (50, 55), (0.68, 0.78), (16, 19)),
    "butterfly": Shape(_BUTTERFLY, (53, 57), (0.8, 0.88), (16, 18), ("acetate",)),
    "hexagon": Shape(_HEXAGON, (48, 53), (0.82, 0.9), (18, 21), ("metal",), straight=True),
    "browline": Shape(_BROW, (48, 52), (0.74, 0.82), (19, 21), ("acetate",), build="browline"),
    "half-rim": Shape(4.2, (50, 54), (0.6, 0.7), (16, 19), build="half"),
    "rimless": Shape(3.4, (49, 54), (0.64, 0.74), (16, 19), ("metal",), build="rimless"),
}


def outline(shape: str, taper: float = 0.0, slant: float = 0.0) -> np.ndarray:
    """The closed outline of `shape`, about `POINTS` points (n, 2), clockwise; it touches -1 and 1 both ways.

    Args:
        taper, slant: as in `frames.Frame`.

    Raises:
        KeyError: no such shape.
    """
    control = SHAPES[shape].control
    if isinstance(control, float):
        angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
        wave = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points = np.sign(wave) * np.abs(wave) ** (2 / control)
    else:
        points = closed_curve(np.array(control), POINTS, tension=0.12 if SHAPES[shape].straight else 0.5)
    if taper or slant:
        narrower = 1 - taper * np.square((points[:, 1] + 1) / 2)
        points = np.column_stack([points[:, 0] * narrower, points[:, 1] - slant * points[:, 0]])
    low, high = points.min(axis=0), points.max(axis=0)
    return (2 * points - low - high) / (high - low)


def closed_curve(control: np.ndarray, count: int, tension: float = 0.5) -> np.ndarray:
    """A closed cardinal spline through `control` (n, d) of about `count` points; 0.5 is Catmull-Rom."""
    # Cubic Hermite pieces between the points, whose tangents follow the neighbours.
    steps = max(1, round(count / len(control)))
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    before, start, end, after = (np.roll(control, shift, axis=0)[None] for shift in (1, 0, -1, -2))
    out, into = tension * (end - before), tension * (after - start)
    curve = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * out
    curve = curve + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * into
    return curve.transpose(1, 0, 2).reshape(-1, control.shape[1])
