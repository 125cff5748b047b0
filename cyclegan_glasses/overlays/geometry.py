"""The parts of a frame as polygons in head coordinates (mm): rims, lenses, bridge, pads, hinges, temples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cyclegan_glasses.overlays.frames import Colour, Frame
from cyclegan_glasses.overlays.outlines import SHAPES, outline

_TIP = 45.0
"""Length in mm of the bent end of a temple, which lies behind the ear and is never seen."""


@dataclass(frozen=True, slots=True)
class Wearer:
    """The head that the temples go round, in mm.

    Attributes:
        half_width: of the head at the ears.
        ear: (y, z) of where a temple bends over the ear.
    """

    half_width: float = 73.0
    ear: tuple[float, float] = (0.0, 88.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one colour: `rings` are closed curves (n, 3), the area is inside an odd number of them."""

    rings: tuple[np.ndarray, ...]
    colour: Colour
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """A frame in three dimensions: `front` in the order it is drawn; `lenses` and `temples` left, right."""

    front: tuple[Piece, ...]
    lenses: tuple[np.ndarray, np.ndarray]
    temples: tuple[Temple, Temple]


@dataclass(frozen=True, slots=True)
class Temple:
    """One temple: its middle line (n, 3) from hinge to bend, half its height (n,) and half its thickness."""

    line: np.ndarray
    half_height: np.ndarray
    half_thickness: float
    colour: Colour
    opacity: float


@lru_cache(maxsize=64)
def model_of(frame: Frame, wearer: Wearer = Wearer()) -> Model:
    """The parts of `frame` as `wearer` has it on. Do not change the arrays: they are cached."""
    # The lens at the right, and the middle of it on the flat front.
    lens = outline(frame.shape) * (frame.lens_width / 2, frame.lens_height / 2)
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
    lenses = tuple(bend(frame, (lens + middle) * (side, 1)) for side in (-1, 1))
    temples = tuple(temple_of(frame, hinge, wearer, side) for side in (-1, 1))
    return Model(tuple(front), (lenses[0], lenses[1]), (temples[0], temples[1]))


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


def _ring(
    frame: Frame, lens: np.ndarray, middle: np.ndarray, side: int, width: np.ndarray
) -> tuple[np.ndarray, ...]:
    outer = lens + _outwards(lens) * width[:, None]
    return tuple(bend(frame, (curve + middle) * (side, 1)) for curve in (outer, lens))


def _rim(frame: Frame, lens: np.ndarray, middle: np.ndarray, side: int, metal: Colour) -> list[Piece]:
    build = SHAPES[frame.shape].build
    height = lens[:, 1] / (frame.lens_height / 2)
    edge = np.full(len(lens), 0.55)
    if build == "rimless":
        return [Piece(_ring(frame, lens, middle, side, edge), (200, 210, 214), 0.55)]
    if build == "half":
        top = frame.rim * np.clip((0.35 - height) * 4, 0, 1)
        return [
            Piece(_ring(frame, lens, middle, side, edge), (196, 204, 206), 0.5),
            Piece(_ring(frame, lens, middle, side, top), frame.colour, frame.opacity),
        ]
    if build == "browline":
        brow = (frame.rim + 2.4) * np.clip((-0.05 - height) * 3, 0, 1)
        return [
            Piece(_ring(frame, lens, middle, side, np.full(len(lens), 1.2)), metal),
            Piece(_ring(frame, lens, middle, side, brow), frame.colour, frame.opacity),
        ]
    heavier = 1 + (0.35 if frame.material == "acetate" else 0.0) * np.clip(-height, 0, 1)
    return [Piece(_ring(frame, lens, middle, side, frame.rim * heavier), frame.colour, frame.opacity)]


def _bridge(frame: Frame, lens: np.ndarray, middle: np.ndarray, metal: Colour) -> list[Piece]:
    shape = SHAPES[frame.shape]
    wire = frame.material == "metal" or shape.build == "browline"
    half = 0.8 if wire else 0.55 * frame.rim + 1.0
    colour, opacity = (metal, 1.0) if wire else (frame.colour, frame.opacity)

    def bar(height: float, arch: float, half: float) -> Piece:
        """A bar between the rims at `height` of the lens (-1 is its top), `arch` mm higher in its middle."""
        nasal = lens[lens[:, 0] < 0]
        edge = nasal[np.argmin(np.abs(nasal[:, 1] - height * frame.lens_height / 2))] + middle
        x = np.linspace(-1, 1, 15) * (edge[0] + 0.8)
        y = edge[1] - arch * (1 - np.linspace(-1, 1, 15) ** 2)
        flare = half * (1 + 0.5 * np.linspace(-1, 1, 15) ** 4)
        ring = np.concatenate([np.stack([x, y - flare], axis=1), np.stack([x, y + flare], axis=1)[::-1]])
        return Piece((bend(frame, ring, depth=-1.0),), colour, opacity)

    if shape.double:
        return [bar(-0.12, 1.5, half), bar(-0.93, 0.2, 0.8 * half)]
    return [bar(-0.42, 2.6 if wire else 1.4, half)]


def _pad(frame: Frame, side: int) -> Piece:
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    x = frame.bridge / 2 - 2.6 + 1.5 * np.cos(angle) + 1.2 * np.sin(angle)
    y = frame.drop + 5.5 + 4.2 * np.sin(angle)
    return Piece((bend(frame, np.stack([x * side, y], axis=1), depth=5.0),), (224, 218, 208), 0.5)


def _hinge(frame: Frame, lens: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """(x, y) in mm of the outer end of the front at the right, where the temple is hung."""
    height = -0.9 if SHAPES[frame.shape].build == "browline" else -0.55
    temporal = lens[lens[:, 0] > 0]
    edge = temporal[np.argmin(np.abs(temporal[:, 1] - height * frame.lens_height / 2))] + middle
    return np.array([edge[0] + frame.rim + 1.5, edge[1]])


def _end_piece(frame: Frame, hinge: np.ndarray, side: int, metal: Colour) -> Piece:
    half = max(0.8, 0.55 * frame.temple_height)
    inner = hinge[0] - frame.rim - 3.0
    ring = np.array(
        [[inner, -half * 1.2], [hinge[0], -half], [hinge[0] + 0.8, 0], [hinge[0], half], [inner, half]]
    )
    rimless = SHAPES[frame.shape].build == "rimless"
    piece = bend(frame, np.stack([ring[:, 0], ring[:, 1] + hinge[1]], axis=1) * (side, 1), depth=-0.5)
    return Piece((piece,), metal if rimless else frame.colour, frame.opacity)


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
    return Temple(line, frame.temple_height / 2 * slim, thickness, frame.colour, frame.opacity)
