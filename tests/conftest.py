"""What every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# Tests are tiny: more threads only wait for each other. Commands that tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

# The same cases in every run: only a change breaks the suite. HYPOTHESIS_PROFILE=explore draws others.
# No deadline: a machine that has much to do is no reason to fail.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

# A shell runs its background with Ctrl-C ignored, which commands that tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: a long one at the end would leave the other process without work."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference numbers and photographs that is not part of the project."""
    folder = Path(os.environ.get("GLASSES_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: set GLASSES_SHARED to the folder of reference data")
    return folder


@pytest.fixture
def float64() -> Iterator[None]:
    """Networks and pictures in float64, where two ways to compute one thing agree to about 1e-14.

    In float32 they agree to what the processor's rounding leaves of them, and Adam enlarges that: it takes a
    full step along a gradient that is nothing but rounding.
    """
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """One thread for torch, so that numbers repeat."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands work in this process where they would start one for each core, which imports for seconds."""
    monkeypatch.setattr("cyclegan_glasses.parallel.cores", lambda: 1)
