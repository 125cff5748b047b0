"""Without these a cache changes what is trained on, shows old pictures, or is made anew each night."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.data import folders, stores
from cyclegan_glasses.data.cache import _choose, add_cache
from cyclegan_glasses.data.datasets import Dataset, open_dataset
from cyclegan_glasses.data.folders import open_domain
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.data.stores import CachedImages, open_disk
from cyclegan_glasses.errors import UserError
from tests.data.drawing import cut_off, fill, ramp
from tests.data.samples import sample_of
from tests.kills import left_by_a_kill

SMALL = DataSettings("", load_size=24, crop_size=16, num_threads=2)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of a test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home/cyclegan_glasses/pictures"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded, as it goes on."""
    names: list[str] = []

    def counted(source: Path, channels: int = 3) -> Image.Image:
        names.append(source.name)
        return original(source, channels)

    original = folders.open_picture
    monkeypatch.setattr(folders, "open_picture", counted)
    return names


def unseen(items: Iterable[Any], *_: Any) -> Iterator[Any]:
    yield from items


def cached(settings: DataSettings, cache: str) -> Dataset:
    settings = replace(settings, cache=cache)
    dataset = open_dataset(settings)
    assert add_cache(dataset, settings, 1, unseen)[0]
    return dataset


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return list(one) == list(other) and all(
        torch.equal(value, other[name]) if isinstance(value, torch.Tensor) else value == other[name]
        for name, value in one.items()
    )


@pytest.mark.parametrize("cache", ["memory", "disk"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"dataset_mode": "aligned"},
        {"dataset_mode": "aligned", "dataroot": "sides", "output_nc": 1},
        {"dataset_mode": "aligned", "dataroot": "sides", "input_nc": 1, "fixed": True},
        {"dataset_mode": "single", "direction": "BtoA", "output_nc": 1, "input_nc": 1},
        {"paired_dataroot": ".", "flip": False},
        {"fixed": True, "load_size": 37, "crop_size": 36},
    ],
)
def test_a_cached_sample_is_the_sample_to_the_last_bit(
    paired: Callable[..., Path], cache: str, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masks, grey, pairs side by side, and pictures of odd sizes among the others."""
    monkeypatch.chdir(paired())
    ramp(9, 70, 51).save("trainA/001.png")
    Path("sides/train").mkdir(parents=True)
    for number in range(4):
        both = Image.fromarray(np.hstack([ramp(number), ramp(50 + number)]))
        both.resize((81 + number, 36)).save(f"sides/train/{number}.png")
    settings = replace(SMALL, **({"dataroot": "."} | how))
    uncached, stored = open_dataset(settings), cached(settings, cache)
    assert len(uncached) == len(stored)
    for epoch in (1, 2):  # the second one reads what the first one stored
        for index in range(len(uncached)):
            sample = sample_of(uncached, epoch, index)
            assert equal(sample, sample_of(stored, epoch, index))
            assert any(isinstance(value, torch.Tensor) for value in sample.values())


def test_memory_keeps_what_was_read(unpaired: Path, decoded: list[str]) -> None:
    dataset = cached(replace(SMALL, dataroot=str(unpaired)), "memory")
    assert decoded == []
    for epoch in range(9):
        for index in range(11):
            _ = dataset[epoch, index]
    assert len(decoded) == len(set(decoded)) == 11 + 7


def test_a_later_run_reads_only_what_is_new_or_changed(
    unpaired: Path, decoded: list[str], home: Path
) -> None:
    settings = replace(SMALL, dataroot=str(unpaired))
    cached(settings, "disk")
    assert len(decoded) == 18
    decoded.clear()
    cached(replace(settings, seed=3, crop_size=20, flip=False, max_dataset_size=5), "disk")
    assert decoded == []
    changed = unpaired / "trainA/004.png"
    ramp(99).save(changed)
    os.utime(changed, ns=(1, 1))
    fill(unpaired / "trainB", 1, first=200)
    stored = cached(settings, "disk")
    assert sorted(decoded) == ["004.png", "200.png"]
    assert equal(sample_of(stored, 1, 4), sample_of(open_dataset(settings), 1, 4))
    decoded.clear()
    cached(replace(settings, load_size=28), "disk")
    assert len(decoded) == 19 and len(list(home.iterdir())) == 4
    for path in (unpaired / "trainA").iterdir():
        os.utime(path, ns=(2, 2))
    before = {path.name for path in home.glob("trainA-24*/*.npy")}
    cached(settings, "disk")
    assert before.isdisjoint(path.name for path in home.glob("trainA-24*/*.npy"))  # of use to nobody now


def test_a_stopped_run_is_gone_on_with(
    tmp_path: Path, decoded: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(items: Iterable[Any], *_: Any) -> Iterator[Any]:
        for number, item in enumerate(items):
            if number == 8:
                raise KeyboardInterrupt
            yield item

    monkeypatch.setattr(stores, "SEGMENT", 3 * 24 * 24 * 3)
    images = CachedImages(open_domain("A", fill(tmp_path / "a", 20), (3,)), 24)
    with pytest.raises(KeyboardInterrupt):
        open_disk(images, home, 0, stopped)
    (folder,) = home.iterdir()
    left_by_a_kill(folder / "half.npy")
    (folder / "nothing.npy").write_bytes(b"and this before its index")
    decoded.clear()
    store = open_disk(images, home, 2, unseen)
    assert sorted(decoded) == [f"{n:03}.png" for n in range(6, 20)]
    assert len(list(folder.iterdir())) == 2 * (2 + 5)
    decoded.clear()
    for index in range(20):
        assert np.array_equal(store(index), np.asarray(ramp(index).resize((24, 24))))
    assert decoded == []


def test_two_runs_at_a_time_read_each_picture_once(
    tmp_path: Path, decoded: list[str], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = CachedImages(open_domain("A", fill(tmp_path / "a", 12), (3,)), 24)
    under_way, go_on = threading.Event(), threading.Event()
    done: list[folders.Store] = []

    def slow(items: Iterable[Any], *_: Any) -> Iterator[Any]:
        under_way.set()
        assert go_on.wait(20)
        yield from items

    first = threading.Thread(target=lambda: done.append(open_disk(images, home, 1, slow)))
    second = threading.Thread(target=lambda: done.append(open_disk(images, home, 1, unseen)))
    first.start()
    assert under_way.wait(20)
    second.start()
    while "another run" not in caplog.text and second.is_alive():
        second.join(0.01)
    go_on.set()
    first.join(20), second.join(20)
    assert len(done) == 2 and len(decoded) == 12
    assert np.array_equal(done[0](7), done[1](7))


def test_where_files_cannot_be_locked_a_run_goes_on(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    images = CachedImages(open_domain("A", fill(tmp_path / "a", 3), (3,)), 24)
    assert open_disk(images, home, 0, unseen)(2).shape == (24, 24, 3)


@pytest.mark.parametrize("harm", ["cut off", "index gone", "index no table", "another size"])
def test_a_damaged_file_is_made_again(tmp_path: Path, decoded: list[str], home: Path, harm: str) -> None:
    images = CachedImages(open_domain("A", fill(tmp_path / "a", 3), (3,)), 24)
    expected = open_disk(images, home, 0, unseen)(1).copy()
    (pictures,), (index,) = home.glob("*/*.npy"), home.glob("*/*.json")
    if harm == "cut off":
        cut_off(pictures)
    elif harm == "another size":
        np.save(pictures, np.zeros((3, 20, 24, 3), np.uint8))
    elif harm == "index gone":
        index.unlink()
    else:
        index.write_text("[1, 2, 3]")
    decoded.clear()
    assert np.array_equal(open_disk(images, home, 0, unseen)(1), expected)
    assert len(decoded) == 3
    decoded.clear()
    open_disk(images, home, 0, unseen)
    assert decoded == []


def test_an_unreadable_picture_is_tried_again_each_time(tmp_path: Path, home: Path) -> None:
    """It may have been a disk that was not there, and its owner may have mended it."""
    domain = open_domain("A", fill(tmp_path / "a", 20), (3,))
    whole = (tmp_path / "a/003.png").read_bytes()
    cut_off(tmp_path / "a/003.png")
    store = open_disk(CachedImages(domain, 24), home, 0, unseen)
    with pytest.raises(folders.UnreadablePicture, match="003"):
        store(3)
    (tmp_path / "a/003.png").write_bytes(whole)
    assert np.array_equal(store(3), np.asarray(ramp(3).resize((24, 24))))
    for number in (4, 5, 6):
        cut_off(tmp_path / f"a/{number:03}.png")
    with pytest.raises(UserError, match=r"3 of 20 pictures of .*a cannot be read"):
        open_disk(CachedImages(domain, 24), home, 0, unseen)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_readable_error(tmp_path: Path, home: Path) -> None:
    home.mkdir(parents=True)
    home.chmod(0o500)
    with pytest.raises(UserError, match="cannot write"):
        open_disk(CachedImages(open_domain("A", fill(tmp_path / "a", 3), (3,)), 24), home, 0, unseen)


@pytest.mark.parametrize(
    ("memory", "disk", "world_size", "where"),
    [
        (4000, 0, 1, "memory"),
        (3999, 2000, 1, "disk"),
        (4000, 2000, 2, "disk"),
        (8000, 0, 2, "memory"),
        (3999, 1999, 1, "none"),
        (None, 2000, 1, "disk"),
    ],
)
def test_auto_takes_memory_then_disk_then_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    memory: int | None,
    disk: int,
    world_size: int,
    where: str,
) -> None:
    monkeypatch.setattr("cyclegan_glasses.data.cache.free_memory", lambda: memory)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": disk}))
    assert _choose(1000, world_size, tmp_path) == where
    (tmp_path / "file").touch()
    assert _choose(1000, world_size, tmp_path / "file/below") == ("memory" if where == "memory" else "none")


def test_the_line_says_where_pictures_are(
    unpaired: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def line_for(**how: Any) -> str:
        settings = replace(SMALL, dataroot=str(unpaired), **how)
        return add_cache(open_dataset(settings), settings, 1, unseen)[1]

    monkeypatch.setattr("cyclegan_glasses.data.cache.free_memory", lambda: 1 << 30)
    assert "in memory" in line_for(cache="auto")
    assert str(home) in line_for(cache="disk")
    for how in ({"cache": "none"}, {"cache": "auto", "preprocess": "crop"}):
        assert "each time" in line_for(**how)
    monkeypatch.setattr("cyclegan_glasses.data.cache.free_memory", lambda: 0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0}))
    assert "no room" in line_for(cache="auto")
