"""Fetches what a search has found and keeps it: pictures, manifest rows, and a log of every address.

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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import atomic_write, make_folder, sha256_of
from cyclegan_glasses.photo import MANIFEST, Photo, append_photos, latest_photos
from cyclegan_glasses.sources.fetch.client import Fetcher
from cyclegan_glasses.sources.fetch.result import FAILED, OK, REFUSED, Fetched
from cyclegan_glasses.sources.found import Found
from cyclegan_glasses.sources.web_settings import GatherSettings

_log = logging.getLogger(__name__)
LOG = "fetched.jsonl"
PICTURES = "photos"
DUPLICATE = "duplicate"
_NAME_LENGTH = 24
_TEMPORARY = re.compile(r"\.[0-9a-f]{%d}\.(?:jpg|png|webp)\.(\d+)\.tmp" % _NAME_LENGTH)


@dataclass(slots=True)
class Tally:
    """How a crawl went: new photos, photos of earlier runs, and the others by status and by cause."""

    new: int = 0
    before: int = 0
    duplicate: int = 0
    failed: int = 0
    refused: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def have(self) -> int:
        """Results of this search that are in the folder."""
        return self.new + self.before

    def add(self, status: str, error: str = "") -> None:
        """Count one address."""
        name = {OK: "new"}.get(status, status)
        setattr(self, name, getattr(self, name) + 1)
        if error:
            self.causes[error] = self.causes.get(error, 0) + 1


class Store:
    """A folder of photos that grows: which addresses and which contents it has, and how to add one."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.source = Path(folder), source
        self._pictures = make_folder(self.folder / PICTURES)
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
        row = {"origin": origin, "status": status, "error": fetched.error, "reason": fetched.reason,
               "http": fetched.http, "sha256": fetched.sha256, "size": fetched.size, "path": path}  # fmt: skip
        _append_line(
            self.folder / LOG, {"version": 1, **{name: value for name, value in row.items() if value}}
        )
        return status

    def _write(self, fetched: Fetched) -> str:
        name = f"{fetched.sha256[:_NAME_LENGTH]}.{fetched.extension}"
        path = self._pictures / name
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


def gather(
    found: Iterable[Found],
    fetcher: Fetcher,
    store: Store,
    settings: GatherSettings,
    report: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Fetch results until `settings.count` of them are in the folder or there are no more.

    Results that the folder has count as they are met; what failed or was refused earlier is passed over, failures
    only without `retry_failed`. `report` is called after every picture.

    Raises:
        UserError: the search broke off; what it gave until then is kept.
    """
    tally, broken = Tally(), None
    results = _new_only(found, store, settings, tally)
    under_way: dict[Future[Fetched], Found] = {}
    pool = ThreadPoolExecutor(fetcher.settings.connections)
    try:
        while True:
            while (
                len(under_way) < 2 * fetcher.settings.connections
                and tally.have + len(under_way) < settings.count
            ):
                try:
                    result = next(results, None)
                except UserError as error:
                    result, broken, results = None, error, iter(())
                if result is None:
                    break
                under_way[pool.submit(fetcher.picture, result.address)] = result
            report(tally)
            if not under_way:
                break
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                fetched = done.result()
                tally.add(store.add(under_way.pop(done), fetched, settings), fetched.error)
                report(tally)
    except BaseException:
        fetcher.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    if broken is not None:
        raise broken
    return tally


def _new_only(
    found: Iterable[Found], store: Store, settings: GatherSettings, tally: Tally
) -> Iterator[Found]:
    seen: set[str] = set()
    for result in found:
        status = store.status(result)
        if result.address in seen:
            continue
        seen.add(result.address)
        if status == OK:
            tally.before += 1
            if tally.have >= settings.count:
                return
        elif not status or (status == FAILED and settings.retry_failed):
            yield result
        else:
            tally.add(status, "" if status == DUPLICATE else "in an earlier run")


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
    for path in folder.iterdir():
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
