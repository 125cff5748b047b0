"""A frame changed as a person asks: colour, material, size, rim, pattern, lenses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast, overload

import numpy as np

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import ACETATE, METAL, Colour, Frame, Pattern
from cyclegan_glasses.overlays.geometry import model_of
from cyclegan_glasses.overlays.outlines import SHAPES, Material
from cyclegan_glasses.overlays.scene import Wearer
from cyclegan_glasses.overlays.settings import FrameSettings

_PALETTES: dict[Material, dict[str, Colour]] = {"acetate": ACETATE, "metal": METAL}
#: What a frame of a material has that does not say otherwise.
MADE: dict[Material, dict[str, Any]] = {
    "acetate": {"rim": 3.6, "temple_height": 5.0, "gloss": 0.5},
    "metal": {"rim": 1.5, "temple_height": 2.2, "gloss": 0.85, "opacity": 1.0},
}
LENS_COLOURS: dict[str, Colour] = {
    "grey": (104, 106, 110), "brown": (142, 96, 58), "green": (88, 118, 92), "blue": (92, 130, 182),
    "rose": (214, 140, 150), "yellow": (232, 204, 96), "orange": (224, 146, 70), "violet": (140, 112, 176),
    "silver": (186, 192, 198), "gold": (214, 176, 96),
}  # fmt: skip
_CLEAR: dict[str, Any] = {"tint": Frame().tint, "tint_strength": 0.06, "gradient": 0.0, "mirror": 0.0}
#: Colour where none was asked for, how much of it a dark lens keeps, and the rest, by kind of lens.
_LENSES: dict[str, tuple[str, float, dict[str, Any]]] = {
    "tinted": ("brown", 1.0, {"tint_strength": 0.45}),
    "sun": ("grey", 0.45, {"tint_strength": 0.9}),
    "gradient": ("brown", 0.45, {"tint_strength": 0.9, "gradient": 0.85}),
    "mirror": ("silver", 0.3, {"tint_strength": 0.9, "mirror": 0.7}),
}
#: Materials that a colour makes see-through, and how opaque they are then.
_SEE_THROUGH = {"crystal": 0.6, "champagne": 0.65}


def colour_of(name: str, palette: Mapping[str, Colour], flag: str = "colour") -> Colour:
    """The colour that a name of `palette` or `#rrggbb` says, RGB 0 to 255.

    Raises:
        UserError: it is neither; names the known ones.
    """
    if re.fullmatch(r"#[0-9a-fA-F]{6}", name):
        return tuple(bytes.fromhex(name[1:]))
    if name not in palette:
        known = ", ".join(palette)
        raise UserError(f"unknown --{flag} {name!r}: choose one of {known}, or #rrggbb")
    return palette[name]


def front_width(frame: Frame | CustomFrame) -> float:
    """Width in mm of the whole front, end pieces included."""
    if isinstance(frame, CustomFrame):
        return frame.width
    rings = [ring for piece in model_of(frame, Wearer()).front for ring in piece.rings]
    return float(np.ptp(np.concatenate(rings)[:, 0]))


def with_front_width(frame: Frame, width: float) -> Frame:
    """`frame` with lenses and bridge larger or smaller by one factor, so that its front is `width` mm wide.

    Rims and end pieces keep their size.
    """
    for _ in range(3):  # what does not grow makes one step fall short
        glass = 2 * frame.lens_width + frame.bridge
        factor = 1 + (width - front_width(frame)) / glass
        names = ("lens_width", "lens_height", "bridge")
        frame = replace(frame, **{name: getattr(frame, name) * factor for name in names})
    return replace(frame, **{name: round(getattr(frame, name), 2) for name in names})


@overload
def restyled(frame: Frame, wish: FrameSettings) -> Frame: ...
@overload
def restyled(frame: CustomFrame, wish: FrameSettings) -> CustomFrame: ...
@overload
def restyled(frame: Frame | CustomFrame, wish: FrameSettings) -> Frame | CustomFrame: ...
def restyled(frame: Frame | CustomFrame, wish: FrameSettings) -> Frame | CustomFrame:
    """`frame` with what `wish` asks of it.

    Of a frame that is a picture only the lenses can be changed, and its width.

    Raises:
        UserError: a colour is unknown, or the frame cannot have what is asked.
    """
    if isinstance(frame, CustomFrame):
        drawn = wish.changes & {"colour", "material", "size", "rim", "pattern"}
        if drawn:
            advice = "say --width" if drawn == {"size"} else f"leave --{sorted(drawn)[0]} out"
            raise UserError(f"{frame.name} is a picture, whose frame stays as it is: {advice}")
        return replace(frame, width=wish.width or frame.width, look=_with_lenses(frame.look, wish))
    if wish.width is not None:
        raise UserError("--width is for a frame that is a PNG: the width of a drawn one is its --size")
    frame = _with_lenses(_with_paint(_of_material(frame, wish), wish), wish)
    if wish.rim is not None:
        if SHAPES[frame.shape].build == "rimless":
            raise UserError(f"a {frame.shape} frame has no rim: leave --rim out")
        frame = replace(frame, rim=wish.rim)
    return frame if wish.front_width is None else with_front_width(frame, wish.front_width)


def _of_material(frame: Frame, wish: FrameSettings) -> Frame:
    """Of the material asked for; a colour that another material alone has asks for it, too."""
    other: Material = "metal" if frame.material == "acetate" else "acetate"
    by_colour = wish.colour in _PALETTES[other] and wish.colour not in _PALETTES[frame.material]
    allowed = by_colour and other in SHAPES[frame.shape].materials
    change = wish.material == other if wish.material else allowed
    if not change:
        return frame
    material = other
    made = dict(MADE[material])
    if SHAPES[frame.shape].build == "rimless":
        if material == "acetate":
            raise UserError("a rimless frame is of metal: leave --material out")
        made["rim"] = 0.0
    colour = frame.colour
    names = {value: name for name, value in _PALETTES[frame.material].items()}
    if not wish.colour:  # black stays black; what the material does not come in becomes so
        colour = _PALETTES[material].get(names.get(colour, ""), _PALETTES[material]["black"])
    pattern = "plain" if material == "metal" else frame.pattern
    return replace(frame, material=material, colour=colour, pattern=pattern, **made)


def _with_paint(frame: Frame, wish: FrameSettings) -> Frame:
    if wish.colour:
        palettes = {**_PALETTES["metal"], **_PALETTES["acetate"]} | _PALETTES[frame.material]
        colour = colour_of(wish.colour, palettes)
        clear = frame.material == "acetate"
        opacity = _SEE_THROUGH.get(wish.colour, 1.0) if clear else 1.0
        pattern: Pattern = "tortoise" if wish.colour == "tortoise" and clear else "plain"
        frame = replace(frame, colour=colour, opacity=opacity, pattern=pattern)
    if wish.pattern:
        if frame.material == "metal" and wish.pattern != "plain":
            raise UserError(
                f"metal comes plain: leave --pattern {wish.pattern} out, or say --material acetate"
            )
        frame = replace(frame, pattern=cast(Pattern, wish.pattern))
    return frame


def _with_lenses(frame: Frame, wish: FrameSettings) -> Frame:
    kind = wish.lens or ("tinted" if wish.lens_colour and frame.tint_strength < 0.2 else "")
    if wish.power is not None:
        frame = replace(frame, power=wish.power)
    if kind == "clear":
        return replace(frame, **_CLEAR)
    if not kind and not wish.lens_colour:
        return frame
    if not kind:
        kind = "mirror" if frame.mirror else "gradient" if frame.gradient else "sun"
    usual, kept, rest = _LENSES[kind]
    colour = colour_of(wish.lens_colour or usual, LENS_COLOURS, "lens_colour")
    tint = tuple(round(kept * level) for level in colour)
    coat: dict[str, Any] = {"mirror_colour": colour} if kind == "mirror" else {}
    return replace(frame, **_CLEAR | {"tint": tint} | coat | rest)
