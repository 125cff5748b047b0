"""Settings of fetching. Free of heavy imports."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, option

_option = partial(option, group="manners and limits")


@dataclass(frozen=True, slots=True)
class FetchSettings(Settings):
    """How addresses are fetched.

    Attributes:
        interval: between the starts of two requests to one host, at least.
        max_wait: as a host may ask for by `Retry-After` or `Crawl-delay`.
        max_seconds: for one attempt as a whole, however steadily it trickles.
        connect_timeout, read_timeout: seconds without an answer.
        max_redirects: hops to follow.
    """

    contact: str = option("", "your mail address or page, told to the sites that are asked")
    connections: int = _option(8, "downloads at a time (default: %(default)s)", least=1, most=64)
    interval: float = _option(1.0, "seconds between requests to one host (%(default)s)", least=0)
    retries: int = _option(3, "further attempts after a failure (%(default)s)", least=0)
    backoff: float = _option(1.0, "seconds before the first retry, doubling (%(default)s)", least=0)
    max_wait: float = _option(60.0, "longest wait a host may ask for (%(default)s s)", least=0)
    max_seconds: float = _option(60.0, "longest download (%(default)s s)", above=0)
    max_bytes: int = _option(25_000_000, "largest file (%(default)s)", above=0)
    max_pixels: int = _option(50_000_000, "largest width times height (%(default)s)", above=0)
    allow_private: bool = _option(False, "also fetch from this machine and private networks")
    connect_timeout: float = 10.0
    read_timeout: float = 15.0
    max_redirects: int = 5

    def __post_init__(self) -> None:
        check(self)
        for name in ("interval", "backoff", "max_wait", "max_seconds"):
            if math.isinf(getattr(self, name)):
                raise UserError(f"--{name} is infinite: give a number of seconds")
        if self.contact and not re.fullmatch(r"(https?://[!-~]+|[!-~]+@[!-~]+)", self.contact):
            raise UserError(
                f"--contact {self.contact!r} is no mail address and no web page: give one of them"
            )
