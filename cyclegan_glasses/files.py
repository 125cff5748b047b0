"""Files written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from cyclegan_glasses.errors import UserError


@contextmanager
def atomic_write(path: Path, mode: str = "wb", sync: bool = True) -> Iterator[IO[Any]]:
    """Open a temporary neighbour of `path` for writing; it takes the place of `path` if the block ends well.

    Without `sync` it is not waited for until the disk has it: for many files that can be made again.

    When the block fails nothing is left behind and an earlier `path` stays whole.

    Raises:
        UserError: no space is left, or the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open(mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _explain(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Put `source` in the place of `target`: as a hard link where the disk allows it, else as a copy.

    Raises:
        UserError: it cannot be written.
    """
    make_folder(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.hardlink_to(source.resolve())
        temporary.replace(target)
    except OSError:  # another disk, or one without links
        with atomic_write(target) as copy, source.open("rb") as file:
            shutil.copyfileobj(file, copy)
    finally:
        temporary.unlink(missing_ok=True)  # stays when both were the same file already


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
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _explain(error: OSError, path: Path) -> UserError:
    if error.errno == errno.ENOSPC:
        return UserError(f"no space is left to write {path}: free some, or choose another folder")
    return UserError(f"cannot write {path}: {error.strerror or error}")
