"""Groups are closed and named by their smallest member."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.union_find import UnionFind


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_groups_are_the_connected_components(pairs):
    groups = UnionFind(10)
    for one, other in pairs:
        groups.union(one, other)
    near = {index: {index} for index in range(10)}
    for _ in range(10):
        for one, other in pairs:
            near[one] = near[other] = near[one] | near[other]
        near = {index: set().union(*(near[other] for other in members)) for index, members in near.items()}
    assert [groups.find(index) for index in range(10)] == [min(near[index]) for index in range(10)]
