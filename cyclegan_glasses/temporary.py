"""Where a file is written before it takes its place, and what kills left there.

    .photo.png.1f0c9a4e-4711-8d3c0.tmp    written for photo.png by process 4711 of one machine

A process that is killed cannot remove its temporary files. The first one to write to a folder after it does:
they are known by their names, which tell the process, and are removed once it is dead.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

LONGEST_NAME = 255
"""Bytes of a file's name that file systems allow."""
OF_ANOTHER_MACHINE = 86_400.0
"""Seconds after which a file that a process of another machine no longer writes to is a leftover."""
_NAME = re.compile(r"\..*\.([0-9a-f]{8})-([0-9]+)-([0-9a-f]{4})[0-9]+\.tmp", re.DOTALL)
_START = secrets.token_hex(2)  # tells this process from an earlier one of its number, as in containers
_count = itertools.count()
_swept = set[str]()


def temporary_for(path: Path) -> Path:
    """A name beside `path` that no other thread, process or machine takes, of at most `LONGEST_NAME` bytes.

    The first time that this process asks for one in a folder, leftovers there are removed (`sweep`).
    """
    if (folder := os.fspath(path.parent)) not in _swept:
        _swept.add(folder)
        sweep(path.parent)
    tail = f".{machine()}-{os.getpid()}-{_START}{next(_count)}.tmp"
    name = path.name
    if len(encoded := os.fsencode(name)) + len(tail) >= LONGEST_NAME:
        name = hashlib.sha256(encoded).hexdigest()
    return path.with_name(f".{name}{tail}")


def sweep(folder: Path) -> None:
    """Remove the temporary files in `folder` whose processes are dead; nothing else, and none below it.

    Whether a process of another machine is dead cannot be known here: its files go a day after their last
    change.
    """
    for entry in leftovers(folder):
        with suppress(OSError):
            os.unlink(entry.path)  # noqa: PTH108


def leftovers(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The temporary files and folders in `folder` whose processes are dead; none below it."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (found := _NAME.fullmatch(entry.name)) and _is_leftover(entry, *found.groups()):
                yield entry


def is_temporary(name: str) -> bool:
    """Whether `name` is one that `temporary_for` gives, in this or another process."""
    return _NAME.fullmatch(name) is not None


@cache
def machine() -> str:
    """Eight digits for the machine, or the container, within which process numbers are told apart."""
    try:
        space = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
    except OSError:
        space = 0
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]


def is_running(process: int) -> bool:
    """Whether there is a process of this number on this machine; yes where that cannot be known."""
    if os.name == "nt":  # there `os.kill` with 0 is no question
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it belongs to somebody else
        pass
    return True


def _is_leftover(entry: os.DirEntry[str], where: str, process: str, start: str) -> bool:
    if where == machine():
        earlier = int(process) == os.getpid() and start != _START
        return earlier or not is_running(int(process))
    with suppress(OSError):
        return entry.stat(follow_symlinks=False).st_mtime < time.time() - OF_ANOTHER_MACHINE
    return False
