"""What became of every address that was tried: `fetched.jsonl`, beside the manifest.

For each picture the file is written first, then its row in the manifest, then its line here. A kill between
two of these costs one download and leaves nothing double or torn: files are named after their content.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cyclegan_glasses import jsonl
from cyclegan_glasses.files import parse_json
from cyclegan_glasses.photo import MANIFEST, read_manifest
from cyclegan_glasses.records import checked
from cyclegan_glasses.sources.fetch.result import FAILED, OK, REFUSED, Fetched

LOG = "fetched.jsonl"
DUPLICATE = "duplicate"


class FetchLog:
    """The addresses that a folder knows and, of its photos, the contents (`contents`, SHA-256)."""

    def __init__(self, folder: Path) -> None:
        """Read what `folder` has; it need not be there.

        Raises:
            UserError: it cannot be read.
        """
        self.path = folder / LOG
        self.contents: set[str] = set()
        self._status: dict[str, str] = {}
        try:
            for origin, status in jsonl.read(self.path, _origin_and_status, skip_damaged=True):
                if status in (DUPLICATE, FAILED, REFUSED):
                    self._status[origin] = status
        except FileNotFoundError:
            pass
        if (folder / MANIFEST).exists():
            for photo in read_manifest(folder):
                self.contents.add(photo.sha256)
                self._status[photo.origin] = OK

    def status(self, origin: str) -> str:
        """What became of an address in this or an earlier run; empty when it is new."""
        return self._status.get(origin, "")

    def add(self, origin: str, status: str, fetched: Fetched) -> None:
        """Note what became of an address.

        Raises:
            UserError: the log cannot be written.
        """
        self._status[origin] = status
        row = {
            "origin": origin, "status": status, "error": fetched.error, "reason": fetched.reason,
            "http": fetched.http, "sha256": fetched.sha256, "size": len(fetched.content),
        }  # fmt: skip
        known = {"version": 1, **{name: value for name, value in row.items() if value}}
        jsonl.append(self.path, [json.dumps(known, ensure_ascii=False, separators=(",", ":"))])


def origin_of(address: str) -> str:
    """How an address stands in the manifest: as it is; a `data:` address by its hash."""
    if not address.startswith("data:"):
        return address
    return f"data:sha256,{hashlib.sha256(address.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _origin_and_status(line: str) -> tuple[str, str]:
    row = checked(dict[str, Any], parse_json(line), "a row")
    return checked(str, row.get("origin"), "origin"), checked(str, row.get("status"), "status")
