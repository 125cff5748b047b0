"""A folder that fetched photos are kept in: pictures, manifest rows, and a log of every address.

For each picture the file is written first, atomically, then its row in the manifest, then its line in
`fetched.jsonl`. A kill between two of these costs one download and leaves nothing double or torn: files are
named after their content, and a row is one write.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from pathlib import Path

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import atomic_write, make_folder, sha256_of
from cyclegan_glasses.photo import MANIFEST, Photo, append_photos, latest_photos
from cyclegan_glasses.sources.fetch.result import FAILED, OK, REFUSED, Fetched
from cyclegan_glasses.sources.found import Found
from cyclegan_glasses.sources.settings import GatherSettings

_log = logging.getLogger(__name__)
LOG = "fetched.jsonl"
PICTURES = "photos"
DUPLICATE = "duplicate"
_NAME_LENGTH = 24
_TEMPORARY = re.compile(rf"\.[0-9a-f]{{{_NAME_LENGTH}}}\.(?:jpg|png|webp)\.(\d+)\.tmp")


class Store:
    """A folder of photos that grows: which addresses and which contents it has, and how to add one."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.source = Path(folder), source
        self._pictures = self.folder / PICTURES
        self._status: dict[str, str] = _read_log(self.folder / LOG)
        self._path_of: dict[str, str] = {}
        if (self.folder / MANIFEST).exists():
            for photo in latest_photos(self.folder).values():
                self._status[photo.origin] = OK
                self._path_of[photo.sha256] = photo.path
        _remove_leftovers(self._pictures)

    def status(self, found: Found) -> str:
        """What became of this address in this or an earlier run; empty when it is new."""
        return self._status.get(origin_of(found.address), "")

    def add(self, found: Found, fetched: Fetched, settings: GatherSettings) -> str:
        """Keep what was fetched and say what became of it: `ok`, `duplicate`, `failed` or `refused`."""
        origin, status, path = origin_of(found.address), fetched.status, ""
        if status == OK and fetched.sha256 in self._path_of:
            status, path = DUPLICATE, self._path_of[fetched.sha256]
        elif status == OK:
            path = self._write(fetched)
            facts = {**found.facts, "query": settings.query}
            if fetched.final != found.address and fetched.final:
                facts["fetched_from"] = fetched.final
            photo = Photo(
                path, source=self.source, origin=origin, licence=found.licence, author=found.author,
                label=settings.label, sha256=fetched.sha256, width=fetched.width, height=fetched.height,
                facts=facts,
            )  # fmt: skip
            append_photos(self.folder, [photo])
            self._path_of[fetched.sha256] = path
        self._status[origin] = status
        row = {
            "origin": origin, "status": status, "error": fetched.error, "reason": fetched.reason,
            "http": fetched.http, "sha256": fetched.sha256, "size": fetched.size, "path": path,
        }  # fmt: skip
        _append_line(
            make_folder(self.folder) / LOG,
            {"version": 1, **{name: value for name, value in row.items() if value}},
        )
        return status

    def _write(self, fetched: Fetched) -> str:
        name = f"{fetched.sha256[:_NAME_LENGTH]}.{fetched.extension}"
        path = make_folder(self._pictures) / name
        if not path.exists() or sha256_of(path) != fetched.sha256:
            with atomic_write(path) as file:
                file.write(fetched.content)
        return f"{PICTURES}/{name}"


def origin_of(address: str) -> str:
    """How an address stands in the manifest: as it is; a `data:` address by its hash."""
    return (
        f"data:sha256,{hashlib.sha256(address.encode()).hexdigest()}"
        if address.startswith("data:")
        else address
    )


def _read_log(path: Path) -> dict[str, str]:
    """The last status of each address; a line that a kill tore counts for nothing."""
    status: dict[str, str] = {}
    if not path.exists():
        return status
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    row = json.loads(line)
                    if row["status"] in (DUPLICATE, FAILED, REFUSED):
                        status[str(row["origin"])] = row["status"]
                except (ValueError, KeyError, TypeError, RecursionError):
                    _log.warning("%s has a line that cannot be read; it is passed over", path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    return status


def _append_line(path: Path, row: dict[str, object]) -> None:
    line = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")
    try:
        with path.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None


def _remove_leftovers(folder: Path) -> None:
    """Remove the unfinished files of a crawl that was killed."""
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _TEMPORARY.fullmatch(path.name)
        if match and not _alive(int(match[1])):
            path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
