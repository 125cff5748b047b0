"""SIGTERM while one of several processes fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from cyclegan_glasses.distributed import DistributedContext
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.signals import StopRequest


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """The signals that would have ended this process."""
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    yield received
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("size", [1, 2])
def test_sigterm_does_not_cut_off_what_one_of_several_says_of_its_error(size: int, ended: list[int]) -> None:
    with pytest.raises(UserError), StopRequest(DistributedContext(0, size)):
        raise UserError("another process of this run has ended")
    os.kill(os.getpid(), signal.SIGTERM)
    assert len(ended) == (1 if size == 1 else 0)


def test_after_the_block_sigterm_means_what_it_did(ended: list[int]) -> None:
    with StopRequest(DistributedContext(0, 2)):
        os.kill(os.getpid(), signal.SIGTERM)
    assert not ended
    os.kill(os.getpid(), signal.SIGTERM)
    assert len(ended) == 1
