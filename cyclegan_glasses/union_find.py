"""Groups of what belongs together, directly or over others."""

from __future__ import annotations


class UnionFind:
    """Numbers 0 to `count` - 1 in disjoint sets, each named by its smallest member."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def find(self, index: int) -> int:
        """The smallest member of the set of `index`."""
        parents = self._parents
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    def union(self, one: int, other: int) -> None:
        """Make one set of two."""
        first, second = sorted((self.find(one), self.find(other)))
        self._parents[second] = first
