"""Openverse: licence and author must reach the manifest, and the service's limits must be kept."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources import openverse
from cyclegan_glasses.sources.openverse import OpenverseSearch
from cyclegan_glasses.sources.search_result import SearchResult
from tests.sources.loopback import answer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("https://example.org/a.jpg"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["results", "url", "license", "id", "title", "page_count"]), inner)
    ),
    max_leaves=15,
)


def entry(number, **other):
    """One result, in the shape that the API documents."""
    return {
        "id": f"id-{number}", "title": f"Portrait {number}", "license": "by-sa", "license_version": "2.0",
        "license_url": "https://creativecommons.org/licenses/by-sa/2.0/", "creator": "Ann Other",
        "creator_url": "https://example.org/ann", "url": f"https://example.org/{number}.jpg",
        "source": "flickr", "foreign_landing_url": f"https://example.org/page/{number}",
        "attribution": "by Ann", "width": 100, "height": 80, **other,
    }  # fmt: skip


def serve(site, pages):
    def run(handler):
        page = int(parse_qs(urlsplit(handler.path).query)["page"][0])
        body = {"result_count": 500, "page_count": len(pages), "page_size": 20, "page": page}
        answer(json.dumps({**body, "results": pages[page - 1]}).encode())(handler)

    site.routes["/v1/images/"] = run


def search(site, query):
    return OpenverseSearch(query, endpoint=site.url("/"))


def test_licence_author_and_landing_page_are_kept():
    (found,) = openverse.results({"results": [entry(1)]}, ("by-sa",))
    assert found == SearchResult(
        "https://example.org/1.jpg",
        "CC BY-SA 2.0",
        "Ann Other",
        {
            "landing": "https://example.org/page/1",
            "title": "Portrait 1",
            "licence_page": "https://creativecommons.org/licenses/by-sa/2.0/",
            "author_page": "https://example.org/ann",
            "attribution": "by Ann",
            "collection": "flickr",
            "openverse_id": "id-1",
        },
    )
    assert openverse.licence_name("cc0", "1.0") == "CC0 1.0"
    assert openverse.licence_name("pdm", "1.0") == "Public Domain Mark 1.0"


def test_a_result_without_the_licence_asked_for_is_left_out():
    """Even when the service forgets the filter."""
    entries = [
        entry(1, license="by-nc"),
        entry(2, license=""),
        entry(3, license=None),
        entry(4),
        entry(5, url=None),
    ]
    assert [found.address[-5:] for found in openverse.results({"results": entries}, ("by-sa",))] == ["4.jpg"]


def test_pages_are_asked_for_as_they_are_needed(site, make_fetcher):
    serve(site, [[entry(page * 20 + number) for number in range(20)] for page in range(3)])
    found = search(site, "two glasses").results(make_fetcher())
    assert [next(found).facts["openverse_id"] for _ in range(21)][-1] == "id-20"
    assert site.hits["/v1/images/"] == 2
    assert len(list(found)) == 39 and site.hits["/v1/images/"] == 3
    query = parse_qs(urlsplit(site.requests[0][0]).query)
    assert query["q"] == ["two glasses"] and query["page_size"] == ["20"]
    assert query["license"] == ["by,by-sa,cc0,pdm"]
    assert "/robots.txt" not in site.hits


def test_no_more_than_twenty_pages(site, make_fetcher):
    serve(site, [[entry(number)] for number in range(30)])
    assert len(list(search(site, "a").results(make_fetcher()))) == 20


def test_deeper_than_the_service_goes_is_the_end(site, make_fetcher):
    def run(handler):
        page = int(parse_qs(urlsplit(handler.path).query)["page"][0])
        body = {"page_count": 9, "results": [entry(page)]} if page < 3 else {"detail": "too deep"}
        answer(json.dumps(body).encode(), 200 if page < 3 else 401)(handler)

    site.routes["/v1/images/"] = run
    assert len(list(search(site, "a").results(make_fetcher()))) == 2


def test_what_the_service_says_is_passed_on(site, make_fetcher):
    site.routes["/v1/images/"] = answer(b'{"detail": "q is too long"}', 400)
    with pytest.raises(UserError, match="answered 400 q is too long"):
        list(search(site, "a").results(make_fetcher()))
    site.routes["/v1/images/"] = answer(b"<html>maintenance")
    with pytest.raises(UserError, match="JSON"):
        list(search(site, "a").results(make_fetcher()))
    site.routes["/v1/images/"] = answer(b"", 429, Retry_After="9999")
    with pytest.raises(UserError, match="left alone"):
        list(search(site, "a").results(make_fetcher()))
    site.routes["/v1/images/"] = answer(b"[" * 100_000)
    with pytest.raises(UserError, match="JSON"):
        list(search(site, "a").results(make_fetcher()))


def test_unknown_licences_are_named():
    with pytest.raises(UserError, match="gpl"):
        OpenverseSearch("a", licence="by,gpl")


@given(st.dictionaries(st.just("results") | st.text(max_size=5), JSON, max_size=3))
def test_no_answer_breaks_it(payload):
    for found in openverse.results(payload, ("by", "by-sa")):
        assert found.address.startswith("http") and all(isinstance(v, str) for v in found.facts.values())


@given(st.text() | st.binary())
def test_text_from_outside_is_one_clean_line(value):
    from cyclegan_glasses.sources.search_result import text

    clean = text(value, 10)
    assert len(clean) <= 10 and clean.isprintable() is not None and "\n" not in clean
    clean.encode("utf-8")
