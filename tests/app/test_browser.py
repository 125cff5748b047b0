"""The app in a real browser: what a person does, and what the browser asks for."""

from __future__ import annotations

import shlex
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.app.settings import AppSettings
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.domains import GLASSES, REMOVE
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.images import to_bytes
from tests.app.helpers import files_kept, group, jpeg, portrait, served, write_film
from tests.browser import addresses, chromium, click, fake_camera, seen, wait

ActionChains = pytest.importorskip("selenium.webdriver").ActionChains
pytestmark = [pytest.mark.browser, pytest.mark.slow]
HERE = {"127.0.0.1", ""}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(GlassesEditor.load(), AppSettings()) as address:
        yield address
    assert files_kept() == []


@pytest.fixture(scope="module")
def camera(tmp_path_factory) -> Path:
    """A video of a face that moves, as a camera sends it."""
    return write_film(tmp_path_factory.mktemp("camera") / "face.mjpeg")


@pytest.fixture(scope="module")
def downloads(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def chrome(camera, downloads) -> Iterator[Any]:
    """Headless Chromium with a camera, one for all tests: it takes seconds to start."""
    yield from chromium(1280, 1000, *fake_camera(camera), downloads=downloads)


@pytest.fixture
def browser(chrome) -> Iterator[Any]:
    """It, with the page closed in the end and all that the page kept removed."""
    yield chrome
    chrome.get("about:blank")
    wait(lambda: photos() == [])
    assert addresses(chrome) <= HERE


def photos() -> list[str]:
    """The names of the files that the app keeps."""
    return sorted(path.name for path in files_kept())


def text(browser: Any, what: str) -> str:
    return browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", what)


def give(browser: Any, address: str, photo: Path) -> None:
    """Open the page and give it a photo."""
    browser.get(address)
    find = "return document.querySelector('#upload input[type=file]')"
    wait(lambda: browser.execute_script(find))
    browser.execute_script(find).send_keys(str(photo))
    wait(seen(browser, "#boxes img"))


def test_from_the_photo_to_the_file(address, browser, downloads, tmp_path, monkeypatch) -> None:
    photo = tmp_path / "us at home.jpg"
    photo.write_bytes(jpeg(group()))
    give(browser, address, photo)
    wait(lambda: browser.execute_script("return document.querySelectorAll('#strip button img').length") > 9)
    picture = browser.execute_script("return document.querySelector('#boxes img')")
    size = browser.execute_script("return [arguments[0].offsetWidth, arguments[0].offsetHeight]", picture)
    action = ActionChains(browser)
    action.move_to_element_with_offset(picture, int(0.33 * size[0]), 0).click().perform()
    ticked = "return [...document.querySelectorAll('#faces input')].filter(box => box.checked).length"
    wait(lambda: browser.execute_script(ticked) == 2)

    click(browser, "#off")
    wait(seen(browser, "#slider img"))
    assert "remove" in text(browser, "#status code")
    place = next(
        number
        for number in range(13)
        if browser.execute_script(
            "return document.querySelectorAll('#strip .caption-label')[arguments[0]].innerText", number
        ).strip()
        == "round"
    )
    click(browser, "#strip button.thumbnail-lg", place)
    wait(lambda: "--frame round" in text(browser, "#status code"))

    handle = browser.execute_script("return document.querySelector('#slider .outer')")
    left = "return document.querySelector('#slider .outer').getBoundingClientRect().left"
    before = browser.execute_script(left)
    action.drag_and_drop_by_offset(handle, -60, 0).perform()
    wait(lambda: abs(before - 60 - browser.execute_script(left)) < 8)

    command = text(browser, "#status code")
    click(browser, "#save")
    result = downloads / "us at home_swapped.jpg"
    wait(result.exists)
    monkeypatch.chdir(tmp_path)
    parse([*shlex.split(command)[1:], "-o", "by_command.jpg"])()
    assert result.read_bytes() == Path("by_command.jpg").read_bytes() != photo.read_bytes()
    assert b"by hand" in result.read_bytes()

    click(browser, "#another")
    wait(seen(browser, "#upload button"))
    wait(lambda: photos() == [])


def test_it_fits_on_a_phone(address, browser, tmp_path) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        (tmp_path / "me.jpg").write_bytes(jpeg(portrait()))
        give(browser, address, tmp_path / "me.jpg")
        click(browser, "#off")
        wait(seen(browser, "#slider img"))
        wide = "return document.documentElement.scrollWidth"
        assert browser.execute_script(wide) <= 390
        click(browser, "button[role=tab]", 1)
        wait(seen(browser, "#camera button:has(.icon-wrap)"))
        assert browser.execute_script(wide) <= 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_photo_of_the_camera(address, browser) -> None:
    browser.get(address)
    wait(seen(browser, "#upload button[aria-label='Capture from camera']"))
    click(browser, "#upload button[aria-label='Capture from camera']")
    wait(seen(browser, "#upload button:has(.icon-wrap)"))
    click(browser, "#upload button:has(.icon-wrap)")
    wait(seen(browser, "#upload button.photo-capture"))
    wait(lambda: browser.execute_script("return document.querySelector('#upload video').videoWidth") > 0)
    click(browser, "#upload button.photo-capture")
    wait(seen(browser, "#boxes img"))


def test_a_photo_is_pasted(address, browser) -> None:
    rights = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": address}
    browser.execute_cdp_cmd("Browser.grantPermissions", rights)
    browser.get(address)
    wait(seen(browser, "#upload button[aria-label='Paste from clipboard']"))
    data = b64encode(to_bytes(Image.fromarray(portrait()), "PNG")).decode()
    script = """
      const [data, done] = arguments;
      fetch("data:image/png;base64," + data).then(answer => answer.blob())
        .then(blob => navigator.clipboard.write([new ClipboardItem({"image/png": blob})]))
        .then(() => done("copied"), error => done(String(error)));"""
    assert browser.execute_async_script(script, data) == "copied"
    click(browser, "#upload button[aria-label='Paste from clipboard']")
    wait(seen(browser, "#boxes img"))


def test_the_mirror_shows_a_frame_on_the_moving_face(address, browser, downloads) -> None:
    browser.get(address)
    wait(seen(browser, "button[role=tab]"))
    click(browser, "button[role=tab]", 1)
    wait(seen(browser, "#camera button:has(.icon-wrap)"))
    click(browser, "#camera button:has(.icon-wrap)")
    wait(seen(browser, "#camera button.capture-button"))
    click(browser, "#camera button.capture-button")
    editor, places = GlassesEditor.load(), []

    def is_worn() -> bool:
        """Whether the mirror shows glasses on a face that has moved since the first one."""
        source = browser.execute_script("return document.querySelector('#mirror img')?.src ?? ''")
        if not source.startswith("data:"):
            return False
        picture = np.asarray(Image.open(BytesIO(b64decode(source.partition(",")[2]))))
        for target in editor.find_targets(picture, REMOVE, EditSettings()):
            if target.report.before and target.report.before.label == GLASSES:
                places.append(target.report.box[0])
        return bool(places) and max(places) - min(places) > 15

    wait(is_worn)
    click(browser, "#take")
    wait(seen(browser, "#save-snapshot"))
    click(browser, "#save-snapshot")
    snapshot = downloads / "mirror_1.png"
    wait(snapshot.exists)
    assert Image.open(snapshot).size == (640, 480)
    assert photos() == ["mirror_1.png"]


def test_what_is_no_photo_is_one_line_in_the_page(address, browser, tmp_path) -> None:
    bad = tmp_path / "<b>not one<b>.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    browser.get(address)
    find = "return document.querySelector('#upload input[type=file]')"
    wait(lambda: browser.execute_script(find))
    browser.execute_script(find).send_keys(str(bad))
    wait(lambda: text(browser, ".toast-message-text"))
    told = text(browser, ".toast-message-text")
    assert seen(browser, "#upload button")(), "another photo can be dropped at once"
    assert "not one" in told and "png" in told and "Traceback" not in told and "/" not in told
    assert len(told.strip().splitlines()) == 1
    wait(lambda: photos() == [])
    good = tmp_path / "good.png"
    good.write_bytes(to_bytes(Image.fromarray(portrait()), "PNG"))
    wait(lambda: browser.execute_script(find))
    browser.execute_script(find).send_keys(str(good))
    wait(seen(browser, "#boxes img"))


def test_two_people_keep_their_own_photos(address, browser, downloads, tmp_path) -> None:
    with _another() as other:
        for one, number, name in ((browser, 24, "ann.jpg"), (other, 12, "ben.jpg")):
            (tmp_path / name).write_bytes(jpeg(portrait(number)))
            give(one, address, tmp_path / name)
        for one, name in ((browser, "ann"), (other, "ben")):
            click(one, "#off")
            wait(lambda one=one: text(one, "#status code"))
            assert text(one, "#status code") == f"cyclegan-glasses remove {name}.jpg"
        click(browser, "#save")
        mine = downloads / "ann_no_glasses.jpg"
        wait(mine.exists)
        assert photos() == ["ann.jpg", "ann_no_glasses.jpg", "ben.jpg", "ben_no_glasses.jpg"]
    wait(lambda: photos() == ["ann.jpg", "ann_no_glasses.jpg"])
    difference = np.abs(np.asarray(Image.open(mine)).astype(int) - portrait(24)).mean()
    assert difference < 12, "it is the photo of somebody else"


@contextmanager
def _another() -> Iterator[Any]:
    yield from chromium(1280, 1000)
