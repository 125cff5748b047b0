"""Small data sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.drawing import fill


@pytest.fixture
def unpaired(tmp_path: Path) -> Path:
    """11 pictures of A, 7 of B, under different names."""
    fill(tmp_path / "trainA", 11)
    fill(tmp_path / "trainB", 7, first=100)
    return tmp_path


@pytest.fixture
def paired(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes 5 pairs with masks for a phase; A, B and the mask show the same ramp."""

    def make(phase: str = "train") -> Path:
        for name in "ABM":
            fill(tmp_path / f"{phase}{name}", 5)
        return tmp_path

    return make
