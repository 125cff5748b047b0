"""The parts of a frame as polygons in head coordinates (mm): rims, lenses, bridge, pads, hinges, temples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cyclegan_glasses.overlays.frames import Colour, Frame
from cyclegan_glasses.overlays.outlines import SHAPES, outline
from cyclegan_glasses.overlays.scene import Wearer

_TIP = 45.0
"""Length in mm of the bent end of a temple, which lies behind the ear and is never seen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one colour: `rings` are closed curves (n, 3), the area is inside an odd number of them."""

    rings: list[np.ndarray]
    colour: Colour
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """A frame in three dimensions: `front` in the order it is drawn; `lenses` and `temples` left, right."""

    front: list[Piece]
    lenses: list[np.ndarray]
    temples: list[Temple]


@dataclass(frozen=True, slots=True)
class Temple:
    """One temple: its middle line (n, 3) from hinge to bend, half its height (n,) and half its thickness."""

    line: np.ndarray
    half_height: np.ndarray
    half_thickness: float


@lru_cache(maxsize=64)
def model_of(frame: Frame, wearer: Wearer) -> Model:
    """The parts of `frame` as `wearer` has it on. Do not change the arrays: they are cached."""
    # The lens at the right, and the middle of it on the flat front.
    lens = outline(frame.shape, frame.taper, frame.slant) * (frame.lens_width / 2, frame.lens_height / 2)
    middle = np.array([(frame.bridge + frame.lens_width) / 2, frame.drop])
    # The front in the order of drawing: rims, bridge, pads, end pieces.
    metal = frame.colour if frame.material == "metal" else frame.wire
    front: list[Piece] = []
    for side in (-1, 1):
        front += _rim(frame, lens, middle, side, metal)
    front += _bridge(frame, lens, middle, metal)
    if frame.material == "metal" or SHAPES[frame.shape].build == "browline":
        front += [_pad(frame, side) for side in (-1, 1)]
    hinge = _hinge(frame, lens, middle)
    front += [_end_piece(frame, hinge, side, metal) for side in (-1, 1)]
    # Lenses and temples, left and right.
    lenses = [bend(frame, (lens + middle) * (side, 1)) for side in (-1, 1)]
    return Model(front, lenses, [temple_of(frame, hinge, wearer, side) for side in (-1, 1)])


def bend(frame: Frame, flat: np.ndarray, depth: float = 0.0) -> np.ndarray:
    """Points (n, 2) of the flat front on the bent and tilted front (n, 3), `depth` mm behind it."""
    x, y = flat[:, 0], flat[:, 1]
    middle = (frame.bridge + frame.lens_width) / 2
    face_form = np.tan(np.radians(frame.wrap)) * x**2 / (2 * middle)
    z = face_form + y * np.tan(np.radians(frame.tilt)) - frame.vertex + depth
    return np.stack([x, y, z], axis=1)


def _outwards(curve: np.ndarray) -> np.ndarray:
    """Unit normals (n, 2) of a closed curve that runs clockwise as seen."""
    along = np.roll(curve, -1, axis=0) - np.roll(curve, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)


def _rim(frame: Frame, lens: np.ndarray, middle: np.ndarray, side: int, metal: Colour) -> list[Piece]:
    height = lens[:, 1] / (frame.lens_height / 2)
    heavier = 1 + (0.35 if frame.material == "acetate" else 0.0) * np.clip(-height, 0, 1)

    def ring(
        width: np.ndarray | float, colour: Colour = frame.colour, opacity: float = frame.opacity
    ) -> Piece:
        """The lens with a rim of `width` mm (n,) around it, without the lens."""
        outer = lens + _outwards(lens) * np.reshape(width, (-1, 1))
        return Piece([bend(frame, (curve + middle) * (side, 1)) for curve in (outer, lens)], colour, opacity)

    match SHAPES[frame.shape].build:
        case "rimless":
            return [ring(0.55, (200, 210, 214), 0.55)]
        case "half":
            return [ring(0.55, (196, 204, 206), 0.5), ring(frame.rim * np.clip((0.35 - height) * 4, 0, 1))]
        case "browline":
            return [ring(1.2, metal, 1.0), ring((frame.rim + 2.4) * np.clip((-0.05 - height) * 3, 0, 1))]
        case _:
            return [ring(frame.rim * heavier)]


def _bridge(frame: Frame, lens: np.ndarray, middle: np.ndarray, metal: Colour) -> list[Piece]:
    shape = SHAPES[frame.shape]
    wire = frame.material == "metal" or shape.build == "browline"
    half = 0.8 if wire else 0.55 * frame.rim + 1.0
    colour, opacity = (metal, 1.0) if wire else (frame.colour, frame.opacity)

    def bar(height: float, arch: float, half: float) -> Piece:
        """A bar between the rims at `height` of the lens (-1 is its top), `arch` mm higher in its middle."""
        nasal = lens[lens[:, 0] < 0]
        edge = nasal[np.argmin(np.abs(nasal[:, 1] - height * frame.lens_height / 2))] + middle
        along = np.linspace(-1, 1, 15)
        line = np.stack([along * (edge[0] + 0.8), edge[1] - arch * (1 - along**2)], axis=1)
        flare = np.outer(half * (1 + 0.5 * along**4), (0, 1))
        ring = np.concatenate([line - flare, (line + flare)[::-1]])
        return Piece([bend(frame, ring, depth=-1.0)], colour, opacity)

    if shape.double:
        return [bar(-0.12, 1.5, half), bar(-0.93, 0.2, 0.8 * half)]
    return [bar(-0.42, 2.6 if wire else 1.4, half)]


def _pad(frame: Frame, side: int) -> Piece:
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    x = frame.bridge / 2 - 2.6 + 1.5 * np.cos(angle) + 1.2 * np.sin(angle)
    y = frame.drop + 5.5 + 4.2 * np.sin(angle)
    return Piece([bend(frame, np.stack([x * side, y], axis=1), depth=5.0)], (240, 236, 228), 0.55)


def _hinge(frame: Frame, lens: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """(x, y) in mm of the outer end of the front at the right, where the temple is hung."""
    height = -0.9 if SHAPES[frame.shape].build == "browline" else -0.55
    temporal = lens[lens[:, 0] > 0]
    edge = temporal[np.argmin(np.abs(temporal[:, 1] - height * frame.lens_height / 2))] + middle
    return np.array([edge[0] + frame.rim + 1.5, edge[1]])


def _end_piece(frame: Frame, hinge: np.ndarray, side: int, metal: Colour) -> Piece:
    half = max(0.8, 0.55 * frame.temple_height)
    inner = -frame.rim - 3.0
    ring = hinge + np.array([(inner, -half * 1.2), (0, -half), (0.8, 0), (0, half), (inner, half)])
    colour = metal if SHAPES[frame.shape].build == "rimless" else frame.colour
    return Piece([bend(frame, ring * (side, 1), depth=-0.5)], colour, frame.opacity)


def temple_of(frame: Frame, hinge: np.ndarray, wearer: Wearer, side: int) -> Temple:
    """The temple at `side` (-1 left, 1 right as seen) that hangs at the front's point `hinge` (2,) in mm."""
    # A line from the hinge to just above the ear, as long as the temple without its bent tip.
    start = bend(frame, hinge[None] * (side, 1))[0]
    ear = np.array([side * (wearer.half_width + 1.5), wearer.ear[0] - 4, wearer.ear[1]])
    straight = (ear - start) * (frame.temple - _TIP) / np.linalg.norm(ear - start)
    # It bows 2 mm outwards and, if of acetate, gets slimmer.
    along = np.linspace(0, 1, 16)[:, None]
    line = start + straight * along + np.array([side * 2.0, 0, 0]) * np.sin(np.pi * along)
    slim = np.linspace(1, 0.62 if frame.material == "acetate" else 1.0, len(line))
    thickness = 1.7 if frame.material == "acetate" else 0.7
    return Temple(line, frame.temple_height / 2 * slim, thickness)
