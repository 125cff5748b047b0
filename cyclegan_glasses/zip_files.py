"""Zip files of others: opened only where their list of members fits into memory."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import BinaryIO

MEMBERS = 1_000_000
"""Most members of a zip; a thousand take about 0.6 MB."""
_ENTRY = b"PK\x01\x02"  # begins each member in the directory of a zip
_DIRECTORY_BYTES = 256 << 20


class TooManyMembers(zipfile.BadZipFile):
    """A zip that may be whole, but would take too much memory."""


class _Directory(io.BufferedIOBase):
    """Passes on what a zip reads of its file; a directory that is too long is refused before it is read."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most
        self.opening = True

    def read(self, size: int | None = -1) -> bytes:
        if not self.opening:
            return self._file.read(-1 if size is None else size)
        if size is not None and size > _DIRECTORY_BYTES:
            raise TooManyMembers("its list of members is too long")
        data = self._file.read(-1 if size is None else size)
        if data.count(_ENTRY) > self._most:
            raise TooManyMembers(f"it has more than {self._most} members")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


def open_zip(file: BinaryIO, most: int = MEMBERS) -> zipfile.ZipFile:
    """The zip in `file`, which stays open when the zip is closed.

    Raises:
        BadZipFile: it is none, is damaged, or has more than `most` members.
    """
    directory = _Directory(file, most)
    try:
        opened = zipfile.ZipFile(directory)
    except (ValueError, NotImplementedError, struct.error, OSError, EOFError) as error:
        raise zipfile.BadZipFile(f"it is damaged ({error})") from None
    directory.opening = False
    return opened
