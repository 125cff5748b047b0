"""What can be read of a frame that somebody wears, and as numbers for a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from cyclegan_glasses.overlays.frames import (
    ACETATE,
    METAL,
    WORN_ACETATE,
    WORN_METAL,
    Colour,
    Frame,
)
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.settings import MATERIALS

#: What is chosen among classes, by the field of `Frame`; the weights know no frame in two tones.
CHOICES: dict[str, tuple[str, ...]] = {
    "shape": tuple(SHAPES),
    "material": MATERIALS,
    "pattern": ("plain", "tortoise", "fade"),
}


class Value(NamedTuple):
    """How a number is standardised: `usual` becomes 0, `usual + spread` becomes 1."""

    usual: float
    spread: float
    low: float
    high: float


_LIGHTNESS, _GREEN_RED, _BLUE_YELLOW = Value(35, 25, 0, 100), Value(6, 14, -128, 127), Value(8, 18, -128, 127)
#: What is measured: mm, fractions, and colours as CIE L*a*b* (D65).
VALUES: dict[str, Value] = {
    "lens_width": Value(51, 3.5, 36, 66),
    "lens_height": Value(39, 6, 20, 62),
    "bridge": Value(18, 2, 10, 28),
    "rim": Value(2.6, 1.5, 0, 9),
    "opacity": Value(0.95, 0.12, 0.4, 1),
    "tint_strength": Value(0.25, 0.28, 0, 0.95),
    "gradient": Value(0.2, 0.3, 0, 1),
    "colour_l": _LIGHTNESS, "colour_a": _GREEN_RED, "colour_b": _BLUE_YELLOW,
    "tint_l": _LIGHTNESS, "tint_a": _GREEN_RED, "tint_b": _BLUE_YELLOW,
}  # fmt: skip
COLOURS = ("colour", "tint")
#: From these strengths on a lens is called tinted, and sunglasses.
TINTED, DARK = 0.13, 0.6
_WORN_WEIGHT, _FARTHEST = 0.2, 1.5
"""What being worn often is worth, and how far off a palette's colour may be, both in expected errors."""


@dataclass(frozen=True, slots=True)
class FrameReading:
    """A frame as it was read off a face.

    Attributes:
        frame: the most probable one; what cannot be seen is that of an ordinary frame.
        probabilities: of the classes of each of `CHOICES`, the likeliest first.
        errors: how far off each number is expected to be: mm, fractions, ΔE (CIE 1976) of the two colours.
    """

    frame: Frame
    probabilities: Mapping[str, Mapping[str, float]]
    errors: Mapping[str, float]

    @property
    def lens(self) -> str:
        """`clear`, `tinted` or `sun`."""
        return lens_kind(self.frame.tint_strength)


def lens_kind(tint_strength: float) -> str:
    """What a lens that takes this fraction of the light is called: `clear`, `tinted` or `sun`."""
    return "sun" if tint_strength >= DARK else "tinted" if tint_strength >= TINTED else "clear"


def to_lab(colours: np.ndarray) -> np.ndarray:
    """sRGB (..., 3) of 0 to 255 as CIE L*a*b* (D65), float32."""
    flat = np.asarray(colours, np.float32).reshape(-1, 1, 3) / 255
    return cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).reshape(np.shape(colours))


def to_rgb(lab: np.ndarray) -> Colour:
    """CIE L*a*b* (3,) as the nearest sRGB of 0 to 255."""
    rgb = cv2.cvtColor(np.asarray(lab, np.float32).reshape(1, 1, 3), cv2.COLOR_LAB2RGB)
    return tuple(np.clip(np.rint(255 * rgb[0, 0]), 0, 255).astype(int).tolist())


def classes_of(frame: Frame) -> dict[str, int]:
    """The class of `frame` in each of `CHOICES`."""
    return {name: classes.index(getattr(frame, name)) for name, classes in CHOICES.items()}


def values_of(frame: Frame) -> np.ndarray:
    """The standardised `VALUES` of `frame`, float32 (V,); NaN for what such a frame does not show."""
    colours = {
        f"{part}_{axis}": float(number)
        for part in COLOURS
        for axis, number in zip("lab", to_lab(np.array(getattr(frame, part))), strict=True)
    }
    if lens_kind(frame.tint_strength) == "clear":
        colours |= dict.fromkeys(("tint_l", "tint_a", "tint_b", "gradient"), np.nan)
    rim = {"rim": np.nan} if SHAPES[frame.shape].build == "rimless" else {}
    found = {name: getattr(frame, name) for name in VALUES if name not in colours} | colours | rim
    return np.array([(found[name] - v.usual) / v.spread for name, v in VALUES.items()], np.float32)


def reading_of(
    probabilities: Mapping[str, np.ndarray], values: np.ndarray, scales: np.ndarray
) -> FrameReading:
    """The reading of one face.

    Args:
        probabilities: (classes,) of each of `CHOICES`.
        values, scales: standardised (V,): the numbers and their expected absolute errors.
    """
    ranked = {
        name: {CHOICES[name][k]: float(chances[k]) for k in np.argsort(-chances)}
        for name, chances in probabilities.items()
    }
    best: dict[str, Any] = {name: next(iter(classes)) for name, classes in ranked.items()}
    found, errors = {}, {}
    for (name, v), value, scale in zip(VALUES.items(), values, scales, strict=True):
        found[name] = float(np.clip(v.usual + v.spread * value, v.low, v.high))
        errors[name] = v.spread * float(scale)
    for part in COLOURS:
        axes = [f"{part}_{axis}" for axis in "lab"]
        best[part] = np.array([found.pop(axis) for axis in axes])
        errors[part] = float(np.linalg.norm([errors.pop(axis) for axis in axes]))
    best["colour"] = _as_sold(best["colour"], errors["colour"], best["material"])
    best["tint"] = to_rgb(best["tint"])
    return FrameReading(_ordinary(best, found), ranked, errors)


def _as_sold(lab: np.ndarray, error: float, material: str) -> Colour:
    """The colour that frames of a material are sold in, where one lies within what the reader expects to be
    off, the more so the more it is worn; else the colour as it was read."""
    palette, worn = (ACETATE, WORN_ACETATE) if material == "acetate" else (METAL, WORN_METAL)
    total = sum(worn.values())

    def cost(name: str) -> float:
        away = np.linalg.norm(to_lab(np.array(palette[name])) - lab) / max(error, 1.0)
        return float(away - _WORN_WEIGHT * np.log(worn.get(name, 0.5) / total))

    nearest = min(palette, key=cost)
    return palette[nearest] if cost(nearest) < _FARTHEST else to_rgb(lab)


def _ordinary(best: Mapping[str, Any], found: Mapping[str, float]) -> Frame:
    """A frame of what was read, with ordinary values of what was not."""
    values: dict[str, Any] = {name: round(number, 2) for name, number in found.items()}
    metal = best["material"] == "metal"
    values |= {"temple_height": 2.1, "gloss": 0.85} if metal else {"temple_height": 5.0, "gloss": 0.6}
    if metal or found["opacity"] > 0.85:
        values["opacity"] = 1.0
    if SHAPES[best["shape"]].build == "rimless":
        values["rim"] = 0.0
    if lens_kind(found["tint_strength"]) == "clear":
        values |= {"tint_strength": 0.06, "gradient": 0.0, "tint": Frame().tint}
    return Frame(**{**best, **values})
