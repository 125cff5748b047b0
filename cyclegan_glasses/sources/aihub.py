"""K-FACE of AI-Hub: 400 Korean people under every accessory, light, expression and camera (arXiv 2103.02211).

The tree is `<High|Middle|Low>[_Resolution]/<8-digit person>/S00x/Ly/E0z/Cw.jpg`, 17 million files. It is
walked a level at a time and only the wanted folders are opened, so a selection costs what it holds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import option
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.archive import open_archive
from cyclegan_glasses.sources.source import SourcePhoto
from cyclegan_glasses.walk import report

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
RESOLUTIONS = {name: name for name in ("high", "middle", "low")}
NAMES = {code: name for table in (ACCESSORIES, LIGHTS, EXPRESSIONS, CAMERAS) for name, code in table.items()}
_RESOLUTION = re.compile(r"(high|middle|low)(_resolution)?", re.IGNORECASE)
_PERSON = re.compile(r"[0-9]{8}")
DEPTH = 3
"""Folders above the people at most."""

Matcher = Callable[[str], object]
Place = tuple[str, ...]  # person, S, L, E, C
_KINDS = ("accessory", "light", "expression", "camera")


def _names(flag: str, names: Iterable[str], default: tuple[str, ...], also: str) -> tuple[str, ...]:
    help = f"{', '.join(names)}, all{also}; default {' '.join(default)}"
    return option(default, help, flag=flag, metavar="NAME")


@dataclass(frozen=True, slots=True)
class AihubSource:
    """The K-FACE tree of AI-Hub; the defaults are the selection of the term project.

    Attributes:
        source: the folder, at or above the resolutions or the people.
        accessories, lights, expressions, cameras: names of the tables above, codes (`S001`, `L1`, `E01`,
            `C7`) or `all`.
        resolutions: `high`, `middle`, `low`; a tree without that level is taken as it is.
    """

    name: ClassVar[str] = "aihub"

    source: Path
    accessories: tuple[str, ...] = _names("accessory", ACCESSORIES, ("glasses", "none"), ", or S001 to S006")
    lights: tuple[str, ...] = _names(
        "light", [*list(LIGHTS)[:7], "directed_8 to directed_30"], ("1000",), ", or L1 to L30"
    )
    expressions: tuple[str, ...] = _names(
        "expression", EXPRESSIONS, ("neutral", "smile", "disgust"), ", or E01 to E03"
    )
    cameras: tuple[str, ...] = _names("camera", CAMERAS, ("frontal", "frontal_above"), ", or C1 to C20")
    resolutions: tuple[str, ...] = _names("resolution", RESOLUTIONS, ("high",), "")

    def photos(self) -> Iterator[SourcePhoto]:
        """Every picture of the selection, in the order of the folders' names.

        Raises:
            UserError: a name of the selection is not known, or there is no such tree at `source`.
        """
        resolutions = codes(self.resolutions, RESOLUTIONS, "resolution")
        levels = (
            _PERSON.fullmatch,
            codes(self.accessories, ACCESSORIES, "accessory").__contains__,
            codes(self.lights, LIGHTS, "light").__contains__,
            codes(self.expressions, EXPRESSIONS, "expression").__contains__,
            codes(self.cameras, CAMERAS, "camera").__contains__,
        )
        tree = _Tree(resolutions, levels)
        with open_archive(self.source) as archive:
            default, others = _resolution(self.source.name), 0
            for member in archive.pictures(tree.enters):
                *folders, file = member.split("/")
                above, place = _split([*folders, file.rpartition(".")[0]])
                if len(place) != len(levels):
                    others += 1
                elif levels[-1](place[-1]):
                    resolution = next(filter(None, map(_resolution, above)), default)
                    yield SourcePhoto(
                        _photo(resolution, place, archive.origin(member)), archive.content(member)
                    )
        report(self.source, Counter({"pictures that lie elsewhere than K-FACE's": others}))
        tree.check(self.source)


class _Tree:
    """Which folders of the tree are wanted, and what was met in it."""

    def __init__(self, resolutions: frozenset[str], levels: Sequence[Matcher]) -> None:
        self._resolutions, self._levels = resolutions, levels
        self._people, self._unwanted = False, set[str]()

    def enters(self, folder: str) -> bool:
        """Whether `folder`, by its path in the source, holds something of the selection."""
        above, place = _split(folder.split("/"))
        met = set(filter(None, map(_resolution, above)))
        if len(above) > DEPTH or not met <= self._resolutions:
            self._unwanted |= met - self._resolutions
            return False
        self._people |= bool(place)
        return all(matches(name) for matches, name in zip(self._levels, place, strict=False))

    def check(self, source: Path) -> None:
        """Raise `UserError` where no people were met."""
        if self._people:
            return
        if self._unwanted:
            there = ", ".join(sorted(self._unwanted))
            raise UserError(f"{source} has only the resolution {there}: ask for it with --resolution")
        raise UserError(
            f"{source} has no folders of people (8 digits, as 19062421): give the folder of High_Resolution"
        )


def _split(segments: Sequence[str]) -> tuple[Sequence[str], Place]:
    """The folders above a person, and the person with what lies below, in upper case."""
    count = next((k for k, name in enumerate(segments) if _PERSON.fullmatch(name)), len(segments))
    return segments[:count], tuple(name.upper() for name in segments[count:])


def _photo(resolution: str, place: Place, origin: str) -> Photo:
    person, *names = place
    facts = {"resolution": resolution} if resolution else {}
    return Photo(
        path="/".join(filter(None, ("photos", resolution, person, "_".join(names)))),
        source=AihubSource.name,
        origin=origin,
        licence=LICENCE,
        label=LABELS[names[0]],
        person=person,
        facts=facts | {kind: NAMES[code] for kind, code in zip(_KINDS, names, strict=True)},
    )


def _resolution(name: str) -> str:
    match = _RESOLUTION.fullmatch(name)
    return match[1].lower() if match else ""


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
