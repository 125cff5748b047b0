"""Wikimedia Commons: freely licensed pictures, with licence and author.

The search and the file information are two modules of the MediaWiki API asked in one request
(https://www.mediawiki.org/wiki/API:Search, https://www.mediawiki.org/wiki/API:Imageinfo,
https://www.mediawiki.org/wiki/API:Continue). Its operators want a User-Agent with a contact.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.fetch.client import Fetcher
from cyclegan_glasses.sources.fetch.result import FetchError
from cyclegan_glasses.sources.search_result import (
    SearchResult,
    at,
    is_web,
    known,
    not_reached,
    parse_object,
    text,
)
from cyclegan_glasses.sources.settings import CommonsSettings

PAGE_SIZE = 50
PAGES = 200
_TYPES = ("image/jpeg", "image/png", "image/webp")
_LICENCE = re.compile(r"cc-(by(?:-nc)?(?:-sa|-nd)?)(?:-\d.*|$)")


def search(query: str, settings: CommonsSettings, fetcher: Fetcher) -> Iterator[SearchResult]:
    """Results for `query` under one of the licences, best first, page by page as they are asked for.

    Raises:
        UserError: no contact is given, or the service cannot be reached or says no.
    """
    if not fetcher.settings.contact:
        raise UserError("Wikimedia asks who is calling: give --contact with your mail address or home page")
    host = urlsplit(settings.endpoint).hostname or ""
    words = {
        "action": "query", "format": "json", "formatversion": "2", "generator": "search",
        "gsrsearch": f"filetype:bitmap {query}", "gsrnamespace": "6", "gsrlimit": str(PAGE_SIZE),
        "prop": "imageinfo", "iiprop": "url|size|mime|extmetadata",
        "iiextmetadatafilter": "LicenseShortName|LicenseUrl|License|Artist|Restrictions",
        **({"iiurlwidth": str(settings.width)} if settings.width else {}),
    }  # fmt: skip
    going_on: dict[str, str] = {}
    for _ in range(PAGES):
        address = f"{settings.endpoint.rstrip('/')}/w/api.php?{urlencode({**words, **going_on})}"
        try:
            reply = fetcher.page(address, robots=False)
        except FetchError as error:
            raise not_reached(f"Commons ({host})", error) from None
        if reply.http != 200:
            raise UserError(f"Commons ({host}) answered {reply.http}: try again later")
        payload = parse_object(reply.body, f"Commons ({host})")
        if "error" in payload:
            raise UserError(f"Commons ({host}) says: {text(at(payload, 'error', 'info'), 200) or 'an error'}")
        yield from results(payload, settings.licences)
        before, going_on = going_on, next_words(payload)
        if not going_on or going_on == before:
            return


def next_words(payload: dict[str, Any]) -> dict[str, str]:
    """The words of the `continue` object, to be sent with the next request; empty at the end."""
    words = payload.get("continue")
    if not isinstance(words, dict):
        return {}
    return {
        text(name, 100): text(str(value), 1000)
        for name, value in words.items()
        if isinstance(value, (str, int))
    }


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
        found.append(
            SearchResult(without_tracking(address), said["LicenseShortName"] or short, said["Artist"], facts)
        )
    return found


_FIELDS = ("License", "LicenseShortName", "LicenseUrl", "Artist", "Restrictions")


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
    """The address without the `utm_…` words that the API adds, so that it is the same tomorrow."""
    try:
        parts = urlsplit(address)
        words = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return address
    kept = [(name, value) for name, value in words if not name.startswith("utm_")]
    return address if len(kept) == len(words) else parts._replace(query=urlencode(kept)).geturl()


def _plain(value: object) -> str:
    """Text out of the HTML of a field."""
    html = text(value, 2000)
    if "<" not in html and "&" not in html:
        return html
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return text(" ".join(BeautifulSoup(html, "html.parser").get_text(" ").split()))
    except (ParserRejectedMarkup, AssertionError):
        return ""
