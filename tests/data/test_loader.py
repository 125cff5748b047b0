"""Without these workers or a stop in mid-epoch change a run, or bad files end it too soon or late."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cyclegan_glasses.data.batch import Batch
from cyclegan_glasses.data.loader import Batches, make_batches
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.data.stores import CachedImages
from cyclegan_glasses.data.transforms import to_tensors
from cyclegan_glasses.errors import UserError
from tests.data.drawing import cut_off, fill, ramp

SMALL = DataSettings("", load_size=24, crop_size=16, batch_size=4, num_threads=0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


def all_equal(ones: list[Batch], others: list[Batch]) -> bool:
    def equal(one: Any, other: Any) -> bool:
        return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other

    return len(ones) == len(others) and all(
        a.keys() == b.keys() and all(equal(a[name], b[name]) for name in a)
        for a, b in zip(ones, others, strict=True)
    )


def test_workers_change_nothing_and_stops_neither(unpaired: Path) -> None:
    settings = replace(SMALL, dataroot=str(unpaired))
    alone, workers = make_batches(settings), make_batches(replace(settings, num_threads=2))
    whole = list(alone.epoch(1)) + list(alone.epoch(2))
    assert [len(batch["A"]) for batch in whole] == [4, 4, 3] * 2 and alone.epoch_size == 11
    assert set(whole[0]) == {"A", "B", "A_path", "B_path"} and isinstance(whole[0]["A_path"], list)
    assert not all_equal(whole[:3], whole[3:])
    assert all_equal(whole, list(workers.epoch(1)) + list(workers.epoch(2)))
    next(workers.epoch(7))  # left in the middle
    for batches in (alone, workers, make_batches(settings)):
        assert all_equal(whole[4:], list(batches.epoch(2, start=4)))
    assert list(alone.epoch(2, start=11)) == []


def test_global_random_states_stay_untouched(unpaired: Path) -> None:
    def states() -> tuple[Any, ...]:
        numpy_state = np.random.get_state()
        return random.getstate(), numpy_state[1].tolist(), numpy_state[2], torch.get_rng_state().tolist()  # type: ignore[index, union-attr]

    before = states()
    for workers in (0, 1):
        batches = make_batches(replace(SMALL, dataroot=str(unpaired), num_threads=workers))
        first = list(batches.epoch(1))
        torch.manual_seed(99)
        random.seed(99)
        np.random.seed(99)
        assert all_equal(first, list(batches.epoch(1)))
        random.setstate(before[0])
        torch.set_rng_state(torch.tensor(before[3], dtype=torch.uint8))
        np.random.set_state(("MT19937", np.array(before[1], dtype=np.uint32), before[2], 0, 0.0))
        assert all_equal(first, list(batches.epoch(1)))
        assert states() == before


def test_two_ranks_together_are_one_process_with_twice_the_batch(unpaired: Path) -> None:
    settings = replace(SMALL, dataroot=str(unpaired), batch_size=2)
    processes = [make_batches(settings, rank=rank, world_size=2) for rank in (0, 1)]
    whole = list(make_batches(replace(settings, batch_size=4)).epoch(3))
    for left, right, both in zip(processes[0].epoch(3), processes[1].epoch(3), whole, strict=True):
        mixed = [path for pair in zip(left["A_path"], right["A_path"], strict=True) for path in pair]
        assert mixed == both["A_path"][: len(mixed)]
    assert processes[0].epoch_size == 10


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_a_cache_changes_nothing_nor_do_its_threads(unpaired: Path, cache: str) -> None:
    """Masks besides, and both with a stop in mid-epoch and with two ranks."""
    fill(unpaired / "trainM", 11)
    settings = replace(SMALL, dataroot=str(unpaired))
    whole = [batch for epoch in (1, 2) for batch in make_batches(settings).epoch(epoch)]
    for workers in (0, 1, 2):
        cached = make_batches(replace(settings, cache=cache, num_threads=workers))
        assert all_equal(whole, list(cached.epoch(1)) + list(cached.epoch(2)))
        assert all_equal(whole[4:], list(cached.epoch(2, start=4)))
        assert list(cached.epoch(2, start=11)) == []
    processes = [
        make_batches(replace(settings, cache=how, num_threads=2, batch_size=2), rank=1, world_size=2)
        for how in ("none", cache)
    ]
    assert all_equal(list(processes[0].epoch(3)), list(processes[1].epoch(3)))
    assert all_equal(list(processes[0].epoch(3, start=4)), list(processes[1].epoch(3, start=4)))


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_processes_that_share_a_cache_take_the_pictures_of_the_camera(
    paired: Callable[..., Path], cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as without either, and what one of them decoded none decodes again."""
    settings = replace(SMALL, dataroot=str(paired()), dataset_mode="aligned", camera=True)
    whole = [batch for epoch in (1, 2) for batch in make_batches(settings).epoch(epoch)]
    cached = make_batches(replace(settings, cache=cache, num_threads=2))
    assert all_equal(whole, list(cached.epoch(1)) + list(cached.epoch(2)))
    assert cached._loader is not None, "processes made them"
    if cache == "memory":
        monkeypatch.setattr("cyclegan_glasses.data.stores.CachedImages.render", None)
    assert all_equal(whole[: len(whole) // 2], list(make_of(cached)))


def make_of(batches: Batches) -> Iterator[Batch]:
    """The first epoch, by this process, from the cache that other processes filled."""
    batches._sampler.go_to(1)
    taken = [to_tensors(batches._take(keys)) for keys in batches._sampler]
    return ({name: value for name, value in batch.items() if name != "skipped"} for batch in taken)


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_a_new_epoch_ends_the_one_under_way_and_leaves_no_thread(unpaired: Path, cache: str) -> None:
    others, before = set(threading.enumerate()), threading.active_count()
    batches = make_batches(replace(SMALL, dataroot=str(unpaired), cache=cache, num_threads=2, batch_size=1))
    first = batches.epoch(1)
    next(first)
    assert len(list(batches.epoch(2))) == 11
    assert list(first) == []
    second = batches.epoch(3)
    next(second)
    assert threading.active_count() > before
    del second
    left = set(threading.enumerate()) - others
    assert [thread for thread in left if thread.name.startswith("ThreadPool")] == []


def test_no_more_threads_read_than_were_asked_for(unpaired: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(SMALL, dataroot=str(unpaired), cache="memory", batch_size=1)
    monkeypatch.setattr("cyclegan_glasses.data.loader.cores", lambda: 3)
    render, names = CachedImages.render, set()

    def watched(self: CachedImages, index: int) -> np.ndarray:
        names.add(threading.current_thread().name)
        time.sleep(0.01)
        return render(self, index)

    monkeypatch.setattr(CachedImages, "render", watched)
    for asked, readers in ((0, 1), (2, 2), (9, 3)):
        names.clear()
        assert len(list(make_batches(replace(settings, num_threads=asked)).epoch(1))) == 11
        assert len(names) == readers and ("MainThread" in names) == (asked == 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("cache", ["memory", "none"])
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_to_a_gpu_unchanged(unpaired: Path, cache: str, workers: int) -> None:
    settings = replace(SMALL, dataroot=str(unpaired), cache=cache, num_threads=workers)
    for here, there in zip(
        make_batches(settings).epoch(1),
        make_batches(settings, device=torch.device("cuda")).epoch(1),
        strict=True,
    ):
        assert there["A"].is_cuda and there["A_path"] == here["A_path"]
        assert torch.equal(there["A"].cpu(), here["A"]) and torch.equal(there["B"].cpu(), here["B"])


@pytest.mark.parametrize("cache", ["none", "memory"])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_tenth_may_be_unreadable_and_is_named_once(
    tmp_path: Path, workers: int, cache: str, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path / "trainA", 20)
    fill(tmp_path / "trainB", 20)
    cut_off(tmp_path / "trainA/003.png")
    (tmp_path / "trainA/004.png").write_text("not a picture")
    batches = make_batches(replace(SMALL, dataroot=str(tmp_path), num_threads=workers, cache=cache))
    assert set(batches.skipped) == {str(tmp_path / "trainA/004.png")}  # its beginning told
    for epoch in (1, 2):
        assert sum(len(batch["A"]) for batch in batches.epoch(epoch)) == 20
    assert set(batches.skipped) == {str(tmp_path / f"trainA/00{n}.png") for n in (3, 4)}
    assert caplog.text.count("skipped") == 2
    cut_off(tmp_path / "trainA/005.png")
    if cache == "memory":  # which has it already
        batches = make_batches(replace(SMALL, dataroot=str(tmp_path), num_threads=workers, cache=cache))
    with pytest.raises(UserError, match=r"3 of 20 pictures of .*trainA cannot be read.*"):
        list(batches.epoch(3))


def test_a_broken_domain_stops_before_the_first_batch(tmp_path: Path) -> None:
    fill(tmp_path / "trainA", 20)
    fill(tmp_path / "trainB", 20)
    for number in range(3):
        (tmp_path / f"trainB/{number:03}.png").write_text("not a picture")
    with pytest.raises(
        UserError, match=r"3 of 20 pictures of .*trainB cannot be read, such as .*000.png"
    ) as caught:
        make_batches(replace(SMALL, dataroot=str(tmp_path)))
    assert "\n" not in str(caught.value)
    for path in (tmp_path / "trainB").iterdir():
        cut_off(path)  # these begin well
    (tmp_path / "trainB/000.png").unlink()
    (tmp_path / "trainB/001.png").unlink()
    (tmp_path / "trainB/002.png").unlink()
    with pytest.raises(UserError, match="trainB cannot be read"):
        list(make_batches(replace(SMALL, dataroot=str(tmp_path))).epoch(1))


def test_ctrl_c_leaves_the_workers_to_the_main_process(unpaired: Path) -> None:
    """A terminal sends it to every process; training still has to save, and may read on before it does."""
    batches = make_batches(replace(SMALL, dataroot=str(unpaired), batch_size=1, num_threads=2))
    steps = batches.epoch(1)
    next(steps), next(steps)  # one of each worker: both are at work
    workers = multiprocessing.active_children()
    assert workers
    for worker in workers:
        assert worker.pid
        os.kill(worker.pid, signal.SIGINT)
    assert len(list(steps)) == 9


def test_testing_leaves_an_unreadable_picture_out(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    cut_off(tmp_path / "003.png")
    batches = make_batches(replace(SMALL, dataroot=str(tmp_path), phase="test", batch_size=1))
    stems = [Path(path).stem for batch in batches.epoch(1) for path in batch["A_path"]]
    assert stems == [f"{n:03}" for n in range(10) if n != 3]
    assert len(batches.skipped) == 1 and not batches.paired


def test_pairs_say_so_and_bring_masks(paired: Callable[..., Path]) -> None:
    batches: Batches = make_batches(replace(SMALL, dataroot=str(paired("test")), phase="test"))
    assert batches.paired
    assert [batch["M"].shape for batch in batches.epoch(1)] == [(4, 1, 16, 16), (1, 1, 16, 16)]


def test_sizes_that_do_not_fit_a_batch_are_a_readable_error(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    ramp(0, 60, 60).save(tmp_path / "000.png")
    settings = replace(SMALL, dataroot=str(tmp_path), phase="test", preprocess="none")
    with pytest.raises(UserError, match="--batch_size 1"):
        list(make_batches(settings).epoch(1))
    assert [batch["A"].shape[2] for batch in make_batches(replace(settings, batch_size=1)).epoch(1)] == [
        60,
        36,
        36,
    ]


def test_real_photographs_come_through(shared: Path) -> None:
    settings = DataSettings(str(shared / "data/photos/lfw"), phase="test", max_dataset_size=8, batch_size=8)
    (batch,) = make_batches(replace(settings, num_threads=0)).epoch(1)
    assert batch["A"].shape == (8, 3, 256, 256) and 0.2 < batch["A"].std() < 0.9
