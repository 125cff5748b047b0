"""Zip files and folders read in place, through one small interface.

Nothing is unpacked: a member is opened by its name, within limits, and whoever writes it chooses the name of
the file. A zip is looked over when it is opened, so one that escapes its folder, or is a bomb, is refused
before anything is done with it. A folder is the person's own: links in it are followed.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeVar

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.walk import EXTENSIONS, is_hidden, is_picture, place_key, report, walk

_LINE = 1 << 20
_OTHER_KINDS = {"7z": b"7z\xbc\xaf", "RAR": b"Rar!", "gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ"}

T = TypeVar("T")


class UnreadableError(UserError):
    """One member or picture cannot be read; the others may be fine."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may cost.

    Attributes:
        member_bytes: of one member that is read whole.
        total_bytes: of all members of an archive together, unpacked.
        ratio: unpacked to packed bytes, of a member and of the whole archive.
        free_bytes: members below this size are not held to the ratio.
    """

    member_bytes: int = 64 << 20
    total_bytes: int = 4 << 40
    ratio: int = 200
    free_bytes: int = 1 << 20


class _Backend(Protocol):
    def names(self) -> Iterator[str]: ...

    def has(self, name: str) -> bool: ...

    def open(self, name: str) -> IO[bytes]: ...

    def file(self, name: str) -> Path | None: ...

    def close(self) -> None: ...


class Archive:
    """A zip or a folder, open for reading; closes with its `with` block.

    Names are POSIX paths below the root, whatever slashes the archive was written with; what is hidden
    (see `walk`) is left out.
    """

    def __init__(self, path: Path, backend: _Backend, limits: Limits) -> None:
        self.path, self._backend, self._limits = path, backend, limits
        self._folded: dict[str, str] | None = None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.close()

    def names(self) -> Iterator[str]:
        """Every member that is a plain file, one at a time: a folder sorted, an archive in its own order."""
        return (name for name in self._backend.names() if not is_hidden(name))

    def pictures(self) -> Iterator[str]:
        """The members whose name says that they are pictures."""
        return (name for name in self.names() if is_picture(name))

    def find(self, name: str) -> str | None:
        """The member called `name`: exactly, else with another picture suffix, else in any case."""
        name = name.replace("\\", "/")
        if escapes(name):
            return None
        for candidate in (name, *(_without_suffix(name) + suffix for suffix in sorted(EXTENSIONS))):
            if self._backend.has(candidate):
                return candidate
        if self._folded is None:
            self._folded = {_fold(known): known for known in self.names()}
        return self._folded.get(_fold(name))

    def origin(self, name: str) -> str:
        """Where a member comes from, as a manifest says it: `archive!member`, or the path in the folder."""
        file = self._backend.file(name)
        text = f"{self.path.as_posix()}!{name}" if file is None else file.as_posix()
        return text.encode("utf-8", "replace").decode()  # a name of a file need not be text

    def content(self, name: str) -> Path | Callable[[], bytes]:
        """The member as a file that can be linked where it is one, else as a function that reads it."""
        return self._backend.file(name) or (lambda: self.read(name))

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            UnreadableError: it is broken or larger than the limit.
        """
        with self._open(name) as file:
            return read_limited(file, self._limits.member_bytes, self.origin(name))

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a UTF-8 text member, one at a time, without their ends.

        Raises:
            UserError: it is not UTF-8, or a line is longer than a megabyte.
        """
        number = 0
        with self._open(name) as file:
            while raw := _guarded(lambda: file.readline(_LINE), self.origin(name)):
                number += 1
                if len(raw) == _LINE:
                    raise UserError(
                        f"{self.origin(name)} line {number} is longer than a megabyte: not the text expected"
                    )
                try:
                    yield raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    raise UserError(
                        f"{self.origin(name)} line {number} is not UTF-8 text: save the file as UTF-8"
                    ) from None

    def _open(self, name: str) -> IO[bytes]:
        return _guarded(lambda: self._backend.open(name), self.origin(name))


def open_archive(path: Path, limits: Limits | None = None) -> Archive:
    """Open a folder or a zip.

    Raises:
        UserError: it is not there, neither of the two, encrypted, a bomb, or has a member that escapes.
    """
    path, limits = Path(path), limits or Limits()
    if path.is_dir():
        return Archive(path, _Folder(path), limits)
    try:
        with path.open("rb") as file:
            start = file.read(4)
        for kind, magic in _OTHER_KINDS.items():
            if start.startswith(magic):
                raise UserError(f"{path} is packed with {kind}, not a zip: unpack it and give the folder")
        return Archive(path, _Zip(path, limits), limits)
    except FileNotFoundError:
        raise UserError(f"{path} is not there: give a folder or a zip") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        raise UserError(
            f"{path} is not a zip, or only a part of one: download it again, or give a folder"
        ) from None


def escapes(name: str) -> bool:
    """Whether a member's name (with forward slashes) would lead out of its folder."""
    return name.startswith("/") or re.match(r"[A-Za-z]:", name) is not None or ".." in name.split("/")


def read_limited(file: IO[bytes], limit: int, name: str) -> bytes:
    """At most `limit` bytes of an open file.

    Raises:
        UnreadableError: there are more, or it is broken.
    """
    data = _guarded(lambda: file.read(limit + 1), name)
    if len(data) > limit:
        raise UnreadableError(f"{name} is larger than {limit >> 20} MB: left out")
    return data


def read_content(content: bytes | Path | Callable[[], bytes]) -> bytes:
    """The bytes of what a source offers.

    Raises:
        UnreadableError: broken, not there any more, or above the limit of a member.
    """
    if isinstance(content, bytes):
        return content
    if not isinstance(content, Path):
        return content()
    try:
        with content.open("rb") as file:
            return read_limited(file, Limits().member_bytes, str(content))
    except OSError as error:
        raise UnreadableError(f"cannot read {content}: {error.strerror}") from None


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Iterator[str]:
        left_out: Counter[str] = Counter()
        yield from walk(self._path, left_out)
        report(self._path, left_out)

    def has(self, name: str) -> bool:
        return os.path.isfile(self._path / name)  # noqa: PTH113  # false for a name that no file can have

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")

    def file(self, name: str) -> Path | None:
        return self._path / name

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path, limits: Limits) -> None:
        self._zip = zipfile.ZipFile(path)
        try:
            self._infos: dict[str, zipfile.ZipInfo] = {}
            total = 0
            for info in self._zip.infolist():
                name = info.filename.replace("\\", "/")
                total += info.file_size
                _check_zip_member(path, name, info, limits)
                if not name.endswith("/"):
                    self._infos[name] = info
            packed = path.stat().st_size
            if total > limits.total_bytes or total > limits.ratio * packed + limits.free_bytes:
                raise UserError(
                    f"{path} would unpack to {total >> 20} MB from {packed >> 20} MB: refused as a zip bomb"
                )
        except BaseException:
            self._zip.close()
            raise

    def names(self) -> Iterator[str]:
        return iter(self._infos)

    def has(self, name: str) -> bool:
        return name in self._infos

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._infos[name])

    def file(self, name: str) -> Path | None:
        return None

    def close(self) -> None:
        self._zip.close()


def _check_zip_member(path: Path, name: str, info: zipfile.ZipInfo, limits: Limits) -> None:
    if escapes(name) or stat.S_ISLNK(info.external_attr >> 16):
        raise UserError(
            f"{path} has a member that leads out of its folder ({name!r}): refused, get it elsewhere"
        )
    if info.flag_bits & 1:
        raise UserError(f"{path} is encrypted: unpack it with its password and give the folder")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UserError(f"{path} is packed by a rare method: unpack it and give the folder")
    if info.file_size > max(limits.free_bytes, limits.ratio * info.compress_size):
        raise UserError(
            f"{path} has a member that unpacks to {info.file_size >> 20} MB ({name!r}): refused as a zip bomb"
        )


def _fold(name: str) -> str:
    return place_key(_without_suffix(name))


def _without_suffix(name: str) -> str:
    return re.sub(r"\.[^./]+$", "", name)


def _guarded(action: Callable[[], T], name: str) -> T:
    try:
        return action()
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableError(f"cannot read {name} ({error}): is the archive whole?") from None
