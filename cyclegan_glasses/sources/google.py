"""Google image search: the results page, pages saved from a browser, and the Custom Search JSON API.

Since January 2025 the results page wants JavaScript, and sometimes consent first; both are recognised and
said.
The API (https://developers.google.com/custom-search/v1/reference/rest/v1/cse/list) takes no new customers and
ends on 1 January 2027. A page saved from a browser stays readable. None of the three knows a licence.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.fetch.client import MAX_PAGE_BYTES, Fetcher
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
from cyclegan_glasses.sources.settings import GoogleSettings

PER_PAGE, PAGES = 20, 10
API_PER_PAGE, API_LAST = 10, 91
_INSTEAD = "save the results page in a browser and give it with --page, or use openverse or commons"
_RECORD = re.compile(
    r'\["(https?:[^"\s<>]{1,3000})",\d{1,6},\d{1,6}\]'
    r'|"2003":\[null,"[^"]{0,200}","(https?:[^"\s<>]{1,3000})"(?:,"((?:[^"\\]|\\.){0,1000})")?'
)
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"/]))")
_INLINE = re.compile(r"data:image/(?:jpeg|png|webp);base64,")
_OWN_HOSTS = ("gstatic.com", "google.com")
_NOTHING = ("did not match any", "no results found", "aren't any matches", "no image results")


def search(query: str, settings: GoogleSettings, fetcher: Fetcher) -> Iterator[SearchResult]:
    """Results by the way that the settings name: saved pages, else the API, else the search page.

    Raises:
        UserError: a page is no results page, or wants JavaScript or consent; the service says no.
    """
    if settings.pages:
        for path in settings.pages:
            yield from results_page(_read(path), str(path), settings.thumbnails)
    elif settings.api_key:
        yield from _ask_api(query, settings, fetcher)
    else:
        yield from _ask_page(query, settings, fetcher)


def results_page(html: str, name: str, thumbnails: bool = False) -> list[SearchResult]:
    """The pictures of a results page, in its order.

    Args:
        html: the page.
        name: of the page, for messages.
        thumbnails: the small pictures instead of the full-size addresses.

    Raises:
        UserError: the page wants JavaScript or consent, takes us for a robot, or is no results page.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it looks like an address, or like XML
            soup = BeautifulSoup(html, "html.parser")
    except (ParserRejectedMarkup, AssertionError, RecursionError):
        raise UserError(f"{name} is not a page that can be read: {_INSTEAD}") from None
    found = _small(soup) if thumbnails else _from_links(soup) + _from_scripts(soup)
    if not found:
        _explain_empty(html.lower(), name)
    unique: dict[str, SearchResult] = {}
    for result in found:
        unique.setdefault(result.address, result)
    return list(unique.values())


def api_results(payload: dict[str, Any]) -> list[SearchResult]:
    """The pictures of one answer of the Custom Search JSON API."""
    items = payload.get("items")
    return [
        SearchResult(
            item["link"],
            facts=known(
                landing=text(at(item, "image", "contextLink"), 2000),
                title=text(at(item, "title")),
                site=text(at(item, "displayLink"), 200),
            ),
        )
        for item in (items if isinstance(items, list) else [])
        if is_web(at(item, "link"))
    ]


def _ask_page(query: str, settings: GoogleSettings, fetcher: Fetcher) -> Iterator[SearchResult]:
    host = urlsplit(settings.endpoint).hostname or ""
    seen: set[str] = set()
    for page in range(PAGES):
        words = {"q": query, "udm": "2", "hl": "en", **({"start": page * PER_PAGE} if page else {})}
        try:
            reply = fetcher.page(f"{settings.endpoint.rstrip('/')}/search?{urlencode(words)}", robots=True)
        except FetchError as error:
            raise UserError(f"Google's search page ({host}): {error.reason}; {_INSTEAD}") from None
        final = urlsplit(reply.address)
        if (final.hostname or "").startswith("consent."):
            raise UserError(f"{host} asks for consent before it shows results: {_INSTEAD}")
        if reply.http == 429 or final.path.startswith("/sorry"):
            raise UserError(f"{host} takes us for a robot: {_INSTEAD}")
        if reply.http != 200:
            raise UserError(f"{host} answered {reply.http}: {_INSTEAD}")
        results = results_page(reply.body.decode("utf-8", "replace"), host, settings.thumbnails)
        fresh = [result for result in results if result.address not in seen]
        seen.update(result.address for result in fresh)
        yield from fresh
        if not fresh:
            return


def _ask_api(query: str, settings: GoogleSettings, fetcher: Fetcher) -> Iterator[SearchResult]:
    host = urlsplit(settings.api_endpoint).hostname or ""
    for start in range(1, API_LAST + 1, API_PER_PAGE):
        words = {"key": settings.api_key, "cx": settings.engine_id, "q": query, "searchType": "image",
                 "num": API_PER_PAGE, "start": start, "safe": "active",
                 **({"rights": settings.rights} if settings.rights else {})}  # fmt: skip
        try:
            reply = fetcher.page(
                f"{settings.api_endpoint.rstrip('/')}/customsearch/v1?{urlencode(words)}", robots=False
            )
        except FetchError as error:
            raise not_reached(f"Google's API ({host})", error) from None
        payload = parse_object(reply.body, f"Google's API ({host})")
        if reply.http != 200 or "error" in payload:
            said = text(at(payload, "error", "message"), 200)
            raise UserError(
                f"Google's API ({host}) answered {reply.http} {said}; it ends on 1 January 2027: {_INSTEAD}"
            )
        yield from api_results(payload)
        if not at(payload, "queries", "nextPage", 0):
            return


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PAGE_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > MAX_PAGE_BYTES:
        raise UserError(f"{path} has more than {MAX_PAGE_BYTES} bytes: that is no results page")
    return content.decode("utf-8", "replace")


def _from_links(soup: BeautifulSoup) -> list[SearchResult]:
    """Links of the form `/imgres?imgurl=PICTURE&imgrefurl=PAGE`."""
    found = []
    for link in soup.find_all("a", href=re.compile(r"/imgres\?")):
        try:
            words = parse_qs(urlsplit(str(link["href"])).query)
        except ValueError:
            continue
        address = words.get("imgurl", [""])[0]
        if is_web(address):
            found.append(
                SearchResult(address, facts=known(landing=text(words.get("imgrefurl", [""])[0], 2000)))
            )
    return found


def _from_scripts(soup: BeautifulSoup) -> list[SearchResult]:
    """Records `["PICTURE",height,width] … "2003":[null,"id","PAGE","title"…` inside the scripts.

    They stand there as plain JSON or as JSON inside a JavaScript string, with one or two levels of escapes.
    """
    found: list[SearchResult] = []
    for script in soup.find_all("script"):
        written = script.get_text()
        for picture, landing, title in _RECORD.findall(written) or _RECORD.findall(_unescape(written)):
            if picture and not _own(_unescape(picture)):
                found.append(SearchResult(_unescape(picture)))
            elif landing and found and not found[-1].facts:
                facts = known(landing=text(_unescape(landing), 2000), title=text(_unescape(title)))
                found[-1] = SearchResult(found[-1].address, facts=facts)
    return found


def _small(soup: BeautifulSoup) -> list[SearchResult]:
    """The thumbnails: pictures with an address on Google's thumbnail host, or held in the page itself."""
    found = []
    for image in soup.find_all("img"):
        for address in (str(image.get("src") or ""), str(image.get("data-src") or "")):
            if _INLINE.match(address) or (is_web(address) and _host(address).startswith("encrypted-tbn")):
                found.append(SearchResult(address, facts=known(title=text(str(image.get("alt") or "")))))
    return found


def _explain_empty(page: str, name: str) -> None:
    """Say why a page holds no pictures; return only when it says itself that there are none."""
    if "consent.google" in page or "before you continue to google" in page:
        raise UserError(f"{name} asks for consent before it shows results: {_INSTEAD}")
    if "unusual traffic" in page or "/sorry/index" in page:
        raise UserError(f"{name} takes us for a robot: {_INSTEAD}")
    if any(words in page for words in _NOTHING):
        return
    if "enablejs" in page or "turn on javascript" in page or "enable javascript" in page:
        raise UserError(f"{name} shows results only with JavaScript: {_INSTEAD}")
    raise UserError(f"{name} is not a page of image results that this version knows: {_INSTEAD}")


def _unescape(script: str) -> str:
    def replace(match: re.Match[str]) -> str:
        return match[3] or chr(int(match[1] or match[2], 16))

    return _ESCAPE.sub(replace, script)


def _own(address: str) -> bool:
    host = _host(address)
    return not host or any(host == own or host.endswith("." + own) for own in _OWN_HOSTS)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
