"""Memory and processor cores that this process may use, and the packages that are there."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError

CPUINFO, MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")
#: The most that a container or a batch job may take, in both generations of Linux' cgroups.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def free_memory() -> int | None:
    """Bytes that programs can still allocate, at most a container's limit; None where it is not known."""
    try:
        available = re.search(r"^MemAvailable:\s*(\d+) kB", MEMINFO.read_text(), re.MULTILINE)
    except OSError:
        return None
    limits = [int(available[1]) * 1024] if available else []
    for file in LIMITS:
        try:
            limits.append(int(file.read_text()))
        except (OSError, ValueError):  # no such file, or `max`: no limit
            continue
    return min(limits, default=None)


def trim_memory() -> None:
    """Return freed memory to the system. glibc keeps it, in blocks that larger tensors do not fit into; under
    another C library nothing happens."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None


def cores() -> int:
    """How many processor cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def processor() -> str:
    """The name of the processor."""
    return _cpu_fact("model name") or platform.processor() or platform.machine()


def instructions() -> str:
    """The instruction sets of the processor, as Linux lists them; empty elsewhere."""
    return _cpu_fact("flags|Features")


def _cpu_fact(names: str) -> str:
    """What Linux says of the first processor under one of `names`; empty elsewhere."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(rf"^(?:{names})\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def threads() -> int:
    """How many threads a network computes with: what `OMP_NUM_THREADS` says, else one for each core."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(asked)) if asked.isdecimal() else cores()


def optional(module: str, extra: str, needed: str = "") -> Any:
    """A module of a package that only the installation with `extra` is sure to have.

    Raises:
        UserError: it is not there; says what `needed` it, and how to get it.
    """
    try:
        return import_module(module)
    except ImportError:
        needed = needed or f"{module} is not installed"
        raise UserError(f"{needed}: pip install 'cyclegan-glasses[{extra}]'") from None
