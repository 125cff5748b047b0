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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import option
from cyclegan_glasses.sources.fetch.result import MAX_PAGE_BYTES, FetchError
from cyclegan_glasses.sources.search_result import (
    SearchResult,
    at,
    is_web,
    known,
    not_reached,
    parse_object,
    text,
)

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

    from cyclegan_glasses.sources.fetch.client import Fetcher

PAGE_ENDPOINT, API_ENDPOINT = "https://www.google.com", "https://www.googleapis.com"
PER_PAGE, PAGES = 20, 10
API_PER_PAGE, API_LAST = 10, 91
_INSTEAD = "save the results page in a browser and give it with --page, or use openverse or commons"
_RECORD = re.compile(
    r'\["(https?:[^"\s<>]{1,3000})",\d{1,6},\d{1,6}\]'
    r'|"2003":\[null,"[^"]{0,200}","(https?:[^"\s<>]{1,3000})"(?:,"((?:[^"\\]|\\.){0,1000})")?'
)
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"/]))")
_INLINE = re.compile(r"data:image/(?:jpeg|png|webp);base64,")
_GOOGLE_HOSTS = ("gstatic.com", "google.com")
_NOTHING = ("did not match any", "no results found", "aren't any matches", "no image results")


@dataclass(frozen=True, slots=True)
class GoogleSearch:
    """A query to Google's image search, by the first of three ways that is given: pages, API, search page.

    Attributes:
        query: what is searched for; with `pages` what was searched for.
        pages: results pages saved from a browser; read in place of any search.
        thumbnails: take the small pictures of the results pages, not the full-size ones.
        api_key, engine_id: both given: the API is asked, not the page.
        rights: the API's filter, such as `cc_publicdomain|cc_attribute`.
        endpoint: of the search page or the API; empty for Google's own.
    """

    name: ClassVar[str] = "google"

    query: str
    pages: tuple[Path, ...] = option((), "results pages saved from a browser", flag="page", metavar="HTML")
    thumbnails: bool = option(False, "take the small pictures of the results page")
    api_key: str = option("", "of the API (or GOOGLE_API_KEY)", secret=True)
    engine_id: str = option("", "cx of the API (or GOOGLE_ENGINE_ID)")
    rights: str = option("", "the API's licence filter, such as cc_publicdomain")
    endpoint: str = option("", f"the service (default: {PAGE_ENDPOINT}, API: {API_ENDPOINT})")

    def __post_init__(self) -> None:
        if bool(self.api_key) != bool(self.engine_id):
            raise UserError("--api_key and --engine_id belong together: give both or neither")
        if self.rights and not self.api_key:
            raise UserError("--rights is a filter of the API: give --api_key and --engine_id too")

    def results(self, fetcher: Fetcher) -> Iterator[SearchResult]:
        """See `Search`; a page that is no results page, or wants JavaScript or consent, is refused."""
        if self.pages:
            for path in self.pages:
                yield from results_page(_read(path), str(path), self.thumbnails)
        elif self.api_key:
            yield from _ask_api(self, fetcher)
        else:
            yield from _ask_page(self, fetcher)


def results_page(html: str, name: str, thumbnails: bool = False) -> list[SearchResult]:
    """The pictures of a results page, in its order.

    Args:
        html: the page.
        name: of the page, for messages.
        thumbnails: the small pictures instead of the full-size addresses.

    Raises:
        UserError: the page wants JavaScript or consent, takes us for a robot, or is no results page.
    """
    from bs4 import BeautifulSoup
    from bs4.exceptions import ParserRejectedMarkup

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


def _ask_page(search: GoogleSearch, fetcher: Fetcher) -> Iterator[SearchResult]:
    endpoint = (search.endpoint or PAGE_ENDPOINT).rstrip("/")
    host = urlsplit(endpoint).hostname or ""
    seen: set[str] = set()
    for page in range(PAGES):
        asked = {"q": search.query, "udm": "2", "hl": "en", **({"start": page * PER_PAGE} if page else {})}
        try:
            reply = fetcher.page(f"{endpoint}/search?{urlencode(asked)}", robots=True)
        except FetchError as error:
            raise UserError(f"Google's search page ({host}): {error.reason}; {_INSTEAD}") from None
        final = urlsplit(reply.address)
        if (final.hostname or "").startswith("consent."):
            raise UserError(f"{host} asks for consent before it shows results: {_INSTEAD}")
        if reply.http == 429 or final.path.startswith("/sorry"):
            raise UserError(f"{host} takes us for a robot: {_INSTEAD}")
        if reply.http != 200:
            raise UserError(f"{host} answered {reply.http}: {_INSTEAD}")
        results = results_page(reply.body.decode("utf-8", "replace"), host, search.thumbnails)
        fresh = [result for result in results if result.address not in seen]
        seen.update(result.address for result in fresh)
        yield from fresh
        if not fresh:
            return


def _ask_api(search: GoogleSearch, fetcher: Fetcher) -> Iterator[SearchResult]:
    endpoint = (search.endpoint or API_ENDPOINT).rstrip("/")
    host = urlsplit(endpoint).hostname or ""
    for start in range(1, API_LAST + 1, API_PER_PAGE):
        asked = {"key": search.api_key, "cx": search.engine_id, "q": search.query, "searchType": "image",
                 "num": API_PER_PAGE, "start": start, "safe": "active",
                 **({"rights": search.rights} if search.rights else {})}  # fmt: skip
        try:
            reply = fetcher.page(f"{endpoint}/customsearch/v1?{urlencode(asked)}", robots=False)
        except FetchError as error:
            raise not_reached(f"Google's API ({host})", error) from None
        payload = parse_object(reply.body, f"Google's API ({host})")
        if reply.http != 200 or "error" in payload:
            detail = text(at(payload, "error", "message"), 200)
            raise UserError(
                f"Google's API ({host}) answered {reply.http} {detail}; it ends on 1 January 2027: {_INSTEAD}"
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
            query = parse_qs(urlsplit(str(link["href"])).query)
        except ValueError:
            continue
        address = query.get("imgurl", [""])[0]
        if is_web(address):
            found.append(
                SearchResult(address, facts=known(landing=text(query.get("imgrefurl", [""])[0], 2000)))
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
            if picture and not _is_google(_unescape(picture)):
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
    if any(phrase in page for phrase in _NOTHING):
        return
    if "enablejs" in page or "turn on javascript" in page or "enable javascript" in page:
        raise UserError(f"{name} shows results only with JavaScript: {_INSTEAD}")
    raise UserError(f"{name} is not a page of image results that this version knows: {_INSTEAD}")


def _unescape(script: str) -> str:
    def replace(match: re.Match[str]) -> str:
        return match[3] or chr(int(match[1] or match[2], 16))

    return _ESCAPE.sub(replace, script)


def _is_google(address: str) -> bool:
    host = _host(address)
    return not host or any(host == google or host.endswith("." + google) for google in _GOOGLE_HOSTS)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
