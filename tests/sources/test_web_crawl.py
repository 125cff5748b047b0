"""The verbs of the web, as they are typed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.photo import latest_photos, read_manifest
from tests import commands
from tests.commands import ROOT, start
from tests.sources.loopback import answer, picture

pytestmark = pytest.mark.slow

QUICK = ["--allow_private", "--interval", "0", "--backoff", "0", "--max_wait", "1"]


def run(*argv):
    return commands.run("crawl.py", *argv)


def openverse(site, count, delay=0.0):
    """An Openverse of `count` pictures, 20 a page, each of which takes `delay` seconds."""

    def page(handler):
        number = int(parse_qs(urlsplit(handler.path).query)["page"][0])
        entries = [
            {"id": str(index), "url": site.url(f"/{index}.jpg"), "license": "by", "license_version": "4.0",
             "creator": f"Author {index}", "foreign_landing_url": f"https://example.org/{index}"}
            for index in range((number - 1) * 20, min(count, number * 20))
        ]  # fmt: skip
        answer(json.dumps({"page_count": -(-count // 20), "results": entries}).encode())(handler)

    def slowly(content):
        def send(handler):
            time.sleep(delay)
            answer(content)(handler)

        return send

    site.routes["/v1/images/"] = page
    for index in range(count):
        site.routes[f"/{index}.jpg"] = slowly(picture(index))


def test_openverse_from_the_command_line(site, tmp_path):
    openverse(site, 25)
    site.routes["/3.jpg"] = answer(picture(3), X_Robots_Tag="noai")
    argv = ["openverse", "portrait glasses", "--out", tmp_path, "--count", 10, "--label", "glasses",
             "--licence", "by,by-sa,cc0", "--endpoint", site.url(""), *QUICK]  # fmt: skip
    done = run(*argv)
    assert done.code == 0, done.err
    assert "10 new photos" in done.out and "1 refused (noai 1)" in done.out
    photos = list(latest_photos(tmp_path).values())
    assert len(photos) == 10 and {photo.licence for photo in photos} == {"CC BY 4.0"}
    assert {photo.label for photo in photos} == {"glasses"} and all(photo.author for photo in photos)
    again = run(*argv)
    assert again.code == 0 and "0 new photos, 10 of earlier runs" in again.out


def test_a_saved_page_from_the_command_line(site, tmp_path):
    site.routes["/a.jpg"] = answer(picture(1))
    page = tmp_path / "saved.html"
    page.write_text(f'<script>x=["{site.url("/a.jpg")}",90,90]</script>')
    done = run("google", "a face", "--page", page, "--out", tmp_path / "out", *QUICK)
    assert done.code == 0 and "1 new photos" in done.out and "had no more: 1 of the 200" in done.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["openverse", "a", "--licence", "gpl"], "gpl"),
        (["openverse", "a", "--count", "0"], "--count"),
        (["openverse", "a", "--endpoint", "http://127.0.0.1:9"], "not on the open internet"),
        (["openverse", "a", "--endpoint", "nonsense"], "only http"),
        (["openverse", "a", "--endpoint", "http://no-such-host.invalid"], "not known"),
        (["openverse", "a", "--endpoint", "http://127.0.0.1:9", *QUICK, "--retries", "0"], "no connection"),
        (["commons", "a"], "--contact"),
        (["commons", "a", "--contact", "me@example.org", "--width", "1000"], "--width"),
        (["google", "a", "--page", "no-such-page.html"], "no-such-page.html"),
        (["google", "a", "--api_key", "k"], "--engine_id"),
        (["google", "a", "--contact", "x\ny"], "--contact"),
    ],
)
def test_invalid_arguments_end_with_one_line(argv, said, tmp_path, capsys):
    assert run_command(lambda: parse([*argv, "--out", str(tmp_path / "out")])()) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_help_is_quick_and_free_of_heavy_imports():
    code = "import sys, cyclegan_glasses.options.crawl as c\n"
    code += "try: c.parse(['openverse', '--help'])\nexcept SystemExit: pass\n"
    code += "assert not {'requests', 'PIL', 'torch', 'numpy'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "--retry_failed" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_crawl_that_is_stopped_says_how_to_go_on(site, tmp_path, number):
    openverse(site, 60, delay=0.2)
    argv = ["openverse", "a", "--out", tmp_path, "--count", 60, "--endpoint", site.url(""), *QUICK]
    started = start("crawl.py", *argv)
    deadline = time.monotonic() + 30
    while site.hits["/12.jpg"] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    started.send_signal(number)
    _, said = started.communicate(timeout=20)
    assert started.returncode == 130 and "same command again" in said and "Traceback" not in said
    kept = {photo.origin for photo in latest_photos(tmp_path).values()}
    assert kept
    before = site.hits.copy()
    done = run(*argv)
    assert done.code == 0 and len(latest_photos(tmp_path)) == 60
    assert all(site.hits[urlsplit(origin).path] == before[urlsplit(origin).path] for origin in kept)


@pytest.mark.slow
def test_a_crawl_killed_ten_times_ends_with_every_picture_once_and_every_row_whole(site, tmp_path):
    count = 120  # more than ten lives can fetch: 2 connections, 50 ms a picture, 250 ms a life
    openverse(site, count, delay=0.05)
    argv = ["openverse", "a", "--out", tmp_path, "--count", count, "--endpoint", site.url(""), *QUICK,
             "--connections", 2]  # fmt: skip
    rng = random.Random(7)
    for _ in range(10):
        asked = sum(site.hits.values())
        started = start("crawl.py", *argv)
        deadline = time.monotonic() + 30
        while sum(site.hits.values()) == asked and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.25))
        started.kill()
        assert started.wait() == -signal.SIGKILL, "the crawl ended before it could be killed"
    done = run(*argv)
    assert done.code == 0, done.err
    rows = list(read_manifest(tmp_path))
    assert len(rows) == count and len({photo.origin for photo in rows}) == count
    files = sorted(path.name for path in (tmp_path / "photos").iterdir())
    assert files == sorted(Path(photo.path).name for photo in rows), "no leftovers, nothing missing"
    for photo in rows:
        number = int(Path(urlsplit(photo.origin).path).stem)
        assert (tmp_path / photo.path).read_bytes() == picture(number)
    assert (tmp_path / "manifest.jsonl").read_bytes().endswith(b"\n")
    asked = sum(site.hits[f"/{number}.jpg"] for number in range(count))
    assert count <= asked <= count + 10 * 2 * 2, "at most what was under way at each kill is asked for again"
