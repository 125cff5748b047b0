"""Which files of several folders belong together: by their names alone, never by their place in a list."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path, PurePath

from cyclegan_glasses.walk import NAMES, name_key, report, stem_key

logger = logging.getLogger(__name__)

ALONE = "without a partner of the same name"


class Names:
    """Names of files, relative paths with slashes, to be asked for the one that belongs to a name.

    That is the one with the same ending, else the only one of the same name with another ending: `x.jpg`
    and `x.png` belong together. Letters in their composed and decomposed form are the same.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._exact: dict[str, int] = {}
        self._stems: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            self._exact.setdefault(name_key(name), index)
            self._stems.setdefault(stem_key(name), []).append(index)

    def __contains__(self, name: str) -> bool:
        """Whether there is a name that differs from `name` in its ending at most."""
        return name_key(name) in self._exact or stem_key(name) in self._stems

    def find(self, name: str) -> int | None:
        """The index of the name that belongs to `name`; None where there is none, or several might."""
        if (exact := self._exact.get(name_key(name))) is not None:
            return exact
        places = self._stems.get(stem_key(name), ())
        return places[0] if len(places) == 1 else None

    def shared(self) -> Iterator[list[int]]:
        """The indices of names that differ in their ending alone, of each such name."""
        return (places for places in self._stems.values() if len(places) > 1)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names of several folders that belong together.

    Attributes:
        places: for each pair the index of its name on each side, ordered as the first side is.
        left_out: of each side what is in no pair, by reason.
        shared: of each side the names that differ from another one in their ending alone, so that a person
            can look which one is meant.
    """

    places: list[tuple[int, ...]] = field(default_factory=list)
    left_out: tuple[Counter[str], ...] = ()
    shared: tuple[list[str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every name of every side has its partners."""
        return bool(self.places) and not any(self.left_out)

    def report(self, places: Sequence[Path | str]) -> None:
        """Log what is left out, and the names that are shared.

        Args:
            places: what messages call the sides.
        """
        for place, left_out, shared in zip(places, self.left_out, self.shared, strict=True):
            report(place, left_out)
            if shared:
                more = f", … ({len(shared)})" if len(shared) > NAMES else ""
                logger.warning(
                    "%s: names that differ in their ending alone: %s%s: pairs are made by name, look that"
                    " each is the right one",
                    place,
                    ", ".join(shared[:NAMES]),
                    more,
                )


def unique_stem(path: Path | str, taken: set[str]) -> str:
    """The name of a file without folder and ending, with a number where it is taken; from now on it is.

    >>> taken = set()
    >>> [unique_stem(path, taken) for path in ("a/x.jpg", "b/x.jpg", "x-2.png")]
    ['x', 'x-2', 'x-2-2']
    """
    stem = PurePath(path).stem
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def pair_names(*sides: Sequence[str]) -> Pairs:
    """The names of `sides` that belong together, see `Names`. Two of the first side may share a partner."""
    names = [Names(side) for side in sides]
    places, left_out = [], tuple(Counter[str]() for _ in sides)
    for index, name in enumerate(sides[0]):
        found = [other.find(name) for other in names[1:]]
        if None not in found:
            places.append((index, *(place for place in found if place is not None)))
        elif all(name in other for other in names[1:]):
            left_out[0][f"that could belong to several ({name})"] += 1
        else:
            left_out[0][ALONE] += 1
    for side, counts in zip(sides[1:], left_out[1:], strict=True):
        counts[ALONE] += sum(name not in names[0] for name in side)
    shared = tuple(
        [side[index] for indices in known.shared() for index in indices]
        for side, known in zip(sides, names, strict=True)
    )
    return Pairs(places, tuple(+counts for counts in left_out), shared)
