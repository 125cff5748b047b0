"""Settings of fetching. Free of heavy imports."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from cyclegan_glasses.errors import UserError


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How addresses are fetched.

    Attributes:
        contact: mail address or page of the person who crawls; part of the User-Agent.
        connections: downloads at the same time.
        interval: seconds between the starts of two requests to one host, at least.
        retries: further attempts after a failure that may pass.
        backoff: seconds before the first retry; doubles with each further one.
        max_wait: seconds, the longest wait that a host may ask for (`Retry-After`, `Crawl-delay`).
        connect_timeout, read_timeout: seconds without an answer.
        max_seconds: for one attempt as a whole, however steadily it trickles.
        max_bytes: of one picture.
        max_pixels: width times height of one picture.
        max_redirects: hops to follow.
        allow_private: also fetch from this machine and from private networks.
    """

    contact: str = ""
    connections: int = 8
    interval: float = 1.0
    retries: int = 3
    backoff: float = 1.0
    max_wait: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 15.0
    max_seconds: float = 60.0
    max_bytes: int = 25_000_000
    max_pixels: int = 50_000_000
    max_redirects: int = 5
    allow_private: bool = False

    def __post_init__(self) -> None:
        if self.contact and not re.fullmatch(r"(https?://[!-~]+|[!-~]+@[!-~]+)", self.contact):
            raise UserError(
                f"--contact {self.contact!r} is no mail address and no web page: give one of them"
            )
        if not 1 <= self.connections <= 64:
            raise UserError(f"--connections {self.connections} is not from 1 to 64")
        for name in ("interval", "retries", "backoff", "max_wait", "max_redirects"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"--{name} {getattr(self, name)} is not zero or more")
        for name in ("connect_timeout", "read_timeout", "max_seconds", "max_bytes", "max_pixels"):
            if not 0 < getattr(self, name) < math.inf:
                raise UserError(f"--{name} {getattr(self, name)} is not more than zero")
