"""Spectacle frames: what they are made of, in millimetres, and random ones with sensible sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cyclegan_glasses.overlays.outlines import SHAPES, Material, Range

Colour = tuple[int, ...]
Pattern = Literal["plain", "tortoise", "fade", "two-tone"]

ACETATE: dict[str, Colour] = {
    "black": (24, 23, 25), "tortoise": (112, 64, 30), "brown": (84, 50, 32), "navy": (28, 40, 82),
    "burgundy": (104, 24, 38), "red": (176, 34, 36), "green": (34, 72, 54), "blue": (44, 92, 160),
    "grey": (96, 98, 104), "crystal": (214, 214, 210), "champagne": (206, 178, 150), "ivory": (232, 224, 204),
}  # fmt: skip
METAL: dict[str, Colour] = {
    "gold": (196, 156, 84), "silver": (186, 190, 196), "gunmetal": (78, 80, 86),
    "rose-gold": (202, 142, 122), "black": (30, 30, 33), "bronze": (128, 92, 60),
}  # fmt: skip
WORN: dict[str, tuple[float, Range, Range]] = {
    "rectangle": (36, (47, 54), (0.45, 0.6)), "half-rim": (24, (48, 54), (0.44, 0.58)),
    "oval": (14, (46, 52), (0.52, 0.66)), "rimless": (9, (47, 53), (0.46, 0.62)),
    "square": (5, (47, 52), (0.62, 0.76)), "panto": (3, (45, 50), (0.78, 0.9)),
    "round": (2, (43, 48), (0.88, 1.0)), "browline": (2, (47, 51), (0.62, 0.74)),
    "cat-eye": (2, (49, 53), (0.55, 0.7)), "navigator": (1, (50, 55), (0.66, 0.78)),
    "aviator": (2, (51, 56), (0.72, 0.84)),
}  # fmt: skip
"""What people wear in photos of 2005 to 2015, as read off FairFace by eye: of a hundred frames so many have
a shape, its lens widths in mm, and its heights over widths."""
WORN_METAL = {"gunmetal": 30.0, "black": 25.0, "silver": 18.0, "gold": 15.0, "bronze": 9.0, "rose-gold": 3.0}
WORN_ACETATE = {"black": 58.0, "tortoise": 12.0, "brown": 14.0, "burgundy": 4.0, "navy": 4.0, "red": 2.0,
                "grey": 3.0, "blue": 1.0, "ivory": 1.0, "crystal": 1.0}  # fmt: skip
_METAL = 0.72
"""The fraction of those that come in metal that are of metal."""
# How often a colour is worn beside the others, 0.4 of each of the rest: two frames of three are black.
POPULAR = {"black": 20.0, "gunmetal": 6.0, "tortoise": 3.0, "brown": 3.0, "gold": 2.0, "silver": 2.0}


@dataclass(frozen=True, slots=True)
class Frame:
    """A pair of spectacles. Lengths are in mm, angles in degrees, colours RGB 0 … 255, fractions 0 … 1.

    Attributes:
        shape: a key of `outlines.SHAPES`.
        lens_width, lens_height, bridge: the boxing system's sizes.
        taper: how much narrower than its box a lens is at its lower rim, as a fraction of its width.
        slant: how much higher its temporal end lies than its nasal one, as a fraction of its height.
        rim: how wide the rim looks from in front; 0 is allowed for rimless.
        temple: length of the temples as sold, from the hinge to the tip behind the ear.
        temple_height: of the temples at the hinge.
        material, colour, pattern, opacity: of the rim; an opacity under 1 is clear plastic.
        gloss: strength of the highlights.
        wire: colour of the metal parts of a frame that mixes both, and of the lower half of one in two tones.
        tint, tint_strength: colour of the lens and how much light it takes.
        gradient: fraction of the tint that is gone at the lower rim; it fades evenly from the top on.
        mirror, mirror_colour: strength of a mirror coat, and the colour that it gives what it mirrors.
        reflection: strength of the reflections on the lens.
        power: of the lens in dioptres; negative (short sight) makes the face behind it smaller.
        wrap: angle of the lens to the front, about the vertical axis.
        tilt: pantoscopic angle; the lower rim is nearer to the cheek.
        vertex: from cornea to lens.
        drop: the middle of the lens lies this far under the pupil.
    """

    shape: str = "rectangle"
    lens_width: float = 52.0
    lens_height: float = 34.0
    bridge: float = 18.0
    taper: float = 0.0
    slant: float = 0.0
    rim: float = 3.0
    temple: float = 142.0
    temple_height: float = 5.0
    material: Material = "acetate"
    colour: Colour = (24, 23, 25)
    pattern: Pattern = "plain"
    opacity: float = 1.0
    gloss: float = 0.5
    wire: Colour = (186, 190, 196)
    tint: Colour = (176, 190, 192)
    tint_strength: float = 0.06
    gradient: float = 0.0
    mirror: float = 0.0
    mirror_colour: Colour = (150, 170, 190)
    reflection: float = 0.4
    power: float = -1.5
    wrap: float = 6.0
    tilt: float = 8.0
    vertex: float = 13.0
    drop: float = 3.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"unknown frame shape {self.shape!r}: one of {', '.join(SHAPES)}")
        if min(self.lens_width, self.lens_height, self.bridge, self.temple) <= 0 or self.rim < 0:
            raise ValueError("a frame's lens, bridge and temple are longer than nothing, its rim is no less")
        if not (0 <= self.taper <= 0.5 and -0.5 <= self.slant <= 0.5):
            raise ValueError("a lens's taper is 0 to 0.5, its slant -0.5 to 0.5")
        if not all(0 <= fraction <= 1 for fraction in (self.tint_strength, self.gradient, self.mirror)):
            raise ValueError("a lens's tint, gradient and mirror are fractions of 0 to 1")


def random_frame(rng: np.random.Generator, shape: str | None = None, sunglasses: bool = False) -> Frame:
    """A frame as shops sell them.

    Args:
        shape: fixes the shape.
        sunglasses: gives it dark lenses.
    """
    if shape is None:
        shape = str(rng.choice(list(SHAPES)))
    kind = SHAPES[shape]
    material: Material = kind.materials[int(rng.integers(len(kind.materials)))]
    acetate = material == "acetate"
    colours = ACETATE if acetate else METAL
    weights = np.array([POPULAR.get(name, 0.4) for name in colours])
    name = str(rng.choice(list(colours), p=weights / weights.sum()))
    width = rng.uniform(*kind.width)
    rim = rng.uniform(2.4, 5.2) if acetate else rng.uniform(1.1, 1.9)
    fade = acetate and rng.random() < 0.15
    pattern: Pattern = "tortoise" if name == "tortoise" else "fade" if fade else "plain"
    tints: list[Colour] = [(60, 56, 52), (74, 54, 36), (48, 64, 52)]

    def uniform(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 2)

    return Frame(
        shape,
        lens_width=round(width, 2),
        lens_height=round(width * rng.uniform(*kind.ratio), 2),
        bridge=uniform(*kind.bridge),
        rim=0.0 if kind.build == "rimless" else round(rim, 2),
        temple=uniform(136, 148),
        temple_height=uniform(3.5, 7.0) if acetate else uniform(1.6, 2.6),
        material=material,
        colour=colours[name],
        pattern=pattern,
        opacity=uniform(0.5, 0.75) if name in ("crystal", "champagne") else 1.0,
        gloss=uniform(0.3, 0.9) if acetate else uniform(0.7, 1.0),
        tint_strength=uniform(0.72, 0.9) if sunglasses else uniform(0.02, 0.1),
        reflection=uniform(0.1, 0.6),
        power=uniform(-4.5, 1.5),
        wrap=uniform(4, 8),
        tilt=uniform(6, 10),
        drop=uniform(1.5, 4.0),
        tint=tints[int(rng.integers(3))] if sunglasses else (176, 190, 192),
        wire=METAL[str(rng.choice(["gold", "silver", "gunmetal"]))],
    )


def worn_frame(rng: np.random.Generator, sunglasses: bool = False) -> Frame:
    """A frame as people wear it in photos: mostly small, dark and of thin metal, see `WORN`.

    Args:
        sunglasses: gives it dark lenses; then larger shapes are worn as often as others.
    """
    weights = np.array([weight for weight, *_ in WORN.values()])
    if sunglasses:
        weights = np.sqrt(weights)
    shape = str(rng.choice(list(WORN), p=weights / weights.sum()))
    _, widths, ratios = WORN[shape]
    frame = random_frame(rng, shape, sunglasses)
    metal = "metal" in SHAPES[shape].materials and rng.random() < _METAL
    names = WORN_METAL if metal else WORN_ACETATE
    name = str(rng.choice(list(names), p=np.array(list(names.values())) / sum(names.values())))
    width, high = rng.uniform(*widths), (1.8, 4.5) if metal else (3.0, 7.0)
    pattern: Pattern = "tortoise" if name == "tortoise" else "plain"
    angular = shape in ("rectangle", "half-rim", "square", "rimless", "browline")
    return replace(
        frame,
        lens_width=round(width, 2),
        lens_height=round(width * rng.uniform(*ratios), 2),
        taper=round(rng.uniform(0.05, 0.2), 3) if angular else 0.0,
        slant=round(rng.uniform(0.0, 0.14), 3) if angular else round(rng.uniform(0.0, 0.06), 3),
        rim=frame.rim and round(rng.uniform(*((0.9, 1.8) if metal else (1.7, 3.4))), 2),
        temple_height=round(rng.uniform(*high), 2),
        material="metal" if metal else "acetate",
        colour=(METAL if metal else ACETATE)[name],
        pattern=pattern,
        opacity=round(rng.uniform(0.5, 0.75), 2) if name == "crystal" else 1.0,
        gloss=round(rng.uniform(0.7, 1.0) if metal else rng.uniform(0.4, 1.0), 2),
        reflection=round(rng.beta(1.5, 1.5), 2),
        drop=round(rng.uniform(3.0, 8.5), 2),
    )
