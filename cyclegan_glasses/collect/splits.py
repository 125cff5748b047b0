"""Which photos are trained on and which are tested on. Touches no files.

Two policies. `split_of` looks at one photo alone, by a hash of its person: photos may come one at a time, and
more of them never move one. `split_families` looks at all photos of a data set at once, so it can also keep
near-duplicates together and meet the size that is asked for.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.criteria.duplicates import near_groups, to_numbers
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.union_find import UnionFind

TRAIN, VAL, TEST = "train", "val", "test"
LEAK = "the same person or picture is in the test part"


def split_of(photo: Photo, seed: int, fractions: Iterable[tuple[str, float]]) -> str:
    """The split of a photo: its own where the source gives one, else by a hash.

    SHA-256 of seed, source and person (the origin where the person is not known), so all photos of a person
    stay together, and adding photos moves none. What `fractions` leave is `train`.
    """
    if photo.split:
        return photo.split
    key = f"{seed}\0{photo.source}\0{photo.person or photo.origin}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    for name, fraction in fractions:
        if position < fraction:
            return name
        position -= fraction
    return TRAIN


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
        group: its value of the group to balance or match by; empty where there is none.
        offset: of its row in the manifest of that folder.
    """

    place: int
    path: str
    label: str
    person: str = ""
    split: str = ""
    sha256: str = ""
    hashes: str = ""
    group: str = ""
    offset: int = 0


Splits = dict[Candidate, str]
Reasons = dict[Candidate, str]
"""Why candidates are left out."""


def split_families(candidates: list[Candidate], settings: BuildSettings, left_out: Reasons) -> Splits:
    """The split of each candidate; a family (see `families`) is never torn apart.

    A family goes to the test split while that has room for it. With `keep_split` it goes where its source
    gave one of it, and what its source gave elsewhere is added to `left_out`.
    """
    sizes = Counter(one.label for one in candidates)
    wanted = {label: math.ceil(count * settings.test_share) for label, count in sizes.items()}
    tested: Counter[str] = Counter()
    splits: Splits = {}
    # Families whose source says where they belong come first: they take up room in the test split.
    without_split = []
    for family in families(candidates, settings.duplicate_bits):
        sources = {one.split for one in family if one.split} if settings.keep_split else set()
        if not sources:
            without_split.append(family)
            continue
        split = next(name for name in (TEST, VAL, TRAIN) if name in sources)
        tested.update(one.label for one in family if split == TEST)
        for one in family:
            if (one.split or split) == split:
                splits[one] = split
            else:
                left_out[one] = LEAK
    # The others fill it up, in the order of the candidates.
    for family in without_split:
        adds = Counter(one.label for one in family)
        fits = all(tested[label] + count <= wanted[label] for label, count in adds.items())
        if fits:
            tested.update(adds)
        splits.update((one, TEST if fits else TRAIN) for one in family)
    return {one: splits[one] for one in candidates if one in splits}


def families(candidates: list[Candidate], bits: int) -> list[list[Candidate]]:
    """Candidates that share a person, a file or a near-duplicate, directly or over others, by the first one.

    `bits`: see `near_groups`; below 0 near-duplicates do not count.
    """
    groups = UnionFind(len(candidates))
    first: dict[tuple[str, str], int] = {}
    for index, one in enumerate(candidates):
        for kind, value in (("person", one.person), ("file", one.sha256)):
            if value:
                groups.union(first.setdefault((kind, value), index), index)
    hashed = [index for index, one in enumerate(candidates) if one.hashes]
    if bits >= 0 and hashed:
        hashes = np.array([to_numbers(candidates[index].hashes) for index in hashed], np.uint64)
        nearest = near_groups(hashes[:, 0], hashes[:, 1], bits).tolist()
        for index, group in zip(hashed, nearest, strict=True):
            groups.union(hashed[group], index)
    found: dict[int, list[Candidate]] = defaultdict(list)
    for index, one in enumerate(candidates):
        found[groups.find(index)].append(one)
    return [found[index] for index in sorted(found)]
