"""The review page in a real browser: what a person does with the keyboard ends in the manifest."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyclegan_glasses.collect.review import Review
from cyclegan_glasses.collect.review_server import ReviewServer
from cyclegan_glasses.photo import Photo, latest_photos, write_manifest
from tests.browser import chromium, wait
from tests.criteria.helpers import make_pile

webdriver = pytest.importorskip("selenium.webdriver")
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium."""
    yield from chromium(1300, 850)


@pytest.fixture
def page(tmp_path: Path, browser) -> Iterator[Path]:
    """A pile of twelve faces under review; every photo of 20,000 rows but those has no file."""
    faces = make_pile(tmp_path, 12)
    photos = [dataclasses.replace(photo, verdict="accepted", group={"race": "A"}) for photo in faces]
    photos += [
        Photo(f"photos/gone{n:05d}.png", label="none", verdict="rejected", reason="unreadable: gone")
        for n in range(19_988)
    ]
    write_manifest(tmp_path, photos)
    with ReviewServer(Review(tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        browser.get(server.address)
        wait(lambda: browser.execute_script("return document.querySelectorAll('.card').length") >= 60)
        yield tmp_path
        server.shutdown()
        thread.join()


def test_a_review_by_keyboard(page, browser):
    def press(keys: str, reason: str | None = None) -> None:
        rows = (page / "manifest.jsonl").stat().st_size
        target = browser.switch_to.active_element
        target.send_keys(keys)
        if reason:
            wait(lambda: browser.execute_script("return document.querySelector('#reasons').open"))
            browser.switch_to.active_element.send_keys(reason)
        wait(lambda: (page / "manifest.jsonl").stat().st_size > rows)

    def current() -> str:
        return browser.execute_script("return document.querySelector('.card.current').title")

    names = list(latest_photos(page))
    assert current() == names[0]
    assert "token" not in browser.current_url, "the token stays in the history of the browser"
    press("n")
    wait(lambda: current() == names[1])
    press("r", reason="5")
    wait(lambda: current() == names[2])
    press("s")
    wait(lambda: current() == names[3])
    press("u")
    wait(lambda: current() == names[2])
    photos = list(latest_photos(page).values())
    assert (photos[0].verdict, photos[0].label) == ("accepted", "none")
    assert (photos[1].verdict, photos[1].reason) == ("rejected", "review: blurred")
    assert (photos[2].verdict, photos[2].label) == ("accepted", "none")
    loaded = (
        "return [...document.querySelectorAll('.card img')].slice(0, 12)"
        ".every(image => image.complete && image.naturalWidth)"
    )
    wait(lambda: browser.execute_script(loaded))
    assert browser.execute_script("return document.querySelectorAll('.card').length") <= 480, (
        "all 20,000 are drawn"
    )


def test_filters_narrow_the_grid_and_the_console_is_clean(page, browser):
    browser.execute_script("document.querySelector('[data-filter=verdict] button').click()")
    wait(lambda: browser.execute_script("return document.querySelector('#count').textContent") == "12 photos")
    wait(lambda: browser.execute_script("return document.querySelectorAll('.card').length") == 12)
    missing = [entry for entry in browser.get_log("browser") if "404" not in entry["message"]]
    assert missing == []
    addresses = browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => new URL(e.name).hostname)"
    )
    assert set(addresses) <= {"127.0.0.1", ""}, "the page asks for something from outside"
