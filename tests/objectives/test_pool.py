"""The pool of earlier fakes."""

from __future__ import annotations

import io

import pytest
import torch

from cyclegan_glasses.objectives.pool import ImagePool


def numbered(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1)


def feed(pool: ImagePool, first: int, count: int) -> list[int]:
    """Show the pool single pictures `first` … and give what came out."""
    return [int(pool.query(numbered(number))) for number in range(first, first + count)]


def test_a_pool_of_none_hands_everything_through() -> None:
    assert feed(ImagePool(0), 0, 20) == list(range(20))


def test_everything_goes_in_and_out_until_it_is_full() -> None:
    assert feed(ImagePool(5), 0, 5) == [0, 1, 2, 3, 4]


def test_then_half_are_new_and_half_remembered() -> None:
    """Other shares would train the discriminators on another past than published recipes do."""
    pool, size, count = ImagePool(10, seed=1), 10, 2000
    feed(pool, 0, size)
    out = feed(pool, size, count)
    old = [number for place, number in enumerate(out, size) if number != place]
    assert 0.45 < len(old) / count < 0.55
    assert len(set(out)) == count  # a picture that came out is gone
    ages = [place - number for place, number in enumerate(out, size) if number != place]
    assert 15 < sum(ages) / len(ages) < 25  # one of ten leaves every second time


def test_it_never_remembers_more_than_its_size() -> None:
    pool = ImagePool(3)
    for number in range(50):
        pool.query(numbered(number, number + 1000))
        assert len(pool.state_dict()["pictures"]) <= 3


def test_what_is_remembered_is_a_copy() -> None:
    """The next step may write into the same memory."""
    pool, picture = ImagePool(1), numbered(7)
    pool.query(picture)
    picture.fill_(0)
    assert pool.state_dict()["pictures"][0].item() == 7


def test_the_seed_decides_and_torch_is_left_alone() -> None:
    state = torch.get_rng_state()
    runs = [feed(ImagePool(4, seed), 0, 60) for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
    assert torch.equal(state, torch.get_rng_state())


def test_a_restored_pool_goes_on_the_same() -> None:
    """Without this a run that was stopped and one that was not would part."""
    pool = ImagePool(4, seed=3)
    feed(pool, 0, 9)
    buffer = io.BytesIO()
    torch.save(pool.state_dict(), buffer)
    buffer.seek(0)
    other = ImagePool(4, seed=99)
    other.load_state_dict(torch.load(buffer, weights_only=True))
    assert feed(pool, 9, 40) == feed(other, 9, 40)


@pytest.mark.parametrize("size, kept", [(2, 2), (4, 4), (9, 4)])
def test_a_pool_of_another_size_takes_what_it_can(size: int, kept: int) -> None:
    pool = ImagePool(4)
    feed(pool, 0, 4)
    other = ImagePool(size)
    other.load_state_dict(pool.state_dict())
    assert len(other.state_dict()["pictures"]) == kept
