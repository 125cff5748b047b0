"""Which photo goes where: persons and near-duplicates on one side, groups in balance. Touches no files."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.criteria.duplicates import near_groups, to_numbers
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.union_find import UnionFind

TRAIN, VAL, TEST = "train", "val", "test"
LEAK = "the same person or picture is in the test part"
CAPPED = "more photos of the person than asked for"
UNEVEN = "left out to even the groups out"
BEYOND = "beyond the number asked for"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the choice needs to know of an accepted photo.

    Attributes:
        place: number of its folder.
        path: in that folder.
        label: `glasses` or `none`.
        person: empty where not known.
        split: that its source gave it, or empty.
        sha256: of the file; empty where not known.
        hashes: see `duplicates.hashes`; empty where not known.
        balance, match: value of the group of that name; empty where not known.
    """

    place: int
    path: str
    label: str
    person: str = ""
    split: str = ""
    sha256: str = ""
    hashes: str = ""
    balance: str = ""
    match: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Where each candidate goes, and why some go nowhere.

    Attributes:
        parts: `train`, `val` or `test` for each chosen candidate.
        left_out: reason for each of the others.
    """

    parts: dict[Candidate, str]
    left_out: dict[Candidate, str]


def choose(candidates: Iterable[Candidate], settings: BuildSettings) -> Choice:
    """Give each candidate its part. The order of the candidates does not matter; the seed does.

    Raises:
        UserError: a domain would be empty, or nothing has the group or the split that is asked for.
    """
    ordered = sorted(candidates, key=lambda candidate: _draw(candidate, settings.seed))
    _check(ordered, settings)
    left_out: dict[Candidate, str] = {}
    kept = _cap(ordered, settings.cap_per_person, left_out)
    parts = _split(kept, settings, left_out)
    if settings.match or settings.balance:
        parts = _even(parts, settings, left_out)
    elif settings.max_photos:
        parts = _limit(parts, settings.max_photos, left_out)
    for label, words in ((GLASSES, "with glasses"), (NONE, "without glasses")):
        if not any(part == TRAIN and one.label == label for one, part in parts.items()):
            raise UserError(f"no photo {words} is left for training: ask for less balance, or gather more")
    return Choice(parts, left_out)


def _draw(candidate: Candidate, seed: int) -> bytes:
    """A lot that depends on the photo and the seed alone."""
    text = f"{seed}\0{candidate.sha256}\0{candidate.path}\0{candidate.place}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _check(candidates: Sequence[Candidate], settings: BuildSettings) -> None:
    if settings.balance and settings.match:
        raise UserError("--balance and --match exclude each other: give one of them")
    for name, value_of in ((settings.balance, "balance"), (settings.match, "match")):
        if name and not any(getattr(one, value_of) for one in candidates):
            raise UserError(f"no accepted photo has a group {name!r}: see the group column of the labels")
    if settings.keep_split and not any(one.split for one in candidates):
        raise UserError("no accepted photo has a split of its source: leave --keep_split out")


def _cap(candidates: list[Candidate], most: int, left_out: dict[Candidate, str]) -> list[Candidate]:
    if not most:
        return candidates
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for one in candidates:
        seen[one.person, one.label] += 1
        if one.person and seen[one.person, one.label] > most:
            left_out[one] = CAPPED
        else:
            kept.append(one)
    return kept


def _split(
    candidates: list[Candidate], settings: BuildSettings, left_out: dict[Candidate, str]
) -> dict[Candidate, str]:
    """Part of each candidate; a family (see `_families`) is never torn apart."""
    sizes = Counter(one.label for one in candidates)
    wanted = {label: math.ceil(count * settings.test_share) for label, count in sizes.items()}
    have: Counter[str] = Counter()
    parts: dict[Candidate, str] = {}
    open_families = []
    for family in _families(candidates, settings.duplicate_bits):
        given = {one.split for one in family if one.split} if settings.keep_split else set()
        if not given:
            open_families.append(family)
            continue
        part = next(name for name in (TEST, VAL, TRAIN) if name in given)
        have.update(one.label for one in family if part == TEST)
        for one in family:
            if (one.split or part) == part:
                parts[one] = part
            else:
                left_out[one] = LEAK
    for family in open_families:
        adds = Counter(one.label for one in family)
        fits = all(have[label] + count <= wanted[label] for label, count in adds.items())
        if fits:
            have.update(adds)
        parts.update((one, TEST if fits else TRAIN) for one in family)
    return {one: parts[one] for one in candidates if one in parts}


def _families(candidates: list[Candidate], bits: int) -> list[list[Candidate]]:
    """Candidates that share a person or a near-duplicate, directly or over others; ordered by their first."""
    groups = UnionFind(len(candidates))
    first: dict[tuple[str, str], int] = {}
    for index, one in enumerate(candidates):
        for kind, value in (("person", one.person), ("file", one.sha256)):
            if value:
                groups.union(first.setdefault((kind, value), index), index)
    hashed = [index for index, one in enumerate(candidates) if one.hashes]
    if bits >= 0 and hashed:
        numbers = np.array([to_numbers(candidates[index].hashes) for index in hashed], np.uint64)
        for index, group in zip(
            hashed, near_groups(numbers[:, 0], numbers[:, 1], bits).tolist(), strict=True
        ):
            groups.union(hashed[group], index)
    families: dict[int, list[Candidate]] = defaultdict(list)
    for index, one in enumerate(candidates):
        families[groups.find(index)].append(one)
    return [families[index] for index in sorted(families)]


def _even(
    parts: dict[Candidate, str], settings: BuildSettings, left_out: dict[Candidate, str]
) -> dict[Candidate, str]:
    """In each part as many photos of a value in both domains; to balance, as many of every value."""

    def value_of(one: Candidate) -> str:
        return one.balance if settings.balance else one.match

    counts = Counter((part, one.label, value_of(one)) for one, part in parts.items())
    values = sorted({value for _, _, value in counts if value})
    most: dict[tuple[str, str], int] = {}
    for part in set(parts.values()):
        both = {value: min(counts[part, GLASSES, value], counts[part, NONE, value]) for value in values}
        quota = _quota(both, bool(settings.balance), settings.max_photos)
        most.update(((part, value), count) for value, count in quota.items())
    taken: Counter[tuple[str, str, str]] = Counter()
    kept = {}
    for one, part in parts.items():
        taken[part, one.label, value_of(one)] += 1
        if taken[part, one.label, value_of(one)] <= most.get((part, value_of(one)), 0):
            kept[one] = part
        else:
            left_out[one] = UNEVEN
    return kept


def _quota(counts: dict[str, int], equal: bool, most: int) -> dict[str, int]:
    """How many of each value to take: `equal` of all, or in proportion, at most `most` together."""
    present = {value: count for value, count in counts.items() if count}
    if equal and present:
        least = min(present.values())
        present = dict.fromkeys(present, min(least, most // len(present)) if most else least)
    total = sum(present.values())
    if not most or total <= most:
        return present
    quota = {value: count * most // total for value, count in present.items()}
    spare = most - sum(quota.values())
    for value in sorted(present, key=lambda value: (-(present[value] * most % total), value))[:spare]:
        quota[value] += 1
    return quota


def _limit(parts: dict[Candidate, str], most: int, left_out: dict[Candidate, str]) -> dict[Candidate, str]:
    taken: Counter[tuple[str, str]] = Counter()
    kept = {}
    for one, part in parts.items():
        taken[part, one.label] += 1
        if taken[part, one.label] <= most:
            kept[one] = part
        else:
            left_out[one] = BEYOND
    return kept
