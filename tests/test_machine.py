"""Without these a run takes more memory than its container may have, and is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyclegan_glasses import machine


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("1000000", 1_000_000), ("max", 2048 * 1024), ("9223372036854771712", 2048 * 1024)],
)
def test_free_memory_is_never_more_than_a_containers_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, expected: int
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9999 kB\nMemAvailable:    2048 kB\n")
    (tmp_path / "limit").write_text(f"{limit}\n")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "LIMITS", (tmp_path / "absent", tmp_path / "limit"))
    assert machine.free_memory() == expected
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "absent")
    assert machine.free_memory() is None
