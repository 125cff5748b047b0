"""Downloads from a server that misbehaves: the crawl must neither hang, nor be misled, nor be rude."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import struct
import time
import zlib

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.fetch import addresses
from cyclegan_glasses.sources.fetch.client import Fetcher
from cyclegan_glasses.sources.fetch.result import FetchError
from cyclegan_glasses.sources.fetch.settings import FetchSettings
from tests.sources.loopback import answer, in_turn, picture

pytestmark = pytest.mark.slow


def test_a_picture_comes_whole(site, make_fetcher):
    for kind in ("JPEG", "PNG", "WEBP"):
        content = picture(1, kind)
        site.routes["/a"] = answer(content, Content_Type="text/plain")
        got = make_fetcher(contact="me@example.org").picture(site.url("/a"))
        assert got.status == "ok" and got.content == content
        assert got.sha256 == hashlib.sha256(content).hexdigest()
    agent = site.requests[-1][1]["User-Agent"]
    assert agent.startswith("cyclegan-glasses/") and "(+me@example.org)" in agent


def test_the_default_refuses_this_machine(site):
    """Without it, a page could have the crawler read the router, the cloud's metadata or a local service."""
    site.routes["/a"] = answer(picture())
    got = Fetcher(FetchSettings(interval=0)).picture(site.url("/a"))
    assert (got.status, got.error) == ("refused", "private")
    assert not site.hits, "nothing may be sent to a refused address"


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "localhost", "0"])
def test_other_spellings_of_this_machine_are_refused(site, host):
    port = site.host.split(":")[1]
    got = Fetcher(FetchSettings(interval=0)).picture(f"http://{host}:{port}/a")
    assert got.status != "ok" and got.error in ("private", "address", "dns")
    assert not site.hits


def test_a_name_that_changes_its_mind_gains_nothing(site):
    """DNS rebinding: public when checked, private when connected to; there is one look-up for both."""
    site.routes["/a"] = answer(picture())
    port = int(site.host.split(":")[1])
    answers = itertools.cycle(["93.184.215.14", "127.0.0.1"])
    asked = []

    def resolve(host, port_, **_):
        asked.append(next(answers))
        return [(2, 1, 6, "", (asked[-1], port_))]

    settings = FetchSettings(interval=0, backoff=0, retries=3, connect_timeout=0.2)
    got = Fetcher(settings, resolve=resolve).picture(f"http://rebind.example:{port}/a")
    assert got.status == "refused" and got.error == "private"
    assert "127.0.0.1" in asked and not site.hits


def test_a_host_with_one_private_address_is_refused():
    def resolve(host, port, **_):
        return [(2, 1, 6, "", ("93.184.215.14", port)), (2, 1, 6, "", ("10.0.0.1", port))]

    got = Fetcher(FetchSettings(interval=0), resolve=resolve).picture("http://two.example/a")
    assert got.error == "private" and "10.0.0.1" in got.reason


def test_the_host_header_stays_when_the_address_is_pinned(site, make_fetcher):
    site.routes["/a"] = answer(picture())
    port = int(site.host.split(":")[1])
    settings = make_fetcher().settings
    fetcher = Fetcher(settings, resolve=lambda host, port_, **_: [(2, 1, 6, "", ("127.0.0.1", port_))])
    assert fetcher.picture(f"http://pictures.example:{port}/a").status == "ok"
    assert site.requests[-1][1]["Host"] == f"pictures.example:{port}"


def test_a_redirect_into_a_private_network_is_refused(site, monkeypatch):
    """The first host passes for a public one; the metadata service of a cloud is behind its redirect."""
    site.routes["/a"] = answer(b"", 302, Location="http://169.254.169.254/latest/meta-data")
    port = int(site.host.split(":")[1])
    real = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda ip: ip == "127.0.0.1" or real(ip))

    def resolve(host, port_, **_):
        return [(2, 1, 6, "", ("127.0.0.1" if host == "open.example" else host, port_))]

    got = Fetcher(FetchSettings(interval=0), resolve=resolve).picture(f"http://open.example:{port}/a")
    assert site.hits["/a"] == 1
    assert (got.status, got.error) == ("refused", "private") and "169.254.169.254" in got.reason


@pytest.mark.parametrize("target", ["ftp://example.org/a", "file:///etc/passwd", "http://[", "http://:80/"])
def test_a_redirect_to_something_else_is_refused(site, make_fetcher, target):
    site.routes["/a"] = answer(b"", 301, Location=target)
    got = make_fetcher().picture(site.url("/a"))
    assert (got.status, got.error) == ("refused", "address")


def test_redirects_are_followed_but_not_for_ever(site, make_fetcher):
    content = picture(2)
    site.routes["/b"] = answer(b"", 302, Location="/c")
    site.routes["/c"] = answer(content)
    got = make_fetcher().picture(site.url("/b"))
    assert got.status == "ok" and got.final == site.url("/c")
    site.routes["/loop"] = answer(b"", 302, Location="/loop")
    got = make_fetcher(max_redirects=3).picture(site.url("/loop"))
    assert (got.status, got.error) == ("failed", "redirects") and site.hits["/loop"] == 4


def test_the_body_of_a_redirect_is_not_read(site, make_fetcher):
    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /c\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            handler.wfile.write(b"10000\r\n" + b"a" * 65536 + b"\r\n")

    site.routes["/b"] = endless
    site.routes["/c"] = answer(picture())
    start = time.monotonic()
    assert make_fetcher().picture(site.url("/b")).status == "ok"
    assert time.monotonic() - start < 10


def test_too_many_requests_is_obeyed(site, make_fetcher):
    site.routes["/a"] = in_turn(answer(b"", 429, Retry_After="1"), answer(picture()))
    start = time.monotonic()
    got = make_fetcher().picture(site.url("/a"))
    assert got.status == "ok" and 1.0 <= time.monotonic() - start < 15


def test_a_long_retry_after_ends_all_requests_to_the_host(site, make_fetcher):
    """Neither waits for an hour, nor goes on asking a host that wants to be left alone."""
    site.routes["/a"] = answer(b"", 429, Retry_After="3600")
    site.routes["/b"] = answer(picture())
    fetcher = make_fetcher(max_wait=1)
    start = time.monotonic()
    first, second = fetcher.picture(site.url("/a")), fetcher.picture(site.url("/b"))
    assert time.monotonic() - start < 10
    assert [first.error, second.error] == ["busy", "busy"] and first.status == "failed"
    assert site.hits["/a"] == 1 and site.hits["/b"] == 0


def test_nonsense_in_retry_after_is_no_wait(site, make_fetcher):
    for value in ("soon", "-5", "9" * 5000, "Wed, 99 Nov 2099"):
        site.routes["/a"] = in_turn(answer(b"", 503, Retry_After=value), answer(picture()))
        got = make_fetcher(max_wait=0.5).picture(site.url("/a"))
        assert got.status == "ok" or got.error == "busy"


def test_a_server_out_of_order_is_asked_again_with_growing_pauses_and_then_left(site, make_fetcher):
    site.routes["/a"] = answer(b"", 503)
    got = make_fetcher(retries=3, backoff=0.1).picture(site.url("/a"))
    assert (got.status, got.error, got.http) == ("failed", "busy", 503)
    times = [moment for moment, path in site.times if path == "/a"]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 4 and pauses[0] >= 0.1 and pauses[1] >= 0.2 and pauses[2] >= 0.4
    site.routes["/b"] = in_turn(answer(b"", 503), answer(b"", 502), answer(picture()))
    assert make_fetcher().picture(site.url("/b")).status == "ok"


def test_an_empty_answer_is_a_failure(site, make_fetcher):
    site.routes["/a"] = answer(b"")
    got = make_fetcher().picture(site.url("/a"))
    assert (got.status, got.error) == ("failed", "cut")


def test_what_is_not_there_is_asked_for_once(site, make_fetcher):
    got = make_fetcher().picture(site.url("/missing"))
    assert (got.status, got.error, got.http) == ("failed", "http", 404) and site.hits["/missing"] == 1


def test_an_answer_cut_off_is_asked_again(site, make_fetcher):
    content = picture(3)

    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        handler.close_connection = True

    site.routes["/a"] = in_turn(cut, answer(content))
    assert make_fetcher().picture(site.url("/a")).content == content
    site.routes["/b"] = cut
    got = make_fetcher(retries=1).picture(site.url("/b"))
    assert (got.status, got.error) == ("failed", "cut") and site.hits["/b"] == 2


def test_a_chunked_answer_cut_off_is_no_picture(site, make_fetcher):
    content = picture(3)

    def cut(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n40\r\nhalf" % (len(content), content))
        handler.close_connection = True

    site.routes["/a"] = cut
    got = make_fetcher(retries=0).picture(site.url("/a"))
    assert got.status == "failed" and got.error in ("cut", "network")


def test_a_chunked_picture_comes_whole(site, make_fetcher):
    content = picture(4, "PNG")

    def chunks(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(content), 1000):
            part = content[start : start + 1000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n\r\n")

    site.routes["/a"] = chunks
    assert make_fetcher().picture(site.url("/a")).content == content


def drip(where):
    def run(handler):
        def send(text):
            handler.wfile.write(text)
            handler.wfile.flush()

        if where == "head":
            send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        elif where == "interim":
            for _ in range(1000):
                send(b"HTTP/1.1 100 Continue\r\n\r\n")
                time.sleep(0.05)
        elif where == "chunk size":
            send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        else:
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        for _ in range(1000):
            send(b"a")
            time.sleep(0.05)

    return run


@pytest.mark.parametrize("where", ["head", "interim", "chunk size", "body"])
def test_a_trickle_ends_when_the_time_is_up(site, make_fetcher, where):
    """Each byte comes within the read timeout; only the limit on the whole download ends it."""
    site.routes["/a"] = drip(where)
    start = time.monotonic()
    got = make_fetcher(max_seconds=0.8, retries=3).picture(site.url("/a"))
    assert (got.status, got.error) == ("failed", "slow")
    assert 0.7 < time.monotonic() - start < 15 and site.hits["/a"] == 1


def test_silence_ends_at_the_read_timeout(site, make_fetcher):
    site.routes["/a"] = lambda handler: time.sleep(30)
    start = time.monotonic()
    got = make_fetcher(read_timeout=0.2, retries=1).picture(site.url("/a"))
    assert (got.status, got.error) == ("failed", "slow") and time.monotonic() - start < 10
    assert site.hits["/a"] == 2


def test_a_dead_host_ends(make_fetcher):
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        got = make_fetcher(retries=1).picture(f"http://127.0.0.1:{held.getsockname()[1]}/a")
    assert (got.status, got.error) == ("failed", "network")
    unknown = make_fetcher(retries=0).picture("http://no-such-host.invalid/a")
    assert (unknown.status, unknown.error) == ("failed", "dns")


def test_too_large_by_its_header_is_not_read(site, make_fetcher):
    def boast(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        handler.close_connection = True

    site.routes["/a"] = boast
    got = make_fetcher(max_bytes=10_000).picture(site.url("/a"))
    assert (got.status, got.error) == ("refused", "large")


def test_an_endless_answer_is_left_at_the_limit(site, make_fetcher):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"10000\r\n" + b"a" * 65536 + b"\r\n")
            sent.append(65536)

    site.routes["/a"] = endless
    got = make_fetcher(max_bytes=1_000_000).picture(site.url("/a"))
    assert (got.status, got.error) == ("refused", "large") and site.hits["/a"] == 1
    time.sleep(0.2)
    assert sum(sent) < 20_000_000, "the connection must be closed"


def test_the_limit_is_exact(site, make_fetcher):
    content = picture(5)
    site.routes["/a"] = answer(content)
    assert make_fetcher(max_bytes=len(content)).picture(site.url("/a")).status == "ok"
    assert make_fetcher(max_bytes=len(content) - 1).picture(site.url("/a")).error == "large"


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"<!DOCTYPE html><p>sorry",
        b"GIF89a" + b"\0" * 50,
        b"<svg onload=alert(1)>",
        b"BM" + b"\0" * 60,
    ],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(site, make_fetcher, body):
    site.routes["/face.jpg"] = answer(body, Content_Type="image/jpeg")
    got = make_fetcher().picture(site.url("/face.jpg"))
    assert (got.status, got.error) == ("refused", "type")


def test_half_a_picture_is_broken(site, make_fetcher):
    site.routes["/a"] = answer(picture(6)[:-400])
    got = make_fetcher().picture(site.url("/a"))
    assert (got.status, got.error) == ("failed", "broken")


def bomb(width, height):
    def block(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (width // 8 + 1)) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", head) + block(b"IDAT", rows) + block(b"IEND", b"")


def test_a_small_file_that_unpacks_to_a_huge_picture_is_not_unpacked(site, make_fetcher):
    content = bomb(20_000, 20_000)
    assert len(content) < 200_000
    site.routes["/a"] = answer(content)
    start = time.monotonic()
    got = make_fetcher().picture(site.url("/a"))
    assert (got.status, got.error) == ("failed", "broken") and "limit" in got.reason
    assert time.monotonic() - start < 10
    site.routes["/b"] = answer(picture(size=(40, 25)))
    assert make_fetcher(max_pixels=1000).picture(site.url("/b")).status == "ok"
    assert make_fetcher(max_pixels=999).picture(site.url("/b")).error == "broken"


def test_a_packed_answer_is_not_unpacked(site, make_fetcher):
    """A few kilobytes of gzip can hold gigabytes; nobody asked for them."""
    site.routes["/a"] = answer(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")
    got = make_fetcher().picture(site.url("/a"))
    assert (got.status, got.error) == ("refused", "encoded")
    assert site.requests[-1][1]["Accept-Encoding"] == "identity"


def test_robots_txt_is_asked_once_and_obeyed(site, make_fetcher):
    site.routes["/robots.txt"] = answer(b"User-agent: *\nDisallow: /no\nAllow: /no/yes\n")
    site.routes["/no/a"] = site.routes["/no/yes"] = site.routes["/b"] = answer(picture())
    fetcher = make_fetcher()
    assert fetcher.picture(site.url("/no/a")).error == "robots"
    assert fetcher.picture(site.url("/x/../no/a")).error == "robots", "a detour must not help"
    assert fetcher.picture(site.url("/no/yes")).status == "ok"
    assert fetcher.picture(site.url("/b")).status == "ok"
    assert site.hits["/robots.txt"] == 1 and site.hits["/no/a"] == 0


def test_robots_txt_of_the_host_behind_a_redirect_counts(site, make_fetcher):
    site.routes["/robots.txt"] = answer(b"User-agent: cyclegan-glasses\nDisallow: /there\n")
    site.routes["/here"] = answer(b"", 302, Location="/there")
    site.routes["/there"] = answer(picture())
    assert make_fetcher().picture(site.url("/here")).error == "robots" and site.hits["/there"] == 0


def test_a_site_that_cannot_say_what_it_allows_is_left_alone(site, make_fetcher):
    """RFC 9309: server errors mean no; a missing file means yes."""
    site.routes["/a"] = answer(picture())
    site.routes["/robots.txt"] = answer(b"", 500)
    got = make_fetcher(retries=0).picture(site.url("/a"))
    assert (got.status, got.error) == ("failed", "http") and "robots.txt" in got.reason
    site.routes["/robots.txt"] = answer(b"", 501)
    assert make_fetcher().picture(site.url("/a")).error == "http"
    site.routes["/robots.txt"] = answer(b"", 403)
    assert make_fetcher().picture(site.url("/a")).status == "ok"
    assert site.hits["/a"] == 1


@pytest.mark.parametrize("tag", ["noai", "noimageai", "noindex", "noimageindex", "nofollow, NoAI", "none"])
def test_a_picture_that_says_no_is_not_taken(site, make_fetcher, tag):
    site.routes["/a"] = answer(picture(), X_Robots_Tag=tag)
    got = make_fetcher().picture(site.url("/a"))
    assert (got.status, got.error) == ("refused", "noai")


@pytest.mark.parametrize("tag", ["nofollow", "googlebot: noindex", "unavailable_after: 25 Jun 2040", "all"])
def test_other_tags_do_not_matter(site, make_fetcher, tag):
    site.routes["/a"] = answer(picture(), X_Robots_Tag=tag)
    assert make_fetcher().picture(site.url("/a")).status == "ok"


def test_requests_to_a_host_keep_their_distance_over_all_threads(site, make_fetcher):
    from concurrent.futures import ThreadPoolExecutor

    for number in range(6):
        site.routes[f"/{number}"] = answer(picture(number))
    fetcher = make_fetcher(interval=0.1)
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(fetcher.picture, [site.url(f"/{number}") for number in range(6)]))
    assert all(result.status == "ok" for result in results)
    times = sorted(moment for moment, _ in site.times)
    assert len(times) == 7
    assert 0.45 < times[-1] - times[0] < 10, "0.6 s, less what the first one was late"


def test_a_crawl_delay_is_kept_and_an_unreasonable_one_ends_it(site, make_fetcher):
    site.routes["/a"] = answer(picture())
    site.routes["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 0.3\n")
    fetcher = make_fetcher()
    fetcher.picture(site.url("/a"))
    start = time.monotonic()
    fetcher.picture(site.url("/a"))
    assert 0.2 < time.monotonic() - start < 10
    site.routes["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 600\n")
    assert make_fetcher().picture(site.url("/a")).error == "robots"


def test_no_cookies_no_proxy_no_passwords(site, make_fetcher, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    site.routes["/a"] = answer(picture(), Set_Cookie="id=1; Path=/")
    fetcher = make_fetcher()
    assert fetcher.picture(site.url("/a")).status == "ok"
    assert fetcher.picture(site.url("/a")).status == "ok"
    assert "Cookie" not in site.requests[-1][1]
    got = fetcher.picture(f"http://me:secret@{site.host}/a")
    assert (got.status, got.error) == ("refused", "address")


def test_a_page_comes_with_any_status_and_stays_bounded(site, make_fetcher):
    site.routes["/p"] = answer(b"no such key", 403)
    reply = make_fetcher().page(site.url("/p?q=1"), robots=False)
    assert (reply.http, reply.body) == (403, b"no such key") and "/robots.txt" not in site.hits
    with pytest.raises(FetchError, match="only http"):
        make_fetcher().page("gopher://example.org/", robots=False)


def test_pictures_held_in_the_page_itself(make_fetcher):
    import base64

    content = picture(7, "PNG")
    got = make_fetcher().picture("data:image/png;base64," + base64.b64encode(content).decode())
    assert got.status == "ok" and got.content == content
    assert make_fetcher().picture("data:image/png;base64,!!!").error == "address"
    assert make_fetcher(max_bytes=100).picture("data:image/png;base64," + "A" * 500).error == "large"


def test_stop_ends_what_is_under_way(site, make_fetcher):
    import threading

    site.routes["/a"] = lambda handler: time.sleep(20)
    fetcher = make_fetcher(read_timeout=30, max_seconds=30)
    threading.Timer(0.3, fetcher.stop).start()
    start = time.monotonic()
    assert fetcher.picture(site.url("/a")).status == "failed"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "wrong",
    [{"contact": "me\r\nX: y"}, {"contact": "just me"}, {"connections": 0}, {"interval": -1.0},
     {"interval": float("nan")}, {"max_seconds": 0.0}, {"max_bytes": -5}, {"max_wait": float("inf")}],
)  # fmt: skip
def test_settings_without_sense_are_refused(wrong):
    with pytest.raises(UserError, match="--"):
        FetchSettings(**wrong)
