"""K-FACE of AI-Hub: 400 Korean people under every accessory, light, expression and camera (arXiv 2103.02211).

The tree is `<High|Middle|Low>[_Resolution]/<8-digit person>/S00x/Ly/E0z/Cw.jpg`, 17 million files. It is
walked a level at a time and only the wanted folders are opened, so a selection costs what it holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import EXTENSIONS
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.archive import open_archive
from cyclegan_glasses.sources.kface import (
    ACCESSORIES,
    CAMERAS,
    EXPRESSIONS,
    LABELS,
    LIGHTS,
    NAMES,
    RESOLUTIONS,
    codes,
)
from cyclegan_glasses.sources.settings import AihubSettings
from cyclegan_glasses.sources.source_photo import SourcePhoto

LICENCE = "AI-Hub terms of use"
_RESOLUTION = re.compile(r"(high|middle|low)(_resolution)?", re.IGNORECASE)
_PERSON = re.compile(r"[0-9]{8}")

Matcher = Callable[[str], object]
Place = tuple[str, str, str, str, str]  # person, S, L, E, C


def photos(settings: AihubSettings) -> Iterator[SourcePhoto]:
    """Every picture of the selection, in the order of the folders' names.

    Raises:
        UserError: a name of the selection is not known, or there is no such tree at `source`.
    """
    resolutions = codes(settings.resolutions, RESOLUTIONS, "resolution")
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
            yield SourcePhoto(_photo(resolution, place, file.as_posix()), file)


def _photo(resolution: str, place: Place, origin: str) -> Photo:
    person, accessory, light, expression, camera = place
    facts = {
        "resolution": resolution,
        "accessory": NAMES[accessory],
        "light": NAMES[light],
        "expression": NAMES[expression],
        "camera": NAMES[camera],
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
            if matches(stem) and (dot + suffix).lower() in EXTENSIONS:
                yield cast(Place, (*above, stem)), entry.path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What one folder holds, by name; at most 400 people or 20 pictures."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"cannot read {folder}: {error.strerror}") from None


def _from_zip(path: Path, resolutions: frozenset[str], levels: Sequence[Matcher]) -> Iterator[SourcePhoto]:
    with open_archive(path) as archive:
        for member in archive.pictures():
            parts = member.split("/")
            if len(parts) < len(levels):
                continue
            place = (*(part.upper() for part in parts[-5:-1]), parts[-1].rpartition(".")[0].upper())
            resolution = _resolution(parts[-6]) if len(parts) > len(levels) else ""
            if resolution in {"", *resolutions} and all(map(_matches, levels, place)):
                yield SourcePhoto(
                    _photo(resolution, cast(Place, place), archive.origin(member)), archive.content(member)
                )


def _matches(level: Matcher, name: str) -> bool:
    return bool(level(name))
