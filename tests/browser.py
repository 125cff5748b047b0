"""A real browser for the pages."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def chromium(width: int, height: int, *more: str, downloads: Path | None = None) -> Iterator[Any]:
    """Headless Chromium, closed in the end; skips where it is not installed.

    Args:
        more: arguments of Chromium.
        downloads: folder of what is downloaded.
    """
    webdriver = pytest.importorskip("selenium.webdriver")
    if not (CHROMIUM and DRIVER):
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    size = f"--window-size={width},{height}"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", size, *more):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if downloads:
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def fake_camera(film: Path) -> list[str]:
    """Arguments of Chromium for a camera that shows a film, which pages may use without asking."""
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    return [*fake, f"--use-file-for-fake-video-capture={film}"]


def addresses(driver: Any) -> set[str]:
    """The hosts of all that a browser asked for since the last call; empty strings for data in a page."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    wanted = ("Network.requestWillBeSent", "Network.webSocketCreated")
    urls = [
        message["params"].get("url") or message["params"]["request"]["url"]
        for message in messages
        if message["method"] in wanted
    ]
    return {urlsplit(url).hostname or "" for url in urls}


def wait(question: Callable[[], object], seconds: float = 60) -> None:
    """Wait until `question` is answered with yes."""
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, "the page does not get there"
        time.sleep(0.03)


def seen(browser: Any, what: str) -> Callable[[], bool]:
    """Whether the browser shows something that a selector of CSS finds."""
    script = "return [...document.querySelectorAll(arguments[0])].some(part => part.offsetParent)"
    return lambda: browser.execute_script(script, what)


def click(browser: Any, what: str, place: int = 0) -> None:
    """Click on the one of that number, from 0, of what a selector of CSS finds."""
    browser.execute_script("document.querySelectorAll(arguments[0])[arguments[1]].click()", what, place)
