"""A pipe, a device or a folder in the place of a file is one line, at once: eight readers waited for ever."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.google import GoogleSearch
from tests.fuzz.readers import READERS, Reader

#: Those that read the bytes themselves, for a reader that takes text.
TEXTS = ("annotations", "web pages", "answers of services", "JSON")
BY_PATH = [
    *(reader for reader in READERS if reader.name not in TEXTS),
    Reader("saved pages", lambda: [], lambda path: [*GoogleSearch("q", (path,)).results(None)]),  # type: ignore
]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """A reader that waits fails its test instead of holding all of them up."""

    def stop(*_: object) -> None:
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [pipe, device, folder])
@pytest.mark.parametrize("reader", BY_PATH, ids=lambda reader: reader.name)
def test_what_is_no_file_is_not_waited_for(reader: Reader, make, tmp_path) -> None:
    make(tmp_path / reader.file)
    try:
        reader.read(tmp_path / reader.file)
    except UserError as error:
        assert "\n" not in str(error)
