"""Google: a page that hides its results must never pass for a search without results."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources import google
from cyclegan_glasses.sources.google import GoogleSearch
from tests.sources.loopback import answer, picture

RECORD = (
    '[0,"doc1",["https://encrypted-tbn0.gstatic.com/images?q\\u003dtbn:AB\\u0026s",225,225],'
    '["https://pictures.example/a.jpg?w\\u003d1\\u0026h\\u003d2",1200,800],null,0,"rgb(1,2,3)",null,0,'
    '{"2000":[null,"pictures.example","68KB"],'
    '"2003":[null,"x1","https://site.example/page","A \\"fine\\" portrait",'
    "null,0]}]"
)
SECOND = '["https://other.example/b.png",640,480],null,{"2003":[null,"x2","https://other.example/","B"]}'
NO_SCRIPT = (
    '<noscript><meta content="0;url=/httpservice/retry/enablejs?sei=x" http-equiv="refresh"></noscript>'
)


def page(*scripts, body=""):
    inside = "".join(f"<script>{script}</script>" for script in scripts)
    return f"<!doctype html><html><head><title>x</title>{NO_SCRIPT}</head><body>{body}{inside}</body></html>"


def test_full_size_addresses_are_read_from_the_scripts():
    found = google.results_page(page(f"var m={{'a':{RECORD}}};", f"x=[{SECOND}]"), "saved.html")
    assert [result.address for result in found] == [
        "https://pictures.example/a.jpg?w=1&h=2",
        "https://other.example/b.png",
    ]
    assert found[0].facts == {"landing": "https://site.example/page", "title": 'A "fine" portrait'}
    assert found[1].facts == {"landing": "https://other.example/", "title": "B"}
    assert found[0].licence == "", "Google knows no licence"


def test_records_inside_javascript_strings_are_read_too():
    twice = json.dumps(SECOND)
    hexed = SECOND.replace('"', "\\x22").replace("=", "\\x3d")
    for script in (f"f({twice})", f"f('{hexed}')"):
        (found,) = google.results_page(page(script), "saved.html")
        assert (
            found.address == "https://other.example/b.png"
            and found.facts["landing"] == "https://other.example/"
        )


def test_links_of_the_plain_page_are_read():
    link = "/imgres?imgurl=https%3A%2F%2Fp.example%2Fc.jpg%3Fa%3D1&amp;imgrefurl=https%3A%2F%2Fp.example%2F"
    (found,) = google.results_page(page(body=f'<a href="{link}"><img src="x"></a>'), "saved.html")
    assert found.address == "https://p.example/c.jpg?a=1" and found.facts == {"landing": "https://p.example/"}


def test_thumbnails_by_address_and_held_in_the_page(make_fetcher):
    held = "data:image/jpeg;base64," + base64.b64encode(picture(1)).decode()
    small = "https://encrypted-tbn0.gstatic.com/images?q=tbn:AB&amp;s"
    others = '<img src="data:image/gif;base64,R0"><img src="/logo.png">'
    body = f'<img src="{held}" alt="Ann"><img data-src="{small}">{others}'
    found = google.results_page(page(RECORD, body=body), "saved.html", thumbnails=True)
    assert [result.address for result in found] == [held, small.replace("&amp;", "&")]
    assert make_fetcher().picture(found[0].address).status == "ok" and found[0].facts == {"title": "Ann"}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (NO_SCRIPT, "JavaScript"),
        ("Turn on JavaScript to keep searching", "JavaScript"),
        ('<form action="https://consent.google.com/save">', "consent"),
        ("<h1>Before you continue to Google Search</h1>", "consent"),
        ("Our systems have detected unusual traffic from your computer network", "robot"),
        ("<p>hello", "not a page of image results"),
        ("", "not a page of image results"),
        (page("var x=1;"), "JavaScript"),
    ],
)
def test_a_page_without_results_says_why(body, word):
    with pytest.raises(UserError, match=word) as caught:
        google.results_page(body, "saved.html")
    assert "--page" in str(caught.value) and "\n" not in str(caught.value)


def test_only_a_page_that_says_so_has_no_results():
    assert google.results_page(page(body="Your search - xqzzy - did not match any image results."), "a") == []


@given(st.text(max_size=300) | st.text(alphabet='<>!["]-/ascripthttps:.\\u003d,12&;', max_size=300))
def test_no_page_breaks_it(html):
    for thumbnails in (True, False):
        for text in (
            html,
            page(html),
            page(RECORD + html),
            page(body=f'<img src="{html}"><a href="/imgres?{html}">'),
        ):
            try:
                found = google.results_page(text, "a", thumbnails)
            except UserError as error:
                assert "\n" not in str(error)
            else:
                assert all(result.address for result in found)


def api_item(number):
    """One item, in the shape that the API documents."""
    image = {
        "contextLink": f"https://site.example/{number}",
        "height": 9,
        "width": 9,
        "thumbnailLink": "https://t",
    }
    return {"kind": "customsearch#result", "title": f"T{number}", "link": f"https://p.example/{number}.jpg",
            "displayLink": "site.example", "mime": "image/jpeg", "image": image}  # fmt: skip


def test_the_api_is_asked_page_by_page_to_its_end(site, make_fetcher):
    def run(handler):
        start = int(parse_qs(urlsplit(handler.path).query)["start"][0])
        body = {
            "items": [api_item(start + number) for number in range(10)],
            "queries": {"nextPage": [{"startIndex": 1}]},
        }
        answer(json.dumps(body).encode())(handler)

    site.routes["/customsearch/v1"] = run
    search = GoogleSearch(
        "a face", endpoint=site.url(""), api_key="K", engine_id="E", rights="cc_publicdomain"
    )
    found = list(search.results(make_fetcher()))
    assert len(found) == 100 and site.hits["/customsearch/v1"] == 10
    query = parse_qs(urlsplit(site.requests[0][0]).query)
    assert (query["key"], query["cx"], query["searchType"], query["num"]) == (["K"], ["E"], ["image"], ["10"])
    assert query["rights"] == ["cc_publicdomain"]
    assert found[0].facts == {"landing": "https://site.example/1", "title": "T1", "site": "site.example"}


def test_an_api_without_results_is_the_end(site, make_fetcher):
    site.routes["/customsearch/v1"] = answer(b'{"queries": {}}')
    search = GoogleSearch("a", endpoint=site.url(""), api_key="K", engine_id="E")
    assert list(search.results(make_fetcher())) == []


def test_what_the_api_says_is_passed_on_without_the_key(site, make_fetcher):
    site.routes["/customsearch/v1"] = answer(b'{"error": {"code": 403, "message": "not enabled"}}', 403)
    search = GoogleSearch("a", endpoint=site.url(""), api_key="SECRET", engine_id="E")
    with pytest.raises(UserError, match="403 not enabled.*1 January 2027") as caught:
        list(search.results(make_fetcher()))
    assert "SECRET" not in str(caught.value)
    for code in (429, 302):
        site.routes["/customsearch/v1"] = answer(
            b"{}", code, Retry_After="9999", Location="ftp://x/?key=SECRET"
        )
        with pytest.raises(UserError) as caught:
            list(search.results(make_fetcher()))
        assert "SECRET" not in str(caught.value)


ITEMS = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.just("https://a.b/c"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["link", "image"]), inner),
    max_leaves=10,
)


@given(ITEMS)
def test_no_answer_of_the_api_breaks_it(items):
    for found in google.api_results({"items": items}):
        assert found.address.startswith("http")


def test_the_search_page_is_asked_until_it_gives_nothing_new(site, make_fetcher):
    def run(handler):
        start = int(parse_qs(urlsplit(handler.path).query).get("start", ["0"])[0])
        records = [f'["https://p.example/{min(start, 20) + number}.jpg",9,9]' for number in range(20)]
        answer(page(",".join(records)).encode())(handler)

    site.routes["/search"] = run
    found = list(GoogleSearch("a", endpoint=site.url("")).results(make_fetcher()))
    assert len(found) == 40 and site.hits["/search"] == 3


def test_the_search_page_is_not_asked_where_robots_txt_forbids_it(site, make_fetcher):
    site.routes["/robots.txt"] = answer(b"User-agent: *\nDisallow: /search\n")
    site.routes["/search"] = answer(page(RECORD).encode())
    with pytest.raises(UserError, match="robots.txt.*--page"):
        list(GoogleSearch("a", endpoint=site.url("")).results(make_fetcher()))
    assert site.hits["/search"] == 0


@pytest.mark.parametrize(
    ("reply", "word"),
    [(answer(NO_SCRIPT.encode()), "JavaScript"), (answer(b"", 302, Location="/sorry/index?x"), "robot"),
     (answer(b"unusual traffic", 429), "left alone|429|robot"), (answer(b"", 404), "404")],
)  # fmt: skip
def test_a_search_page_that_hides_its_results_says_why(site, make_fetcher, reply, word):
    site.routes["/search"] = reply
    site.routes["/sorry/index"] = answer(b"prove that you are human")
    with pytest.raises(UserError, match=word):
        list(GoogleSearch("a", endpoint=site.url("")).results(make_fetcher()))


def test_saved_pages_are_read_one_after_the_other(tmp_path, make_fetcher):
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    first.write_text(page(RECORD), encoding="utf-8")
    second.write_bytes(page(SECOND).encode() + b"\xff\xfe")
    found = list(GoogleSearch("a", pages=(first, second)).results(make_fetcher()))
    assert len(found) == 2
    with pytest.raises(UserError, match="No such file"):
        list(GoogleSearch("a", pages=(tmp_path / "c.html",)).results(make_fetcher()))


def test_half_a_key_is_refused():
    with pytest.raises(UserError, match="--engine_id"):
        GoogleSearch("a", api_key="K")
