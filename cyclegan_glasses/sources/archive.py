"""Zip files and folders read in place, through one small interface.

Nothing is unpacked: a member is opened by its name, within limits, and whoever writes it chooses the name of
the file. A zip is looked over when it is opened, so one that escapes its folder, or is a bomb, is refused
before anything is done with it. A folder is the person's own: links in it are followed.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, BinaryIO

from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.files import open_regular
from cyclegan_glasses.walk import EXTENSIONS, HIDDEN, is_hidden, pictures_of, report, stem_key, walk
from cyclegan_glasses.zip_files import TooManyMembers, open_zip

MEMBER_BYTES = 64 << 20
"""Limit of one member or picture that is read whole."""
TOTAL_BYTES = 4 << 40
"""Limit of all members of a zip together, unpacked."""
RATIO, FREE_BYTES = 200, 1 << 20
"""Most unpacked bytes for a packed one, of a member and of the whole zip; smaller members are free of it."""
_LINE = 1 << 20
_OTHER_KINDS = {"7z": b"7z\xbc\xaf", "RAR": b"Rar!", "gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ"}


class UnreadableError(UserError):
    """One member or picture cannot be read; the others may be fine."""


class Archive:
    """A folder, or as a subclass a zip, open for reading; closes with its `with` block.

    Names are POSIX paths below the root, whatever slashes the archive was written with; what is hidden
    (see `walk`) is left out.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folded: dict[str, str] | None = None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open of a folder."""

    def names(
        self, left_out: Counter[str] | None = None, enter: Callable[[str], bool] | None = None
    ) -> Iterator[str]:
        """Every member that is a plain file, one at a time: a folder sorted, an archive in its own order.

        Args:
            left_out, enter: see `walk.walk`.
        """
        return walk(self.path, left_out, enter=enter)

    def pictures(self, enter: Callable[[str], bool] | None = None) -> Iterator[str]:
        """The members whose name says that they are pictures; what is left out is reported at the end."""
        left_out: Counter[str] = Counter()
        yield from pictures_of(self.names(left_out, enter), left_out)
        report(self.path, left_out)

    def find(self, name: str) -> str | None:
        """The member called `name`: exactly, else with another picture suffix, else in any case."""
        name = name.replace("\\", "/")
        if escapes(name):
            return None
        for candidate in (name, *(_without_suffix(name) + suffix for suffix in sorted(EXTENSIONS))):
            if self._has(candidate):
                return candidate
        if self._folded is None:
            self._folded = {stem_key(known).casefold(): known for known in self.names()}
        return self._folded.get(stem_key(name).casefold())

    def origin(self, name: str) -> str:
        """Where a member comes from, as a manifest says it: `archive!member`, or the path in the folder."""
        file = self._file(name)
        return f"{self.path.as_posix()}!{name}" if file is None else file.as_posix()

    def content(self, name: str) -> Path | Callable[[], bytes]:
        """The member as a file that can be linked where it is one, else as a function that reads it."""
        return self._file(name) or (lambda: self.read(name))

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            UnreadableError: it is broken or larger than the limit.
        """
        with explained(self._unreadable(name)), self._open(name) as file:
            return _read_limited(file, self.origin(name))

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a UTF-8 text member, one at a time, without their ends.

        Raises:
            UserError: it is not UTF-8, or a line is longer than a megabyte.
        """
        with explained(self._unreadable(name)), self._open(name) as file:
            for number, raw in enumerate(iter(lambda: file.readline(_LINE), b""), 1):
                where = f"{self.origin(name)} line {number}"
                if len(raw) == _LINE:
                    raise UserError(f"{where} is longer than a megabyte: not the text expected")
                try:
                    yield raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    raise UserError(f"{where} is not UTF-8 text: save the file as UTF-8") from None

    def _unreadable(self, name: str) -> Callable[[Exception], UserError]:
        return lambda error: UnreadableError(
            f"cannot read {self.origin(name)} ({reason_of(error)}): is the archive whole?"
        )

    def _has(self, name: str) -> bool:
        return os.path.isfile(self.path / name)  # noqa: PTH113  # false for a name that no file can have

    def _file(self, name: str) -> Path | None:
        return self.path / name

    def _open(self, name: str) -> IO[bytes]:
        return open_regular(self.path / name)


class _Zip(Archive):
    def __init__(self, path: Path, file: BinaryIO) -> None:
        super().__init__(path)
        self._zip, self._packed = open_zip(file), file
        self._infos = _checked_members(path, self._zip.infolist())

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._packed.close()

    def names(
        self, left_out: Counter[str] | None = None, enter: Callable[[str], bool] | None = None
    ) -> Iterator[str]:
        left_out = Counter() if left_out is None else left_out
        for name in self._infos:
            folder = name.rpartition("/")[0]
            if is_hidden(name):
                left_out[HIDDEN] += 1
            elif enter is None or not folder or enter(folder):
                yield name

    def _has(self, name: str) -> bool:
        return name in self._infos

    def _file(self, name: str) -> None:
        return None

    def _open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._infos[name])


def open_archive(path: Path) -> Archive:
    """Open a folder or a zip.

    Raises:
        UserError: it is not there, neither of the two, encrypted, a bomb, or has a member that escapes.
    """
    path = Path(path)
    if path.is_dir():
        return Archive(path)
    try:
        file = open_regular(path)
    except FileNotFoundError:
        raise UserError(f"{path} is not there: give a folder or a zip") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {reason_of(error)}: give a folder or a zip") from None
    with ExitStack() as opened:
        opened.enter_context(file)
        start = file.read(4)
        for kind, magic in _OTHER_KINDS.items():
            if start.startswith(magic):
                raise UserError(f"{path} is packed with {kind}, not a zip: unpack it and give the folder")
        try:
            archive = _Zip(path, file)
        except TooManyMembers as error:
            raise UserError(f"{path}: {error}: unpack it and give the folder") from None
        except zipfile.BadZipFile:
            raise UserError(
                f"{path} is not a zip, or only a part of one: download it again, or give a folder"
            ) from None
        opened.pop_all()
        return archive


def escapes(name: str) -> bool:
    """Whether a member's name (with forward slashes) would lead out of its folder."""
    return name.startswith("/") or re.match(r"[A-Za-z]:", name) is not None or ".." in name.split("/")


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
        with open_regular(content) as file:
            return _read_limited(file, str(content))
    except OSError as error:
        raise UnreadableError(f"cannot read {content}: {reason_of(error)}") from None


def _checked_members(path: Path, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by name, none of which escapes or is a bomb."""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.replace("\\", "/")
        if escapes(name) or stat.S_ISLNK(info.external_attr >> 16):
            raise UserError(
                f"{path} has a member that leads out of its folder ({name!r}): refused, get it elsewhere"
            )
        if info.flag_bits & 1:
            raise UserError(f"{path} is encrypted: unpack it with its password and give the folder")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"{path} is packed by a rare method: unpack it and give the folder")
        if info.file_size > max(FREE_BYTES, RATIO * info.compress_size):
            size = f"{info.file_size >> 20} MB ({name!r})"
            raise UserError(f"{path} has a member that unpacks to {size}: refused as a zip bomb")
        if not name.endswith("/"):
            members[name] = info
    total, packed = sum(info.file_size for info in infos), path.stat().st_size
    if total > min(TOTAL_BYTES, RATIO * packed + FREE_BYTES):
        raise UserError(
            f"{path} would unpack to {total >> 20} MB from {packed >> 20} MB: refused as a zip bomb"
        )
    return members


def _read_limited(file: IO[bytes], name: str) -> bytes:
    data = file.read(MEMBER_BYTES + 1)
    if len(data) > MEMBER_BYTES:
        raise UnreadableError(f"{name} is larger than {MEMBER_BYTES >> 20} MB: left out")
    return data


def _without_suffix(name: str) -> str:
    return re.sub(r"\.[^./]+$", "", name)
