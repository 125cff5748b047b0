"""Files written whole or not at all, and files of others read within limits.

Whoever reads a file that someone else may have made opens it by `open_regular`, and takes a path that stands
in a file through `inside`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import IO, Any, BinaryIO

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.temporary import temporary_for

JSON_BYTES = 16 << 20
"""Limit of a JSON file that is read whole; objects in memory take up to twenty times as much."""
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def cache_folder() -> Path:
    """The person's folder for what can be made again: `$XDG_CACHE_HOME/cyclegan_glasses` or `~/.cache/…`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cyclegan_glasses"


def leads_outside(path: str) -> bool:
    """Whether a path that stands in a file is none below a folder: absolute, with `..` or a drive, or empty.

    Links are no matter of the path: those in a folder were set by whoever made the folder.
    """
    if not path or "\0" in path:
        return True
    if ".." not in path and path[0] not in "/\\" and path[1:2] != ":":
        return False  # nearly every path, at a tenth of the time
    taken_apart = PurePath(path)
    return bool(taken_apart.anchor) or ".." in taken_apart.parts


def inside(folder: Path, path: str) -> Path:
    """`folder / path`, where `path` came from a file.

    Raises:
        UserError: it would lead out of the folder (see `leads_outside`).
    """
    if leads_outside(path):
        raise UserError(f"{path!r} is no path below {folder}: whoever wrote that file is not to be trusted")
    return folder / path


def real_path(path: Path) -> Path:
    """`path` without links, absolute; with those that lead in a circle, where `Path.resolve` fails."""
    return Path(os.path.realpath(path))


def open_regular(path: Path | str, most: int | None = None) -> BinaryIO:
    """Open a file of others for reading; never waits, as for a pipe, and never reads without end.

    Args:
        most: bytes that it may have.

    Raises:
        OSError: it is not there, cannot be read, is a pipe, a device or a folder, or is too large;
            `strerror` says which.
    """
    try:
        file = open(path, "rb", opener=_open_without_waiting)  # noqa: SIM115  # the caller closes it
    except ValueError:  # a null byte, or a character that no name can have
        raise OSError(errno.EINVAL, "not a name that a file can have", str(path)) from None
    try:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a special file")
            raise OSError(errno.EINVAL, f"{kind}, not a regular file", str(path))
        if most is not None and found.st_size > most:
            raise _too_large(path, most)
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: Path | str, most: int) -> bytes:
    """The bytes of a file of others, at most `most`; errors as of `open_regular`."""
    with open_regular(path, most) as file:
        data = file.read(most + 1)
    if len(data) > most:  # it has grown since, or does not say its size
        raise _too_large(path, most)
    return data


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text that someone else may have written.

    Raises:
        ValueError: it is none, not UTF-8, nested too deeply or with a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(path: Path | str, most: int = JSON_BYTES) -> Any:
    """The value of a JSON file of at most `most` bytes.

    Raises:
        OSError: as of `open_regular`.
        ValueError: as of `parse_json`.
    """
    return parse_json(read_regular(path, most))


@contextmanager
def atomic_write(path: Path, mode: str = "wb", sync: bool = True) -> Iterator[IO[Any]]:
    """Open a temporary neighbour of `path` for writing; it takes the place of `path` if the block ends well.

    Without `sync` it is not waited for until the disk has it: for many files that can be made again.

    When the block fails nothing is left behind and an earlier `path` stays whole; what a kill leaves goes
    with the next write to the folder (`temporary`).

    Raises:
        UserError: no space is left, or the folder cannot be written.
    """
    path = Path(path)
    temporary = temporary_for(path)
    try:
        # A name that is no text keeps its bytes as escapes, which JSON reads back as they were.
        encoding, errors = (None, None) if "b" in mode else ("utf-8", "backslashreplace")
        with temporary.open(mode, encoding=encoding, errors=errors) as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _explain(error, path) from error
    finally:
        with suppress(OSError):  # a read-only disk, or a name that was too long, had none
            temporary.unlink()


def link_or_copy(source: Path, target: Path) -> None:
    """Put `source` in the place of `target`: as a hard link where the disk allows it, else as a copy.

    Raises:
        UserError: it cannot be written, or `source` is no regular file.
    """
    make_folder(target.parent)
    temporary = temporary_for(target)
    try:
        file = open_regular(source)
    except OSError as error:
        raise UserError(f"cannot read {source} for {target}: {reason_of(error)}") from None
    try:
        temporary.hardlink_to(real_path(source))
        temporary.replace(target)
    except OSError:  # another disk, or one without links
        with atomic_write(target) as copy:
            shutil.copyfileobj(file, copy)
    finally:
        file.close()
        with suppress(OSError):
            temporary.unlink()  # stays when both were the same file already


def make_folder(path: Path) -> Path:
    """Create `path` with its parents.

    Raises:
        UserError: it cannot be created.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explain(error, path) from error
    return Path(path)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 `text` to `path` atomically."""
    with atomic_write(path, "w") as file:
        file.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path` atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of the file's bytes."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _too_large(path: Path | str, most: int) -> OSError:
    size = f"{most >> 20} MB" if most >= 1 << 20 else f"{most} bytes"
    return OSError(errno.EFBIG, f"larger than {size}", str(path))


def _explain(error: OSError, path: Path) -> UserError:
    if error.errno == errno.ENOSPC:
        return UserError(f"no space is left to write {path}: free some, or choose another folder")
    return UserError(f"cannot write {path}: {reason_of(error)}")
