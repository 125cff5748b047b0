"""Settings of the sources on the web. Free of torch and of argparse."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.errors import UserError

LICENCES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "cc0", "pdm")
FREE_LICENCES = ("by", "by-sa", "cc0", "pdm")
COMMONS_WIDTHS = (0, 250, 330, 500, 960, 1280, 1920, 3840)


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


@dataclass(frozen=True, slots=True)
class GatherSettings:
    """Where the photos go and how many.

    Attributes:
        out: folder of the manifest; the pictures go to `out/photos`.
        query: what was searched for, kept in each photo's facts.
        count: stop when this many results of the search are in `out`, earlier runs included.
        label: what the search is meant to show: `glasses`, `none`, `sunglasses` or empty.
        retry_failed: try again what failed in an earlier run.
    """

    out: Path
    query: str
    count: int = 200
    label: str = ""
    retry_failed: bool = False

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UserError(f"--count {self.count} is not at least 1")


@dataclass(frozen=True, slots=True)
class OpenverseSettings:
    """Openverse's image search; `licences` by their short names (`LICENCES`)."""

    endpoint: str = "https://api.openverse.org"
    licences: tuple[str, ...] = FREE_LICENCES

    def __post_init__(self) -> None:
        check_licences(self.licences)


@dataclass(frozen=True, slots=True)
class CommonsSettings:
    """Wikimedia Commons' search; `width` in pixels of the rendering to fetch, 0 for the original file."""

    endpoint: str = "https://commons.wikimedia.org"
    licences: tuple[str, ...] = FREE_LICENCES
    width: int = 1280

    def __post_init__(self) -> None:
        check_licences(self.licences)
        if self.width not in COMMONS_WIDTHS:
            raise UserError(f"--width {self.width} is not one that Commons renders: {join(COMMONS_WIDTHS)}")


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """Google's image search, by one of three ways.

    Attributes:
        endpoint: of the search page; empty for Google's own.
        api_endpoint: of the Custom Search JSON API.
        api_key, engine_id: both given: the API is asked, not the page.
        pages: results pages saved from a browser; read in place of any search.
        thumbnails: take the small pictures of the results pages, not the full-size ones.
        rights: the API's filter, such as `cc_publicdomain|cc_attribute`.
    """

    endpoint: str = "https://www.google.com"
    api_endpoint: str = "https://www.googleapis.com"
    api_key: str = ""
    engine_id: str = ""
    pages: tuple[Path, ...] = ()
    thumbnails: bool = False
    rights: str = ""

    def __post_init__(self) -> None:
        if bool(self.api_key) != bool(self.engine_id):
            raise UserError("--api_key and --engine_id belong together: give both or neither")
        if self.rights and not self.api_key:
            raise UserError("--rights is a filter of the API: give --api_key and --engine_id too")


def check_licences(licences: tuple[str, ...]) -> None:
    """Raise `UserError` unless each is one of `LICENCES` and there is at least one."""
    unknown = [name for name in licences if name not in LICENCES]
    if unknown or not licences:
        raise UserError(f"--licence {join(unknown)!r} is not known: choose from {join(LICENCES)}")


def join(words: tuple[object, ...] | list[str]) -> str:
    """`by,by-sa`, as they are typed."""
    return ",".join(map(str, words))
