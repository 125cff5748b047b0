"""What this process may use of the machine: memory and cores."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

MEMINFO = Path("/proc/meminfo")
#: The most that a container or a batch job may take, in both generations of Linux' cgroups.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def free_memory() -> int | None:
    """Bytes that programs can still have, never more than a container's limit; None where nobody tells."""
    try:
        found = re.search(r"^MemAvailable:\s*(\d+) kB", MEMINFO.read_text(), re.MULTILINE)
    except OSError:
        return None
    rooms = [int(found.group(1)) * 1024] if found else []
    for limit in LIMITS:
        try:
            rooms.append(int(limit.read_text()))
        except (OSError, ValueError):  # not there, or `max`: no limit
            continue
    return min(rooms, default=None)


def trim_memory() -> None:
    """Hand memory that was freed back to the system: glibc keeps it, in pieces that larger tensors do not
    fit. Nothing happens under another C library."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None


def cores() -> int:
    """How many this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
