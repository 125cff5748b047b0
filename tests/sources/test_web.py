"""A crawl keeps each picture once, with what is known of it, however often it is stopped."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from concurrent.futures import wait
from dataclasses import dataclass

import pytest

from cyclegan_glasses.collect.writer import Writer
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import latest_photos, read_manifest
from cyclegan_glasses.sources.search_result import SearchResult
from cyclegan_glasses.sources.settings import GatherSettings
from cyclegan_glasses.sources.web import WebSource
from tests.sources.loopback import answer, in_turn, picture


@dataclass
class Finds:
    """A search that finds what it is told to."""

    found: Iterable[SearchResult]
    name: str = "test"
    query: str = "q"

    def results(self, fetcher):
        return iter(self.found)


def crawl(found, fetcher, folder, **settings):
    source = WebSource(Finds(found), fetcher, GatherSettings(folder, **settings))
    rows = list(Writer(folder).write(source.photos()))
    assert len(rows) == source.tally.new
    return source.tally


def serve(site, count, start=0):
    for number in range(start, start + count):
        site.routes[f"/{number}.jpg"] = answer(picture(number))
    return [
        SearchResult(site.url(f"/{number}.jpg"), "CC0 1.0", "Ann") for number in range(start, start + count)
    ]


def log(folder):
    return [json.loads(line) for line in (folder / "fetched.jsonl").read_text().splitlines()]


def test_pictures_rows_and_log(site, make_fetcher, tmp_path):
    found = serve(site, 3)
    found[0] = SearchResult(found[0].address, "CC BY 2.0", "Bob", {"landing": "https://example.org/"})
    tally = crawl(found, make_fetcher(), tmp_path, label="glasses")
    assert (tally.new, tally.have, tally.failed) == (3, 3, 0)
    photos = {photo.origin: photo for photo in latest_photos(tmp_path).values()}
    first = photos[found[0].address]
    content = (tmp_path / first.path).read_bytes()
    assert content == picture(0) and hashlib.sha256(content).hexdigest() == first.sha256
    assert first.path == f"photos/{first.sha256[:24]}.jpg"
    assert (first.source, first.licence, first.author, first.label) == ("test", "CC BY 2.0", "Bob", "glasses")
    assert (first.width, first.height) == (48, 32)
    assert first.facts == {"landing": "https://example.org/", "query": "q"}
    assert {row["status"] for row in log(tmp_path)} == {"ok"} and len(log(tmp_path)) == 3


def test_a_second_run_fetches_nothing(site, make_fetcher, tmp_path):
    found = serve(site, 3)
    crawl(found, make_fetcher(), tmp_path)
    before = site.hits.copy()
    tally = crawl(found, make_fetcher(), tmp_path)
    assert (tally.new, tally.before) == (0, 3) and site.hits == before
    assert len(list(read_manifest(tmp_path))) == 3


def test_count_is_what_is_there_in_the_end(site, make_fetcher, tmp_path):
    found = serve(site, 10)
    assert crawl(found, make_fetcher(), tmp_path, count=4).have == 4
    assert crawl(found, make_fetcher(), tmp_path, count=7).new == 3
    assert crawl(found, make_fetcher(), tmp_path, count=7).new == 0
    assert len(latest_photos(tmp_path)) == 7


def test_the_search_goes_no_further_than_needed(site, make_fetcher, tmp_path):
    asked = []

    def search():
        for number, found in enumerate(serve(site, 100)):
            asked.append(number)
            yield found

    assert crawl(search(), make_fetcher(connections=2), tmp_path, count=5).have == 5
    assert len(asked) <= 9


def test_failures_make_room_for_others(site, make_fetcher, tmp_path):
    found = serve(site, 6)
    site.routes["/0.jpg"] = answer(b"", 404)
    site.routes["/1.jpg"] = answer(b"<html>")
    tally = crawl(found, make_fetcher(), tmp_path, count=4)
    assert (tally.have, tally.failed, tally.refused) == (4, 1, 1) and tally.causes == {"http": 1, "type": 1}


def test_failed_ones_are_tried_again_when_asked_and_refused_ones_never(site, make_fetcher, tmp_path):
    found = serve(site, 2)
    site.routes["/0.jpg"] = in_turn(answer(b"", 404), answer(picture(0)))
    site.routes["/1.jpg"] = answer(picture(1), X_Robots_Tag="noai")
    assert crawl(found, make_fetcher(), tmp_path).failed == 1
    tally = crawl(found, make_fetcher(), tmp_path)
    assert (tally.failed, tally.refused) == (1, 1) and site.hits["/0.jpg"] == 1
    tally = crawl(found, make_fetcher(), tmp_path, retry_failed=True)
    assert (tally.new, tally.failed, tally.refused) == (1, 0, 1) and site.hits["/1.jpg"] == 1
    assert crawl(found, make_fetcher(), tmp_path, retry_failed=True).before == 1


def test_the_same_picture_at_two_addresses_is_kept_once(site, make_fetcher, tmp_path):
    site.routes["/a"] = site.routes["/b"] = answer(picture(1))
    found = [
        SearchResult(site.url("/a"), "CC0"),
        SearchResult(site.url("/b"), "CC BY"),
        SearchResult(site.url("/a")),
    ]
    tally = crawl(found, make_fetcher(connections=1), tmp_path)
    assert (tally.new, tally.duplicate) == (1, 1)
    (photo,) = latest_photos(tmp_path).values()
    assert photo.licence == "CC0" and len(list((tmp_path / "photos").iterdir())) == 1
    assert [row["status"] for row in log(tmp_path)] == ["ok", "duplicate"]
    assert crawl(found, make_fetcher(), tmp_path).duplicate == 1 and site.hits["/b"] == 1


def test_a_search_that_breaks_off_keeps_what_it_gave(site, make_fetcher, tmp_path):
    def search():
        yield from serve(site, 5)
        raise UserError("the service went away")

    with pytest.raises(UserError, match="went away"):
        crawl(search(), make_fetcher(), tmp_path)
    assert len(latest_photos(tmp_path)) == 5


def test_a_kill_between_file_and_row_leaves_no_second_file(site, make_fetcher, tmp_path):
    found = serve(site, 1)
    crawl(found, make_fetcher(), tmp_path)
    (tmp_path / "manifest.jsonl").unlink()
    (tmp_path / "fetched.jsonl").unlink()
    assert crawl(found, make_fetcher(), tmp_path).new == 1
    assert len(list((tmp_path / "photos").iterdir())) == 1 and len(latest_photos(tmp_path)) == 1


def test_a_file_that_is_not_what_its_name_says_is_written_anew(site, make_fetcher, tmp_path):
    found = serve(site, 1)
    name = hashlib.sha256(picture(0)).hexdigest()[:24] + ".jpg"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / name).write_bytes(b"half")
    crawl(found, make_fetcher(), tmp_path)
    assert (tmp_path / "photos" / name).read_bytes() == picture(0)


def test_a_torn_log_is_mended(site, make_fetcher, tmp_path):
    found = serve(site, 2)
    site.routes["/0.jpg"] = answer(b"", 404)
    crawl(found[:1], make_fetcher(), tmp_path)
    with (tmp_path / "fetched.jsonl").open("ab") as file:
        file.write(b'{"origin": "htt')
    crawl(found, make_fetcher(), tmp_path)
    lines = (tmp_path / "fetched.jsonl").read_text().splitlines()
    assert len(lines) == 2 and json.loads(lines[1])["status"] == "ok" and site.hits["/0.jpg"] == 1


def test_closing_early_stops_at_once_and_keeps_what_came(site, make_fetcher, tmp_path):
    found = serve(site, 20)
    for number in range(2, 20):
        site.routes[f"/{number}.jpg"] = lambda handler: time.sleep(20)
    fetcher = make_fetcher(read_timeout=30, max_seconds=30)
    source = WebSource(Finds(found), fetcher, GatherSettings(tmp_path))
    photos = source.photos()
    rows = Writer(tmp_path).write(photos)
    start = time.monotonic()
    next(rows)
    rows.close()
    photos.close()
    assert time.monotonic() - start < 10
    assert len(latest_photos(tmp_path)) == source.tally.new == 1


def test_ctrl_c_keeps_what_has_come(site, make_fetcher, tmp_path, monkeypatch):
    """The interruption comes while the crawl waits: three pictures have come, the fourth never does."""
    found = serve(site, 4)
    site.routes["/3.jpg"] = lambda handler: time.sleep(20)
    source = WebSource(Finds(found), make_fetcher(read_timeout=30, max_seconds=30), GatherSettings(tmp_path))

    def interrupted(under_way, return_when):
        waiting = [future for future, result in under_way.items() if not result.address.endswith("/3.jpg")]
        wait(waiting)
        raise KeyboardInterrupt

    monkeypatch.setattr("cyclegan_glasses.sources.web.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(Writer(tmp_path).write(source.photos()))
    assert len(list(Writer(tmp_path).write(source.arrived()))) == 3
    assert len(latest_photos(tmp_path)) == source.tally.new == 3


def test_a_folder_that_cannot_be_written_is_said(site, make_fetcher, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot (read|write)"):
        crawl(serve(site, 1), make_fetcher(), tmp_path / "file")
    with pytest.raises(UserError, match="--count"):
        GatherSettings(tmp_path, count=0)
