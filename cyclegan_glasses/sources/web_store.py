"""A `PhotoStore` that also remembers every address that was tried, and takes no content twice.

For each picture the file is written first, then its row in the manifest, then its line in `fetched.jsonl`. A
kill between two of these costs one download and leaves nothing double or torn: files are named after their
content.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cyclegan_glasses import jsonl
from cyclegan_glasses.photo import MANIFEST, Photo, read_manifest
from cyclegan_glasses.sources.archive import UnreadableError
from cyclegan_glasses.sources.fetch.result import FAILED, OK, REFUSED, Fetched
from cyclegan_glasses.sources.search_result import SearchResult
from cyclegan_glasses.sources.settings import GatherSettings
from cyclegan_glasses.sources.store import PhotoStore

LOG = "fetched.jsonl"
DUPLICATE = "duplicate"
_NAME_LENGTH = 24


class WebStore:
    """A folder of photos from the web: which addresses and which contents it has, and how to add one."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.source = Path(folder), source
        self._photos = PhotoStore(self.folder)
        self._status = _read_log(self.folder / LOG)
        self._contents: set[str] = set()
        if (self.folder / MANIFEST).exists():
            self._contents = {photo.sha256 for photo in read_manifest(self.folder)}

    def status(self, hit: SearchResult) -> str:
        """What became of this address in this or an earlier run; empty when it is new."""
        origin = origin_of(hit.address)
        return OK if self._photos.done(origin) else self._status.get(origin, "")

    def add(self, hit: SearchResult, fetched: Fetched, settings: GatherSettings) -> tuple[str, str]:
        """Keep what was fetched.

        Returns what became of it (`ok`, `duplicate`, `failed` or `refused`) and, of the last two, the cause.
        """
        status, error, reason = fetched.status, fetched.error, fetched.reason
        if status == OK and fetched.sha256 in self._contents:
            status = DUPLICATE
        elif status == OK:
            try:
                self._photos.add(self._photo(hit, fetched, settings), fetched.content)
                self._contents.add(fetched.sha256)
            except UnreadableError as unreadable:
                status, error, reason = FAILED, "broken", str(unreadable)
        origin = origin_of(hit.address)
        self._status[origin] = status
        row = {
            "origin": origin, "status": status, "error": error, "reason": reason, "http": fetched.http,
            "sha256": fetched.sha256, "size": fetched.size,
        }  # fmt: skip
        known = {"version": 1, **{name: value for name, value in row.items() if value}}
        jsonl.append(self.folder / LOG, [json.dumps(known, ensure_ascii=False, separators=(",", ":"))])
        return status, error

    def _photo(self, hit: SearchResult, fetched: Fetched, settings: GatherSettings) -> Photo:
        facts = {**hit.facts, "query": settings.query}
        if fetched.final and fetched.final != hit.address:
            facts["fetched_from"] = fetched.final
        return Photo(
            f"photos/{fetched.sha256[:_NAME_LENGTH]}",
            source=self.source,
            origin=origin_of(hit.address),
            licence=hit.licence,
            author=hit.author,
            label=settings.label,
            facts=facts,
        )


def origin_of(address: str) -> str:
    """How an address stands in the manifest: as it is; a `data:` address by its hash."""
    return (
        f"data:sha256,{hashlib.sha256(address.encode()).hexdigest()}"
        if address.startswith("data:")
        else address
    )


def _read_log(path: Path) -> dict[str, str]:
    """The last status of each address that is not to be asked again."""
    try:
        rows = jsonl.read(path, _origin_and_status, skip_damaged=True)
        return {origin: status for origin, status in rows if status in (DUPLICATE, FAILED, REFUSED)}
    except FileNotFoundError:
        return {}


def _origin_and_status(line: str) -> tuple[str, str]:
    row = json.loads(line)
    return str(row["origin"]), str(row["status"])
