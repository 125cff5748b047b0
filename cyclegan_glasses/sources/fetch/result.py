"""What became of one address."""

from __future__ import annotations

from dataclasses import dataclass, field

OK, FAILED, REFUSED = "ok", "failed", "refused"
LONGEST = 4096
MAX_PAGE_BYTES = 16_000_000
"""Limits of an address in characters, and of a page."""
_REFUSED = frozenset({"address", "private", "robots", "noai", "encoded", "large", "type"})


class FetchError(Exception):
    """An address that was not fetched.

    Attributes:
        error: one short word, the same for the same cause. Refused here: `address`, `private`, `robots`,
            `noai`, `encoded`, `large`, `type`. Failed there: `http`, `busy`, `redirects`, `dns`, `network`,
            `slow`, `cut`, `broken`, `stopped`.
        reason: a sentence for a person.
        http: status of the last answer; 0 when there was none.
        again: worth another attempt in this run.
        wait: seconds that the host asked to be left alone; None when it did not say.
    """

    def __init__(
        self, error: str, reason: str, *, http: int = 0, again: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(reason)
        self.error, self.reason, self.http, self.again, self.wait = error, reason, http, again, wait

    @property
    def status(self) -> str:
        """`refused` when we will not have it, `failed` when it did not come."""
        return REFUSED if self.error in _REFUSED else FAILED


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer: its final address, status, headers by lower-case name, and body."""

    address: str
    http: int
    headers: dict[str, list[str]]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """All values of a header, joined as HTTP joins them; empty when it is not there."""
        return ", ".join(self.headers.get(name, []))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one picture address.

    Attributes:
        address: as asked for.
        status: `ok`, `failed` or `refused`.
        final: where the picture lay after redirects.
        error, reason, http: as in `FetchError`; empty when all went well.
        sha256, size: of the bytes, when there are any.
        width, height: in pixels.
        content: the bytes of the file.
    """

    address: str
    status: str
    final: str = ""
    error: str = ""
    reason: str = ""
    http: int = 0
    sha256: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    content: bytes = field(default=b"", repr=False)
