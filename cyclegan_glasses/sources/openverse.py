"""Openverse: openly licensed pictures of many collections, with licence and author.

The API's documentation is at https://api.openverse.org/v1/. Without an account it gives pages of 20 results,
at most 20 pages of them (lately 240 results a search), 20 requests a minute and 200 a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import option
from cyclegan_glasses.sources.search_result import SearchResult, ask, at, is_web, known, parse_object, text
from cyclegan_glasses.sources.settings import join, licence_option, licences_of

if TYPE_CHECKING:
    from cyclegan_glasses.sources.fetch.client import Fetcher

PAGE_SIZE = 20
PAGES = 20
INTERVAL = 3.0


@dataclass(frozen=True, slots=True)
class OpenverseSearch:
    """A query to Openverse; `licence` names those of `LICENCES` that are taken, with commas."""

    name: ClassVar[str] = "openverse"

    query: str
    licence: str = licence_option()
    endpoint: str = option("https://api.openverse.org", "the service (default: %(default)s)")

    def __post_init__(self) -> None:
        licences_of(self.licence)

    def results(self, fetcher: Fetcher) -> Iterator[SearchResult]:
        """See `Search`."""
        if fetcher.settings.interval:
            fetcher.rate.at_least(urlsplit(self.endpoint).hostname or "", INTERVAL)
        asked = {"q": self.query, "license": join(licences_of(self.licence)), "page_size": PAGE_SIZE}
        for page in range(1, PAGES + 1):
            parameters = {**asked, "page": page}
            service, reply = ask(fetcher, "Openverse", self.endpoint, "/v1/images/", parameters)
            if reply.http != 200:
                if page > 1 and reply.http in (400, 401, 403, 404):
                    return  # deeper than the service lets anonymous callers go
                raise UserError(f"{service} answered {reply.http} {_detail(reply.body)}".rstrip())
            payload = parse_object(reply.body, service)
            yield from results(payload, licences_of(self.licence))
            pages = payload.get("page_count")
            if not isinstance(pages, int) or page >= pages or not payload.get("results"):
                return


def results(payload: dict[str, Any], licences: tuple[str, ...]) -> list[SearchResult]:
    """The pictures of one answer that have an address and one of the licences."""
    entries = payload.get("results")
    found = []
    for entry in entries if isinstance(entries, list) else []:
        short = text(at(entry, "license"), 40).lower()
        if not is_web(at(entry, "url")) or short not in licences:
            continue
        facts = known(
            landing=text(at(entry, "foreign_landing_url"), 2000),
            title=text(at(entry, "title")),
            licence_page=text(at(entry, "license_url"), 2000),
            author_page=text(at(entry, "creator_url"), 2000),
            attribution=text(at(entry, "attribution"), 2000),
            collection=text(at(entry, "source"), 100),
            openverse_id=text(at(entry, "id"), 100),
        )
        licence = licence_name(short, text(at(entry, "license_version"), 20))
        found.append(SearchResult(entry["url"], licence, text(at(entry, "creator")), facts))
    return found


def licence_name(short: str, version: str) -> str:
    """`CC BY-SA 2.0`, `CC0 1.0`, `Public Domain Mark 1.0` from a short name and a version."""
    name = {"cc0": "CC0", "pdm": "Public Domain Mark"}.get(short, f"CC {short.upper()}")
    return f"{name} {version}".strip()


def _detail(body: bytes) -> str:
    try:
        return text(at(parse_object(body, ""), "detail"), 200)
    except UserError:
        return ""
