"""What a machine has: without this a run takes more than its container may have, and is killed."""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.mark.skipif(machine._glibc() is None, reason="another C library")
def test_freed_memory_goes_back_to_the_system() -> None:
    """In a process of its own, whose allocator has not seen other tests."""
    code = """
from pathlib import Path
from cyclegan_glasses.machine import trim_memory
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096
blocks = [bytearray(50_000) for _ in range(2_000)]
last = bytearray(50_000)
del blocks
before = resident()
trim_memory()
print(before - resident())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 50_000_000


def test_only_the_cores_that_the_process_may_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container or under taskset more processes only wait for each other."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert machine.cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert machine.cores() == 5
