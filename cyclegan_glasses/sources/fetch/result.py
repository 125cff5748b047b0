"""What became of one address."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclegan_glasses.errors import UserError

OK, FAILED, REFUSED = "ok", "failed", "refused"
LONGEST = 4096
MAX_PAGE_BYTES = 16_000_000
"""Limits of an address in characters, and of a page."""
_REFUSED = frozenset({"address", "private", "robots", "noai", "encoded", "large", "type"})


class FetchError(UserError):
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
    """One whole answer: its final address, status and body, and where it redirects to."""

    address: str
    http: int
    body: bytes = field(repr=False)
    location: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one picture address.

    Attributes:
        status: `ok`, `failed` or `refused`.
        http, error, reason: as in `FetchError`; the last two are empty when all went well.
        final: where the picture lay after redirects.
        sha256, content: of the file, when it came.
    """

    status: str
    http: int = 0
    error: str = ""
    reason: str = ""
    final: str = ""
    sha256: str = ""
    content: bytes = field(default=b"", repr=False)
