"""Catalogues of frames: the one that comes with the toolkit, and those that a shop writes for its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import inside, parse_json, read_regular
from cyclegan_glasses.overlays.custom_frames import CustomFrame, load_frame
from cyclegan_glasses.overlays.frames import ACETATE, METAL, Frame
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.settings import (
    ALL,
    LEARNED,
    LENSES,
    MATERIALS,
    NARROWEST,
    PATTERNS,
    WIDEST,
    FrameSettings,
)
from cyclegan_glasses.overlays.styling import LENS_COLOURS, MADE, colour_of, front_width, restyled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BUILT_IN = Path(__file__).with_name("frames.toml")
_MOST_BYTES = 1 << 20
#: Sizes in mm and what they may be.
_SIZES = {
    "lens_width": (30.0, 75.0), "lens_height": (18.0, 70.0), "bridge": (8.0, 32.0), "rim": (0.5, 12.0),
    "temple": (100.0, 170.0), "width": (NARROWEST, WIDEST),
}  # fmt: skip
_WORDS = {"shape": tuple(SHAPES), "material": MATERIALS, "pattern": PATTERNS, "lens": LENSES}
_TEXTS = ("name", "front", "lens_colour", "note")
_OF_A_PICTURE = ("name", "front", "width", "lens", "lens_colour", "note")


@dataclass(frozen=True, eq=False)
class Entry:
    """A frame that a catalogue offers.

    Attributes:
        name: that it is asked for by.
        frame: in its first colour.
        colours: it comes in, as the catalogue names them; empty for a picture.
        note: whatever the catalogue says of it.
    """

    name: str
    frame: Frame | CustomFrame
    colours: tuple[str, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """What there is to know of it, as JSON values."""
        found = {"name": self.name, "width": round(front_width(self.frame), 1), "colours": [*self.colours]}
        if isinstance(self.frame, CustomFrame):
            found |= {"front": self.frame.name}
        else:
            names = ("shape", "material", "pattern", "lens_width", "lens_height", "bridge", "rim", "temple")
            found |= {name: getattr(self.frame, name) for name in names}
        return found | ({"note": self.note} if self.note else {})


Catalogue = Mapping[str, Entry]


@lru_cache(maxsize=4)
def read_catalogue(path: Path | None = None) -> Catalogue:
    """The frames of a catalogue by name, in its order; those that come with the toolkit for None.

    A catalogue is a TOML file of `[[frame]]` tables, or the same as JSON, see docs/guides/try-on.md.

    Raises:
        UserError: it cannot be read, or something in it is wrong: names file, entry and key.
    """
    found: dict[str, Entry] = {}
    for number, values in enumerate(_tables(path or BUILT_IN), 1):
        name = values.get("name")
        where = f"{path}, frame {number}" + (f" ({name})" if isinstance(name, str) else "")
        entry = _entry(values, where, (path or BUILT_IN).parent)
        if entry.name in found or entry.name in (ALL, LEARNED):
            raise UserError(f"{where}, name: {entry.name!r} is taken: give it another one")
        found[entry.name] = entry
    return found


def _tables(path: Path) -> Iterator[dict[str, Any]]:
    """The tables of a catalogue's frames."""
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8-sig")
        content = parse_json(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {reason_of(error)}") from None
    except (ValueError, RecursionError) as error:  # what both readers and the decoding raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path} is no catalogue: {reason}") from None
    tables = content.get("frame") if isinstance(content, dict) else None
    if not isinstance(tables, list) or not tables or set(content) != {"frame"}:
        raise UserError(f"{path} is no catalogue: it must hold frames, [[frame]] in TOML, and nothing else")
    for number, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            raise UserError(f"{path}, frame {number}: must be a table of names and values")
        yield table


def _entry(values: Mapping[str, Any], where: str, folder: Path) -> Entry:
    for key, value in values.items():
        _check(key, value, where)
    if not values.get("name"):
        raise UserError(f"{where}, name: is missing")
    name, note = values["name"], values.get("note", "")
    if ("shape" in values) == ("front" in values):
        raise UserError(f"{where}, shape: give either a shape or a front, the picture of one")
    if "front" in values:
        if wrong := [key for key in values if key not in _OF_A_PICTURE]:
            raise UserError(f"{where}, {wrong[0]}: a frame that is a picture has none")
        wish = _wish(where, lens=values.get("lens", ""), lens_colour=values.get("lens_colour", ""))
        return Entry(name, restyled(_picture(values, where, folder), wish), note=note)
    colours = tuple(values.get("colours", ()))
    return Entry(name, _drawn(values, where, colours[0] if colours else ""), colours, note)


def _check(key: str, value: Any, where: str) -> None:
    """Raise `UserError` where a key is unknown or its value is not allowed."""
    if key in _SIZES:
        low, high = _SIZES[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise UserError(f"{where}, {key}: {value!r} is invalid, must be {low:g} to {high:g} mm")
    elif key in _WORDS:
        if value not in _WORDS[key]:
            raise UserError(f"{where}, {key}: {value!r} is invalid, must be one of {', '.join(_WORDS[key])}")
    elif key == "colours":
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise UserError(f"{where}, colours: {value!r} is invalid, must be a list of colours")
        for one in value:
            _colour(one, where, key, {**ACETATE, **METAL})
    elif key in _TEXTS:
        if not isinstance(value, str) or not value.isprintable():
            raise UserError(f"{where}, {key}: {value!r} is invalid, must be a line of text")
        if key == "lens_colour":
            _colour(value, where, key, LENS_COLOURS)
    else:
        known = ", ".join([*_TEXTS, *_WORDS, "colours", *_SIZES])
        named = key if key.isprintable() else repr(key)
        raise UserError(f"{where}, {named}: is unknown, must be one of {known}")


def _colour(name: str, where: str, key: str, palette: Mapping[str, Any]) -> None:
    try:
        colour_of(name, palette)
    except UserError as error:
        raise UserError(f"{where}, {key}: {error}") from None


def _drawn(values: Mapping[str, Any], where: str, colour: str) -> Frame:
    """A frame of a shape: what the entry does not say is usual for the shape and the material."""
    shape = SHAPES[values["shape"]]
    material = values.get("material", shape.materials[0])
    made = MADE[material] | ({"rim": 0.0} if shape.build == "rimless" else {})
    width = values.get("lens_width", sum(shape.width) / 2)
    sizes = {
        "lens_width": width,
        "lens_height": values.get("lens_height", width * sum(shape.ratio) / 2),
        "bridge": values.get("bridge", sum(shape.bridge) / 2),
        "temple": values.get("temple", Frame().temple),
    }
    size = f"{values['width']:g}" if "width" in values else ""
    texts = {key: values.get(key, "") for key in ("pattern", "lens", "lens_colour")}
    wish = _wish(where, colour=colour, material=material, size=size, rim=values.get("rim"), **texts)
    frame = Frame(values["shape"], material=material, **made | sizes)
    try:
        return restyled(frame, wish)
    except UserError as error:
        raise UserError(f"{where}: {error}".replace("--", "")) from None


def _wish(where: str, **values: Any) -> FrameSettings:
    try:
        return FrameSettings(**values)
    except UserError as error:
        raise UserError(f"{where}: {error}".replace("--", "")) from None


def _picture(values: Mapping[str, Any], where: str, folder: Path) -> CustomFrame:
    try:
        frame = load_frame(inside(folder, values["front"]), values.get("width"))
    except UserError as error:
        raise UserError(f"{where}, front: {error}") from None
    return replace(frame, name=values["front"])
