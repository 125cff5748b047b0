"""When something is due, and where a run stands."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.training.progress import Progress, is_due


@given(st.integers(1, 50), st.lists(st.integers(1, 60), max_size=60))
def test_it_fires_once_for_each_multiple_that_is_passed(period: int, sizes: list[int]) -> None:
    """With odd batch sizes the reference implementation misses reports and saves."""
    count, fired = 0, []
    for size in sizes:
        before, count = count, count + size
        due = any(number % period == 0 for number in range(before + 1, count + 1))
        assert is_due(period, before, count) is due
        fired.append(due)
    assert sum(fired) <= count // period


def test_it_goes_on_in_the_middle() -> None:
    counts = pairwise((250, 299, 301, 302, 400))
    assert [is_due(100, before, count) for before, count in counts] == [False, True, False, True]


def test_zero_is_never() -> None:
    assert not any(is_due(0, count, count + 1) for count in range(100))


def test_the_position_is_epochs_and_a_fraction() -> None:
    assert Progress(epoch=3, pictures=5, epoch_size=20, step=0, seen=45, rate=0.1).position == 2.25
