"""One process at a time in a folder that is written to.

The lock is the operating system's, on the file `.lock` in the folder (`filelock`): it goes with the process
that has it, however that ends, so a kill blocks nobody. Beside it `.lock.json` says who has it. Over NFS it
holds between machines unless it is mounted with `nolock`. Where a file system has no locks a warning says so.
"""

from __future__ import annotations

import errno
import logging
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import make_folder, read_json, write_json
from cyclegan_glasses.temporary import is_running, machine

LOCK = ".lock"
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_LONGEST_COMMAND, _MOMENT = 80, 10.0
logger = logging.getLogger(__name__)


@contextmanager
def folder_lock(folder: Path, file: Path | None = None) -> Iterator[None]:
    """Have `folder` alone, as long as the block lasts. It is made where it is missing, and removed in the end
    where nothing was put into it.

    Args:
        file: the file that is locked, where it cannot lie in the folder.

    Raises:
        UserError: another process has the folder (the message names it), or it cannot be written to.
    """
    file = Path(folder) / LOCK if file is None else file
    made = [parent for parent in file.parents if not parent.exists()]
    make_folder(file.parent)
    try:
        owner = file.with_name(f"{file.name}.json")
        with file_lock(file, lambda: _wait_for(owner, folder)):
            write_json(owner, _this_process())
            try:
                yield
            finally:
                owner.unlink(missing_ok=True)
    finally:
        with suppress(OSError):  # the first that holds anything ends it
            for parent in made:
                parent.rmdir()


@contextmanager
def file_lock(file: Path, taken: Callable[[], float]) -> Iterator[None]:
    """Hold the lock on `file`, which is there as long as the block lasts.

    Args:
        taken: called where another process has it; says how many seconds to wait for it, below 0 for ever,
            or raises.

    Raises:
        UserError: it was waited for in vain, or the file cannot be written. Where the file system has no
            locks there is a warning.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(file)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            lock.acquire(timeout=taken())
    except Timeout:
        raise UserError(f"{file} is held by another process: wait until that ends, or end it") from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise UserError(f"cannot lock {file}: {reason_of(error)}") from None
        logger.warning(
            "%s cannot be locked (%s): let no other process write there", file.parent, reason_of(error)
        )
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps an open file; it does no harm
            file.unlink()
        lock.release()


def _this_process() -> dict[str, object]:
    argv = [Path(sys.argv[0]).name, *sys.argv[1:]]
    return {
        "process": os.getpid(),
        "machine": machine(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": shlex.join(argv)[:_LONGEST_COMMAND],
    }


def _wait_for(owner: Path, folder: Path) -> float:
    """Refuse, but for a process that is dead: what it started may hold the lock for a moment longer."""
    who = "another process"
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = read_json(owner, 1 << 16)
        here = told["machine"] == machine()
        if here and not is_running(int(told["process"])):
            return _MOMENT
        place = "" if here else f" on {told['host']}"
        who = f"process {told['process']}{place} ({told['command']}, since {told['since']})"
    raise UserError(f"{folder} is in use by {who}: wait until that ends, end it, or take another folder")
