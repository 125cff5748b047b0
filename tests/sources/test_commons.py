"""Wikimedia Commons: licence and author must reach the manifest, and its operators know who calls."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources import commons
from cyclegan_glasses.sources.commons import CommonsSearch
from cyclegan_glasses.sources.settings import FREE_LICENCES
from tests.sources.loopback import answer

KEYS = [
    "query",
    "pages",
    "imageinfo",
    "url",
    "thumburl",
    "extmetadata",
    "License",
    "value",
    "index",
    "continue",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["cc0", "https://e.org/a", "<p>&<", "http://["]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=20,
)


def page(number, licence="cc-by-sa-4.0", short="CC BY-SA 4.0", **info):
    """One file, in the shape that the API documents (formatversion 2)."""
    artist = '<a href="//commons.wikimedia.org/wiki/User:Ann" title="User:Ann">Ann &amp; Bob</a>'
    return {
        "pageid": number, "ns": 6, "title": f"File:Portrait {number}.jpg", "index": number,
        "imageinfo": [{
            "size": 1000, "width": 2000, "height": 1500, "mime": "image/jpeg",
            "thumburl": f"https://upload.example.org/thumb/{number}.jpg/1280px-{number}.jpg?utm_source=c&utm_content=t",
            "url": f"https://upload.example.org/{number}.jpg?utm_source=commons&utm_campaign=imageinfo",
            "descriptionurl": f"https://commons.example.org/wiki/File:Portrait_{number}.jpg",
            "extmetadata": {
                "License": {"value": licence, "source": "commons-templates", "hidden": ""},
                "LicenseShortName": {"value": short, "source": "commons-desc-page"},
                "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
                "Artist": {"value": artist}, "Restrictions": {"value": "personality"},
            },
            **info,
        }],
    }  # fmt: skip


def test_licence_author_and_landing_page_are_kept():
    (found,) = commons.results({"query": {"pages": [page(1)]}}, FREE_LICENCES)
    assert found.address == "https://upload.example.org/thumb/1.jpg/1280px-1.jpg"
    assert (found.licence, found.author) == ("CC BY-SA 4.0", "Ann & Bob")
    assert found.facts == {
        "landing": "https://commons.example.org/wiki/File:Portrait_1.jpg",
        "title": "Portrait 1.jpg",
        "licence_page": "https://creativecommons.org/licenses/by-sa/4.0",
        "restrictions": "personality",
        "original": "https://upload.example.org/1.jpg",
    }


def test_results_keep_the_order_of_the_search_in_both_format_versions():
    pages = [page(3), page(1), page(2)]
    for shape in (pages, {str(entry["pageid"]): entry for entry in pages}):
        found = commons.results({"query": {"pages": shape}}, FREE_LICENCES)
        assert [result.facts["title"][9] for result in found] == ["1", "2", "3"]


def test_what_has_no_free_licence_or_is_no_picture_is_left_out():
    pages = [
        page(1, "", "Fair use"),
        page(2, mime="image/svg+xml"),
        page(3, "cc-by-nc-4.0"),
        {"title": "File:No info"},
        page(5, "cc0", "CC0"),
        page(6, "pd", "Public domain"),
        page(7, url=None, thumburl=None),
        page(8, extmetadata={}),
    ]
    found = commons.results({"query": {"pages": pages}}, FREE_LICENCES)
    assert [result.licence for result in found] == ["CC0", "Public domain"]


@pytest.mark.parametrize(
    ("name", "short"),
    [("cc-by-sa-4.0", "by-sa"), ("CC BY-SA 3.0 de", "by-sa"), ("cc-by-2.0", "by"), ("CC BY 2.5", "by"),
     ("cc0", "cc0"), ("CC0", "cc0"), ("pd", "pdm"), ("Public domain", "pdm"), ("cc-by-nc-nd-2.0", "by-nc-nd"),
     ("GFDL", ""), ("cc-by-sa", "by-sa"), ("cc-bypass", ""), ("", "")],
)  # fmt: skip
def test_short_names_of_licences(name, short):
    assert commons.short_licence(name) == short


def test_pages_follow_the_tokens_of_the_service(site, make_fetcher):
    def run(handler):
        offset = int(parse_qs(urlsplit(handler.path).query).get("gsroffset", ["0"])[0])
        body = {"batchcomplete": True, "query": {"pages": [page(offset + 1), page(offset + 2)]}}
        if offset < 4:
            body["continue"] = {"gsroffset": offset + 2, "continue": "gsroffset||"}
        answer(json.dumps(body).encode())(handler)

    site.routes["/w/api.php"] = run
    fetcher = make_fetcher(contact="https://example.org/me")
    found = list(CommonsSearch("portrait", endpoint=site.url("")).results(fetcher))
    assert len(found) == 6 and site.hits["/w/api.php"] == 3
    query = parse_qs(urlsplit(site.requests[1][0]).query)
    assert query["continue"] == ["gsroffset||"] and query["gsroffset"] == ["2"]
    assert query["gsrsearch"] == ["filetype:bitmap portrait"] and query["iiurlwidth"] == ["1280"]
    assert "(+https://example.org/me)" in site.requests[0][1]["User-Agent"]


def test_tokens_that_lead_nowhere_end_it(site, make_fetcher):
    body = {"query": {"pages": [page(1)]}, "continue": {"gsroffset": 1, "continue": "x"}}
    site.routes["/w/api.php"] = answer(json.dumps(body).encode())
    found = list(CommonsSearch("a", endpoint=site.url("")).results(make_fetcher(contact="a@b.c")))
    assert len(found) == 2 and site.hits["/w/api.php"] == 2


def test_without_a_contact_nobody_is_asked(site, make_fetcher):
    with pytest.raises(UserError, match="--contact"):
        list(CommonsSearch("a", endpoint=site.url("")).results(make_fetcher()))
    assert not site.hits


def test_what_the_service_says_is_passed_on(site, make_fetcher):
    fetcher = make_fetcher(contact="a@b.c")
    site.routes["/w/api.php"] = answer(b'{"error": {"code": "ratelimited", "info": "Too many requests"}}')
    with pytest.raises(UserError, match="Too many requests"):
        list(CommonsSearch("a", endpoint=site.url("")).results(fetcher))
    site.routes["/w/api.php"] = answer(b"no", 403)
    with pytest.raises(UserError, match="403"):
        list(CommonsSearch("a", endpoint=site.url("")).results(fetcher))


def test_only_widths_that_are_rendered():
    """Other widths are answered with an error by the picture servers."""
    with pytest.raises(UserError, match="1280"):
        CommonsSearch("a", width=1024)


@given(JSON)
def test_no_answer_breaks_it(value):
    payload = {"query": {"pages": value}, "continue": value}
    for found in commons.results(payload, FREE_LICENCES):
        assert found.address.startswith("http")
    assert all(isinstance(word, str) for word in commons.next_parameters(payload).values())


@given(st.text(alphabet="<>&;![]-/a \n", max_size=60))
def test_no_markup_breaks_it(value):
    info = {
        "extmetadata": {"License": {"value": "cc0"}, "Artist": {"value": value}},
        "url": "https://e.org/a",
    }
    (found,) = commons.results({"query": {"pages": [{"imageinfo": [info]}]}}, ("cc0",))
    assert "\n" not in found.author
