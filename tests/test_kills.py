"""A command that is killed goes on when it is typed again, and makes what it would have made."""

from __future__ import annotations

import random
from functools import partial

import pytest

from tests.kill_harness import Account, Edit, Gathering, kill_at_random, start_fork

pytestmark = pytest.mark.slow


# Training and the web crawl are killed by tests of their own (test_train_command, sources/test_web_crawl).
@pytest.mark.parametrize(
    "make", [partial(Gathering, "overlay", 8), partial(Gathering, "build", 10), partial(Edit, 4)]
)
def test_what_was_killed_ends_as_if_it_had_not_been(make) -> None:
    account = Account()
    kill_at_random(make, 1, random.Random(11), account, start_fork)
    assert account.failures == [] and account.stops.total() == 1
