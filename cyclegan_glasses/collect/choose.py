"""Which photos are taken, and into which split: groups in balance, persons capped. Touches no files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.collect.splits import TRAIN, Candidate, Reasons, Splits, split_families
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.errors import UserError

CAPPED = "more photos of the person than asked for"
UNEVEN = "left out to even the groups out"
BEYOND = "beyond the number asked for"


def choose(candidates: Iterable[Candidate], settings: BuildSettings) -> tuple[Splits, Reasons]:
    """The split of each chosen candidate, and the reason for each of the others.

    The order of the candidates does not matter; the seed does.

    Raises:
        UserError: a domain would be empty, or nothing has the group or the split that is asked for.
    """
    ordered = sorted(candidates, key=lambda candidate: _rank(candidate, settings.seed))
    _check(ordered, settings)
    left_out: Reasons = {}
    kept = _cap(ordered, settings.cap_per_person, left_out)
    splits = split_families(kept, settings, left_out)
    if settings.match or settings.balance or settings.max_photos:
        splits = _even(splits, settings, left_out)
    for label, wording in ((GLASSES, "with glasses"), (NONE, "without glasses")):
        if not any(split == TRAIN and one.label == label for one, split in splits.items()):
            raise UserError(f"no photo {wording} is left for training: ask for less balance, or gather more")
    return splits, left_out


def _rank(candidate: Candidate, seed: int) -> bytes:
    """A place in the order that depends on the photo and the seed alone."""
    text = f"{seed}\0{candidate.sha256}\0{candidate.path}\0{candidate.place}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _check(candidates: Sequence[Candidate], settings: BuildSettings) -> None:
    if settings.balance and settings.match:
        raise UserError("--balance and --match exclude each other: give one of them")
    if (name := settings.balance or settings.match) and not any(one.group for one in candidates):
        raise UserError(f"no accepted photo has a group {name!r}: see the group column of the labels")
    if settings.keep_split and not any(one.split for one in candidates):
        raise UserError("no accepted photo has a split of its source: leave --keep_split out")


def _cap(candidates: list[Candidate], most: int, left_out: Reasons) -> list[Candidate]:
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for one in candidates:
        seen[one.person, one.label] += 1
        if most and one.person and seen[one.person, one.label] > most:
            left_out[one] = CAPPED
        else:
            kept.append(one)
    return kept


def _even(splits: Splits, settings: BuildSettings, left_out: Reasons) -> Splits:
    """In each split as many photos of a group in both domains; to balance, as many of every group."""
    by_group = bool(settings.match or settings.balance)
    counts = Counter((split, one.label, one.group) for one, split in splits.items())
    groups = sorted({group for _, _, group in counts if group})
    quotas: dict[str, dict[str, int]] = {}
    for split in set(splits.values()):
        both = {group: min(counts[split, GLASSES, group], counts[split, NONE, group]) for group in groups}
        quotas[split] = _quota(both, bool(settings.balance), settings.max_photos)
    taken: Counter[tuple[str, str, str]] = Counter()
    kept = {}
    for one, split in splits.items():
        taken[split, one.label, one.group] += 1
        most = quotas[split].get(one.group, 0) if by_group else settings.max_photos
        if taken[split, one.label, one.group] <= most:
            kept[one] = split
        else:
            left_out[one] = UNEVEN if by_group else BEYOND
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
