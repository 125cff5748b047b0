"""Google image search: the results page, pages saved from a browser, and the Custom Search JSON API.

Since January 2025 the results page wants JavaScript, and sometimes consent first; both are recognised and
said.
The API (https://developers.google.com/custom-search/v1/reference/rest/v1/cse/list) takes no new customers and
ends on 1 January 2027. A page saved from a browser stays readable. None of the three knows a licence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import option
from cyclegan_glasses.sources.archive import read_content
from cyclegan_glasses.sources.fetch.result import MAX_PAGE_BYTES, FetchError
from cyclegan_glasses.sources.html import elements
from cyclegan_glasses.sources.search_result import (
    SearchResult,
    ask,
    at,
    is_web,
    known,
    parse_object,
    text,
)

if TYPE_CHECKING:
    from cyclegan_glasses.sources.fetch.client import Fetcher

PAGE_ENDPOINT, API_ENDPOINT = "https://www.google.com", "https://www.googleapis.com"
PER_PAGE, PAGES = 20, 10
API_PER_PAGE, API_LAST = 10, 91
_INSTEAD = "save the results page in a browser and give it with --page, or use openverse or commons"
_RECORD = re.compile(
    r'\["(https?:[^"\s<>]{1,3000})",\d{1,6},\d{1,6}\]'
    r'|"2003":\[null,"[^"]{0,200}","(https?:[^"\s<>]{1,3000})"(?:,"((?:[^"\\]|\\.){0,1000})")?'
)
_ESCAPE = re.compile(r"\\{1,4}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"/]))")
_LONGEST_LINK, _MOST_RESULTS = 20_000, 10_000
_INLINE = re.compile(r"data:image/(?:jpeg|png|webp);base64,")
_GOOGLE_HOSTS = ("gstatic.com", "google.com")
_CONSENT, _ROBOT = "asks for consent before it shows results", "takes us for a robot"
#: What a page without pictures says in lower case, and what that means; empty: there are none.
_EMPTY_PAGES = (
    (_CONSENT, ("consent.google", "before you continue to google")),
    (_ROBOT, ("unusual traffic", "/sorry/index")),
    ("", ("did not match any", "no results found", "aren't any matches", "no image results")),
    ("shows results only with JavaScript", ("enablejs", "turn on javascript", "enable javascript")),
)


@dataclass(frozen=True, slots=True)
class GoogleSearch:
    """A query to Google's image search, by the first of three ways that is given: pages, API, search page.

    `api_key` and `engine_id` belong together; an empty `endpoint` is Google's own.
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
    """The pictures of the results page `html`, in its order; `thumbnails`: the small ones.

    Messages call the page `name`.

    Raises:
        UserError: the page wants JavaScript or consent, takes us for a robot, or is no results page.
    """
    try:
        found = _small(html) if thumbnails else _from_links(html) + _from_scripts(html)
    except ValueError as error:
        raise UserError(f"{name} is no results page ({error}): {_INSTEAD}") from None
    if not found and (reason := _why_empty(html.lower())):
        raise UserError(f"{name} {reason}: {_INSTEAD}")
    return found[:_MOST_RESULTS]


def api_results(payload: dict[str, Any]) -> list[SearchResult]:
    """The pictures of one answer of the Custom Search JSON API."""
    items = payload.get("items")
    found = []
    for item in items if isinstance(items, list) else []:
        facts = known(
            landing=text(at(item, "image", "contextLink"), 2000),
            title=text(at(item, "title")),
            site=text(at(item, "displayLink"), 200),
        )
        if is_web(at(item, "link")):
            found.append(SearchResult(item["link"], facts=facts))
    return found


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
            raise UserError(f"{host} {_CONSENT}: {_INSTEAD}")
        if reply.http == 429 or final.path.startswith("/sorry"):
            raise UserError(f"{host} {_ROBOT}: {_INSTEAD}")
        if reply.http != 200:
            raise UserError(f"{host} answered {reply.http}: {_INSTEAD}")
        results = results_page(reply.body.decode("utf-8", "replace"), host, search.thumbnails)
        fresh = [result for result in results if result.address not in seen]
        seen.update(result.address for result in fresh)
        yield from fresh
        if not fresh:
            return


def _ask_api(search: GoogleSearch, fetcher: Fetcher) -> Iterator[SearchResult]:
    asked = {"key": search.api_key, "cx": search.engine_id, "q": search.query, "searchType": "image",
             "num": API_PER_PAGE, "safe": "active"}  # fmt: skip
    if search.rights:
        asked["rights"] = search.rights
    for start in range(1, API_LAST + 1, API_PER_PAGE):
        parameters = {**asked, "start": start}
        endpoint = search.endpoint or API_ENDPOINT
        service, reply = ask(fetcher, "Google's API", endpoint, "/customsearch/v1", parameters)
        payload = parse_object(reply.body, service)
        if reply.http != 200 or "error" in payload:
            detail = text(at(payload, "error", "message"), 200)
            end = f"it ends on 1 January 2027: {_INSTEAD}"
            raise UserError(f"{service} answered {reply.http} {detail}; {end}")
        yield from api_results(payload)
        if not at(payload, "queries", "nextPage", 0):
            return


def _read(path: Path) -> str:
    content = read_content(path)
    if len(content) > MAX_PAGE_BYTES:
        raise UserError(f"{path} has more than {MAX_PAGE_BYTES} bytes: that is no results page")
    return content.decode("utf-8", "replace")


def _from_links(html: str) -> list[SearchResult]:
    """Links of the form `/imgres?imgurl=PICTURE&imgrefurl=PAGE`."""
    found = []
    for link in elements(html, ("a",)):
        href = link.attributes.get("href", "")
        if len(href) > _LONGEST_LINK or "/imgres?" not in href:
            continue
        try:
            query = parse_qs(urlsplit(href).query)
        except ValueError:
            continue
        address = query.get("imgurl", [""])[0]
        landing = text(query.get("imgrefurl", [""])[0], 2000)
        if is_web(address):
            found.append(SearchResult(address, facts=known(landing=landing)))
    return found


def _from_scripts(html: str) -> list[SearchResult]:
    """Records `["PICTURE",height,width] … "2003":[null,"id","PAGE","title"…` inside the scripts.

    They stand there as plain JSON or as JSON inside a JavaScript string, with one or two levels of escapes.
    """
    found: list[SearchResult] = []
    for script in elements(html, ("script",)):
        written = script.text
        for picture, landing, title in _RECORD.findall(written) or _RECORD.findall(_unescape(written)):
            if picture and not _is_google(_unescape(picture)):
                found.append(SearchResult(_unescape(picture)))
            elif landing and found and not found[-1].facts:
                facts = known(landing=text(_unescape(landing), 2000), title=text(_unescape(title)))
                found[-1] = SearchResult(found[-1].address, facts=facts)
    return found


def _small(html: str) -> list[SearchResult]:
    """The thumbnails: pictures with an address on Google's thumbnail host, or held in the page itself."""
    found = []
    for image in elements(html, ("img",)):
        for address in (image.attributes.get("src", ""), image.attributes.get("data-src", "")):
            if _INLINE.match(address) or (is_web(address) and _host(address).startswith("encrypted-tbn")):
                found.append(SearchResult(address, facts=known(title=text(image.attributes.get("alt", "")))))
    return found


def _why_empty(page: str) -> str:
    """Why a page, in lower case, holds no pictures; empty only when it says itself that there are none."""
    for reason, phrases in _EMPTY_PAGES:
        if any(phrase in page for phrase in phrases):
            return reason
    return "is not a page of image results that this version knows"


def _unescape(script: str) -> str:
    return _ESCAPE.sub(lambda match: match[3] or chr(int(match[1] or match[2], 16)), script)


def _is_google(address: str) -> bool:
    host = _host(address)
    return not host or any(host == google or host.endswith("." + google) for google in _GOOGLE_HOSTS)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
