"""Without these a resumed run takes other pictures than the run that was stopped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.data.sampler import EpochSampler, order_of, sample_generator


def taken(sampler: EpochSampler, epoch: int, start: int = 0) -> list[list[int]]:
    sampler.go_to(epoch, start)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    assert all(key[0] == epoch for batch in batches for key in batch)
    return [[index for _, index in batch] for batch in batches]


@given(st.integers(1, 60), st.integers(1, 7), st.integers(1, 4), st.integers(0, 30))
def test_ranks_share_an_epoch_exactly(length: int, batch_size: int, world_size: int, steps: int) -> None:
    samplers = [EpochSampler(length, batch_size, 3, True, rank, world_size) for rank in range(world_size)]
    start = min(steps * world_size, samplers[0].epoch_size)
    taken_by = [taken(sampler, 2, start) for sampler in samplers]
    assert len({tuple(map(len, batches)) for batches in taken_by}) == 1  # else all wait for one for ever
    together = EpochSampler(length, batch_size * world_size, 3)
    order = order_of(length, 3, 2).tolist()[start : length - length % world_size]
    assert sorted(index for batches in taken_by for batch in batches for index in batch) == sorted(order)
    for one, others in zip(taken(together, 2, start), zip(*taken_by, strict=True), strict=False):
        assert set(one) >= {index for batch in others for index in batch}


def test_an_epoch_has_every_picture_once_and_its_own_order() -> None:
    sampler = EpochSampler(20, 3, seed=1)
    first, second = taken(sampler, 1), taken(sampler, 2)
    flat = [index for batch in first for index in batch]
    assert sorted(flat) == list(range(20)) and flat != list(range(20))
    assert [len(batch) for batch in first] == [3] * 6 + [2]
    assert first != second and first == taken(sampler, 1)
    assert first != taken(EpochSampler(20, 3, seed=2), 1)
    assert taken(EpochSampler(5, 2, 0, shuffle=False), 1) == [[0, 1], [2, 3], [4]]


def test_the_rest_of_an_epoch_is_the_same_from_any_position() -> None:
    sampler = EpochSampler(20, 3, seed=1)
    whole = taken(sampler, 4)
    for position in range(0, 21, 3):
        assert taken(sampler, 4, position) == whole[position // 3 :]
    assert taken(sampler, 4, 99) == []


def test_invalid_positions_and_ranks_are_refused() -> None:
    with pytest.raises(ValueError, match="rank 2 of 2"):
        EpochSampler(20, 3, 0, True, 2, 2)
    with pytest.raises(ValueError, match="position 3"):
        EpochSampler(20, 3, 0, True, 0, 2).go_to(1, 3)


def test_samples_draw_from_streams_of_their_own() -> None:
    drawn = {
        int(sample_generator(s, e, i).integers(2**60)) for s in range(5) for e in range(5) for i in range(5)
    }
    assert len(drawn) == 125
