"""K-FACE of AI-Hub: 400 Korean people under every accessory, light, expression and camera (arXiv 2103.02211).

The tree is `<High|Middle|Low>[_Resolution]/<8-digit person>/S00x/Ly/E0z/Cw.jpg`, 17 million files. It is
walked a level at a time and only the wanted folders are opened, so a selection costs what it holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import GLASSES, NONE, SUNGLASSES, Photo
from cyclegan_glasses.sources.archive import PICTURE_SUFFIXES, open_archive
from cyclegan_glasses.sources.found import Found
from cyclegan_glasses.sources.settings import AihubSettings

LICENCE = "AI-Hub terms of use"
ACCESSORIES = {
    "none": "S001",
    "glasses": "S002",
    "horn_rimmed": "S003",
    "sunglasses": "S004",
    "cap": "S005",
    "cap_horn_rimmed": "S006",
}
LABELS = {"S001": NONE, "S002": GLASSES, "S003": GLASSES, "S004": SUNGLASSES, "S005": NONE, "S006": GLASSES}
LIGHTS = {"1000": "L1", "400": "L2", "200": "L3", "150": "L4", "100": "L5", "40": "L6", "0": "L7"} | {
    f"directed_{number}": f"L{number}" for number in range(8, 31)
}
EXPRESSIONS = {"neutral": "E01", "smile": "E02", "disgust": "E03"}
CAMERAS = (
    {"frontal": "C7", "frontal_above": "C17"}
    | {f"{90 - 15 * i:+d}": f"C{1 + i}" for i in range(13) if i != 6}
    | {f"above{45 - 15 * i:+d}": f"C{14 + i}" for i in range(7) if i != 3}
)
RESOLUTIONS = ("high", "middle", "low")
_RESOLUTION = re.compile(r"(high|middle|low)(_resolution)?", re.IGNORECASE)
_PERSON = re.compile(r"[0-9]{8}")

Matcher = Callable[[str], object]
Place = tuple[str, str, str, str, str]  # person, S, L, E, C


def photos(settings: AihubSettings) -> Iterator[Found]:
    """Every picture of the selection, in the order of the folders' names.

    Raises:
        UserError: a name of the selection is not known, or there is no such tree at `source`.
    """
    resolutions = codes(settings.resolutions, {name: name for name in RESOLUTIONS}, "resolution")
    levels = (
        _PERSON.fullmatch,
        codes(settings.accessories, ACCESSORIES, "accessory").__contains__,
        codes(settings.lights, LIGHTS, "light").__contains__,
        codes(settings.expressions, EXPRESSIONS, "expression").__contains__,
        codes(settings.cameras, CAMERAS, "camera").__contains__,
    )
    if not settings.source.is_dir():
        yield from _from_zip(settings.source, resolutions, levels)
        return
    for resolution, root in _roots(settings.source, resolutions):
        for place, path in _walk(root, levels):
            file = Path(path)
            yield Found(_photo(resolution, place, file.as_posix()), file)


def codes(names: Iterable[str], table: Mapping[str, str], kind: str) -> frozenset[str]:
    """The codes of readable names; codes themselves, in any case, and `all` are understood too.

    Raises:
        UserError: a name is not known; the message lists those that are.
    """
    found: set[str] = set()
    by_code = {code.upper(): code for code in table.values()}
    for name in names:
        if name.lower() == "all":
            found.update(table.values())
        elif code := table.get(name.lower()) or table.get("+" + name) or by_code.get(name.upper()):
            found.add(code)
        else:
            raise UserError(f"unknown {kind} {name!r}: known are {', '.join(table)} and all")
    return frozenset(found)


def _photo(resolution: str, place: Place, origin: str) -> Photo:
    person, accessory, light, expression, camera = place
    facts = {
        "resolution": resolution,
        "accessory": _NAMES[accessory],
        "light": _NAMES[light],
        "expression": _NAMES[expression],
        "camera": _NAMES[camera],
    }
    return Photo(
        path="/".join(filter(None, ("photos", resolution, person, "_".join(place[1:])))),
        source="aihub",
        origin=origin,
        licence=LICENCE,
        label=LABELS[accessory],
        person=person,
        facts={name: value for name, value in facts.items() if value},
    )


_NAMES = {code: name for table in (ACCESSORIES, LIGHTS, EXPRESSIONS, CAMERAS) for name, code in table.items()}


def _roots(source: Path, wanted: frozenset[str], depth: int = 2) -> list[tuple[str, str]]:
    """Resolution and folder of each part that holds people; looks at most `depth` folders down."""
    folders = [entry for entry in _entries(str(source)) if entry.is_dir()]
    if any(_PERSON.fullmatch(entry.name) for entry in folders):
        return [(_resolution(source.name), str(source))]
    named = {_resolution(entry.name): entry for entry in folders if _resolution(entry.name)}
    if named:
        if not wanted & named.keys():
            raise UserError(
                f"{source} has only the resolution {', '.join(named)}: ask for it with --resolution"
            )
        return [(name, entry.path) for name, entry in named.items() if name in wanted]
    if depth:
        for entry in folders:
            try:
                return _roots(Path(entry.path), wanted, depth - 1)
            except _NoTreeError:
                continue
    raise _NoTreeError(
        f"{source} has no folders of people (8 digits, as 19062421): give the folder of High_Resolution"
    )


class _NoTreeError(UserError):
    pass


def _resolution(name: str) -> str:
    match = _RESOLUTION.fullmatch(name)
    return match[1].lower() if match else ""


def _walk(folder: str, levels: Sequence[Matcher], above: tuple[str, ...] = ()) -> Iterator[tuple[Place, str]]:
    matches, *below = levels
    for entry in _entries(folder):
        name = entry.name.upper()
        if below:
            if matches(name) and entry.is_dir():
                yield from _walk(entry.path, below, (*above, name))
        else:
            stem, dot, suffix = name.rpartition(".")
            if matches(stem) and (dot + suffix).lower() in PICTURE_SUFFIXES:
                yield cast(Place, (*above, stem)), entry.path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What one folder holds, by name; at most 400 people or 20 pictures."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"cannot read {folder}: {error.strerror}") from None


def _from_zip(path: Path, resolutions: frozenset[str], levels: Sequence[Matcher]) -> Iterator[Found]:
    with open_archive(path) as archive:
        for member in archive.pictures():
            parts = member.split("/")
            if len(parts) < len(levels):
                continue
            place = (*(part.upper() for part in parts[-5:-1]), parts[-1].rpartition(".")[0].upper())
            resolution = _resolution(parts[-6]) if len(parts) > len(levels) else ""
            if resolution in {"", *resolutions} and all(map(_matches, levels, place)):
                yield Found(
                    _photo(resolution, cast(Place, place), archive.origin(member)), archive.content(member)
                )


def _matches(level: Matcher, name: str) -> bool:
    return bool(level(name))
