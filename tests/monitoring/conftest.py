"""A run that is made up: reports, drawn pictures, and a place for a Visdom server."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cyclegan_glasses.training.progress import Progress, Run

NAMES = ("D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B")
LABELS = ("real_A", "fake_B", "rec_A", "idt_B", "real_B", "fake_A", "rec_B", "idt_A")


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """A run in a folder of its own, by name."""

    def make(name: str = "demo", *, step: int = 0, resumed: bool = False) -> Run:
        folder = tmp_path / "checkpoints" / name
        folder.mkdir(parents=True, exist_ok=True)
        options = {"lr": 0.0002, "netG": "resnet_9blocks", "preset": "<script>alert(1)</script>"}
        return Run(name, folder, options, NAMES, epochs=10, resumed=resumed, step=step)

    return make


@pytest.fixture
def at() -> Callable[[int], Progress]:
    """Where the run stands after a number of steps of one picture, 1,000 pictures an epoch."""

    def make(step: int) -> Progress:
        epoch, pictures = divmod(step - 1, 1000)
        return Progress(epoch + 1, pictures + 1, 1000, step, step, 0.0002, 0.1234, 0.0016, 8.1, 4000.0)

    return make


def losses(step: int) -> dict[str, float]:
    """Eight losses that fall."""
    return {name: (index + 1) / (1 + step / 1000) for index, name in enumerate(NAMES)}


def pictures(shade: int = 0, size: int = 32) -> dict[str, np.ndarray]:
    """Eight gradients with a disc, told apart by their green."""
    y, x = np.mgrid[0:size, 0:size]
    disc = (x - size / 2) ** 2 + (y - size / 2) ** 2 < size * size / 9
    drawn = {}
    for index, label in enumerate(LABELS):
        picture = np.stack([x * 255 // size, np.full_like(x, 30 * index), y * 255 // size], axis=-1)
        picture[disc] = (shade, 30 * index, 255 - shade)
        drawn[label] = picture.astype(np.uint8)
    return drawn


def wait_for(condition: Callable[[], object], seconds: float = 150.0) -> bool:
    """Whether `condition` comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            if condition():
                return True
        time.sleep(0.05)
    return False


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kill_server(home: Path) -> None:
    """Kill the Visdom servers whose process numbers are in `home`."""
    for path in (home / ".visdom").glob("server-*.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGKILL)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder; servers that were started from it are killed at the end."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    yield folder
    kill_server(folder)
