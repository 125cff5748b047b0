"""Which of many photos are copies of which, from a few numbers a photo."""

from __future__ import annotations

import hashlib
from array import array

import numpy as np

from cyclegan_glasses.criteria.decide import REVIEWED
from cyclegan_glasses.criteria.duplicates import hashes_of, near_groups, to_numbers
from cyclegan_glasses.photo import ACCEPTED, Photo


class Copies:
    """Takes photos in one after the other, keeps some fifty bytes of each, and finds the copies among them.

    Of several copies the one that a person chose is kept, else one of a test part, else the largest, else
    the first. Near-duplicates with different labels are both kept: the same person with and without glasses
    in the same pose is what a paired set is made of. Of the very same file with different labels none is.
    """

    def __init__(self, bits: int) -> None:
        """`bits`: see `near_groups`; below 0 there are no copies."""
        self._bits = bits
        self._count = 0
        self._hashes = array("Q"), array("Q")
        self._files = array("Q")
        self._positions = array("q")
        self._labels = array("b")
        self._fixed = array("b")
        self._priorities = array("d")
        self._label_codes: dict[str, int] = {}

    def add(self, photo: Photo) -> None:
        """Take in the next photo; one that is not accepted has no copies."""
        position, self._count = self._count, self._count + 1
        text = hashes_of(photo)
        if self._bits < 0 or photo.verdict != ACCEPTED or not text:
            return
        for column, number in zip(self._hashes, to_numbers(text), strict=True):
            column.append(number)
        reviewed = bool(photo.facts.get(REVIEWED))
        digest = hashlib.blake2b(photo.sha256.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self._files.append(int.from_bytes(digest, "little"))
        self._positions.append(position)
        self._labels.append(self._label_codes.setdefault(photo.label, len(self._label_codes)))
        self._fixed.append(reviewed)
        tested = photo.split in ("test", "val")
        self._priorities.append(1e18 * reviewed + 1e15 * tested + float(photo.width * photo.height))

    def find(self) -> dict[int, int]:
        """For each photo to reject, by its position in the order of `add`: that of the one it copies."""
        if not self._positions:
            return {}
        first, second = (np.frombuffer(column, np.uint64) for column in self._hashes)
        groups = near_groups(first, second, self._bits)
        shared = np.flatnonzero(np.bincount(groups)[groups] > 1).tolist()
        best: dict[tuple[int, int], int] = {}
        for index in shared:
            key = int(groups[index]), self._labels[index]
            if key not in best or self._priorities[index] > self._priorities[best[key]]:
                best[key] = index
        found = self._contradictions(shared)
        for index in shared:
            keep = best[int(groups[index]), self._labels[index]]
            if keep != index and not self._fixed[index]:
                found.setdefault(self._positions[index], self._positions[keep])
        return found

    def _contradictions(self, shared: list[int]) -> dict[int, int]:
        """Photos of one file with several labels: each with another of them."""
        by_file: dict[int, list[int]] = {}
        for index in shared:
            by_file.setdefault(self._files[index], []).append(index)
        found = {}
        for indices in by_file.values():
            for index in indices:
                others = [other for other in indices if self._labels[other] != self._labels[index]]
                if others and not self._fixed[index]:
                    found[self._positions[index]] = self._positions[others[0]]
        return found
