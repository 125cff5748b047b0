"""Work over cores: in order, few pieces at a time, and no hanging when a worker dies."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.parallel import in_order, open_executor


def square(number: int) -> int:
    """Its square; 7 ends the process as the kernel does when memory runs out."""
    if number == 7:
        os._exit(9)
    return number * number


def test_results_come_in_order_and_jobs_are_taken_a_few_at_a_time():
    """All jobs taken at once would hold a million photos in memory."""
    taken = []

    def jobs() -> Iterator[int]:
        for number in range(10, 30):
            taken.append(number)
            yield number

    with open_executor(workers=2) as executor:
        results = in_order(executor, square, jobs(), in_flight=3)
        assert next(results) == 100
        assert len(taken) <= 4
        assert list(results) == [number**2 for number in range(11, 30)]


def test_a_worker_that_is_ended_from_outside_is_one_clear_line():
    with pytest.raises(UserError, match="fewer --workers"), open_executor(workers=2) as executor:
        list(in_order(executor, square, range(6, 9)))


def test_one_worker_works_here():
    with open_executor(workers=1) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()
        with pytest.raises(ZeroDivisionError):
            executor.submit(lambda: 1 / 0).result()
