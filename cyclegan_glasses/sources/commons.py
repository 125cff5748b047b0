"""Wikimedia Commons: freely licensed pictures, with licence and author.

The search and the file information are two modules of the MediaWiki API asked in one request
(https://www.mediawiki.org/wiki/API:Search, https://www.mediawiki.org/wiki/API:Imageinfo,
https://www.mediawiki.org/wiki/API:Continue). Its operators want a User-Agent with a contact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import option
from cyclegan_glasses.sources.html import plain
from cyclegan_glasses.sources.search_result import (
    SearchResult,
    ask,
    at,
    is_web,
    known,
    parse_object,
    text,
)
from cyclegan_glasses.sources.settings import join, licence_option, licences_of

if TYPE_CHECKING:
    from cyclegan_glasses.sources.fetch.client import Fetcher

WIDTHS = (0, 250, 330, 500, 960, 1280, 1920, 3840)
PAGE_SIZE = 50
PAGES = 200
_FIELDS = ("License", "LicenseShortName", "LicenseUrl", "Artist", "Restrictions")
_TYPES = ("image/jpeg", "image/png", "image/webp")
_LICENCE = re.compile(r"cc-(by(?:-nc)?(?:-sa|-nd)?)(?:-\d.*|$)")


@dataclass(frozen=True, slots=True)
class CommonsSearch:
    """A query to Wikimedia Commons; `width` in pixels of the rendering to fetch, 0 for the original file."""

    name: ClassVar[str] = "commons"

    query: str
    licence: str = licence_option()
    width: int = option(
        1280, f"of the rendering, of {join(WIDTHS)}; 0: the original file (default: %(default)s)"
    )
    endpoint: str = option("https://commons.wikimedia.org", "the service (default: %(default)s)")

    def __post_init__(self) -> None:
        licences_of(self.licence)
        if self.width not in WIDTHS:
            raise UserError(f"--width {self.width} is not one that Commons renders: {join(WIDTHS)}")

    def results(self, fetcher: Fetcher) -> Iterator[SearchResult]:
        """See `Search`; without a contact it is refused, since the service wants to know who asks."""
        if not fetcher.settings.contact:
            raise UserError(
                "Wikimedia asks who is calling: give --contact with your mail address or home page"
            )
        asked = {
            "action": "query", "format": "json", "formatversion": "2", "generator": "search",
            "gsrsearch": f"filetype:bitmap {self.query}", "gsrnamespace": "6", "gsrlimit": str(PAGE_SIZE),
            "prop": "imageinfo", "iiprop": "url|size|mime|extmetadata",
            "iiextmetadatafilter": "LicenseShortName|LicenseUrl|License|Artist|Restrictions",
            **({"iiurlwidth": str(self.width)} if self.width else {}),
        }  # fmt: skip
        going_on: dict[str, str] = {}
        for _ in range(PAGES):
            service, reply = ask(fetcher, "Commons", self.endpoint, "/w/api.php", {**asked, **going_on})
            if reply.http != 200:
                raise UserError(f"{service} answered {reply.http}: try again later")
            payload = parse_object(reply.body, service)
            if "error" in payload:
                raise UserError(f"{service} says: {text(at(payload, 'error', 'info'), 200) or 'an error'}")
            yield from results(payload, licences_of(self.licence))
            before, going_on = going_on, next_parameters(payload)
            if not going_on or going_on == before:
                return


def next_parameters(payload: dict[str, Any]) -> dict[str, str]:
    """The parameters of the `continue` object, to be sent with the next request; empty at the end."""
    parameters = payload.get("continue")
    known = parameters.items() if isinstance(parameters, dict) else ()
    return {text(name, 100): text(str(value), 1000) for name, value in known if isinstance(value, (str, int))}


def results(payload: dict[str, Any], licences: tuple[str, ...]) -> list[SearchResult]:
    """The pictures of one answer that have an address and one of the licences, in the order of the search."""
    pages = at(payload, "query", "pages")
    entries = list(pages.values()) if isinstance(pages, dict) else pages if isinstance(pages, list) else []
    ranked = [(rank if isinstance(rank := at(entry, "index"), int) else 0, entry) for entry in entries]
    found = []
    for _, entry in sorted(ranked, key=lambda pair: pair[0]):
        info = at(entry, "imageinfo", 0)
        address = at(info, "thumburl") or at(info, "url")
        said = {name: _plain(at(info, "extmetadata", name, "value")) for name in _FIELDS}
        short = short_licence(said["License"] or said["LicenseShortName"])
        if not is_web(address) or at(info, "mime") not in (None, *_TYPES) or short not in licences:
            continue
        facts = known(
            landing=text(at(info, "descriptionurl"), 2000),
            title=text(at(entry, "title")).removeprefix("File:"),
            licence_page=said["LicenseUrl"],
            restrictions=said["Restrictions"],
            original=without_tracking(text(at(info, "url"), 2000)),
        )
        licence = said["LicenseShortName"] or short
        found.append(SearchResult(without_tracking(address), licence, said["Artist"], facts))
    return found


def short_licence(name: str) -> str:
    """`by-sa` from `cc-by-sa-4.0` or `CC BY-SA 4.0`; `cc0`, `pdm` for public domain; empty when not known."""
    name = name.lower().replace(" ", "-")
    if name.startswith(("cc0", "cc-zero", "cc-0")):
        return "cc0"
    if name in ("pd", "public-domain") or name.startswith("pd-"):
        return "pdm"
    match = _LICENCE.match(name)
    return match[1] if match else ""


def without_tracking(address: str) -> str:
    """The address without the `utm_…` parameters that the API adds, so that it is the same tomorrow."""
    try:
        split = urlsplit(address)
        query = parse_qsl(split.query, keep_blank_values=True)
    except ValueError:
        return address
    kept = [(name, value) for name, value in query if not name.startswith("utm_")]
    return address if len(kept) == len(query) else split._replace(query=urlencode(kept)).geturl()


def _plain(value: object) -> str:
    """Text out of the HTML of a field."""
    html = text(value, 2000)
    if "<" not in html and "&" not in html:
        return html
    return text(" ".join(plain(html).split()))
