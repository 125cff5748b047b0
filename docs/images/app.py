"""Takes the pictures of docs/guides/app.md of the page itself: `python docs/images/app.py`.

The people on them are synthetic portraits. It needs Chromium, its driver, and the extras `app` and `dev`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cyclegan_glasses.app.serving import served
from cyclegan_glasses.app.settings import AppSettings
from cyclegan_glasses.editing.editor import GlassesEditor
from tests.app.helpers import jpeg, portrait, write_film
from tests.browser import chromium, fake_camera, wait

HERE = Path(__file__).resolve().parent
SCREEN, PHONE = (1280, 860), (390, 844)
MIRROR_SECONDS = 8.0
_TILES = "return document.querySelectorAll('#strip button img').length > 9"


@contextmanager
def page(address: str, size: tuple[int, int], *more: str, is_phone: bool = False) -> Iterator[Any]:
    """A browser with the page open; `more` are arguments of Chromium."""
    driving = chromium(*size, *more)
    driver = next(driving)
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1 + is_phone, "mobile": is_phone}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(address)
    yield driver
    next(driving, None)


def picture(driver: Any) -> Image.Image:
    """What the browser shows."""
    return Image.open(BytesIO(driver.get_screenshot_as_png())).convert("RGB")


def shows(driver: Any, script: str) -> Callable[[], Any]:
    """The question whether a script says yes."""
    return lambda: driver.execute_script(script)


def opened(driver: Any, photo: Path) -> None:
    """Give the page a photo and wait until its frames are drawn."""
    find = "return document.querySelector('#upload input[type=file]')"
    wait(shows(driver, find))
    driver.execute_script(find).send_keys(str(photo))
    wait(shows(driver, _TILES))


def try_on(driver: Any, name: str) -> None:
    """Tap the frame of this name, and wait for the result."""
    script = """
      const at = [...document.querySelectorAll('#strip .caption-label')].findIndex(
        label => label.innerText.trim() === arguments[0]);
      document.querySelectorAll('#strip button.thumbnail-lg')[at].click();"""
    driver.execute_script(script, name)
    wait(
        shows(driver, f"return document.querySelector('#status code')?.innerText.includes('--frame {name}')")
    )
    wait(shows(driver, "return document.querySelector('#slider img')?.complete"))


def look_into_mirror(driver: Any) -> None:
    """Start the camera in the second tab, and wait until the mirror shows glasses."""
    click = "document.querySelector(arguments[0])?.click()"
    wait(shows(driver, "return document.querySelectorAll('button[role=tab]').length > 1"))
    driver.execute_script("document.querySelectorAll('button[role=tab]')[1].click()")
    for button in ("#camera button:has(.icon-wrap)", "#camera button.capture-button"):
        wait(shows(driver, f"return document.querySelector('{button}')?.offsetParent"))
        driver.execute_script(click, button)
    wait(shows(driver, "return document.querySelector('#mirror img')"))
    time.sleep(MIRROR_SECONDS)


def main() -> None:
    """Write the pictures."""
    two = np.hstack([portrait(24, side=900), portrait(31, False, side=900)])
    with tempfile.TemporaryDirectory() as name, served(GlassesEditor.load(), AppSettings()) as address:
        photo, pair = Path(name) / "me.jpg", Path(name) / "us.jpg"
        photo.write_bytes(jpeg(portrait(24, side=900)))
        pair.write_bytes(jpeg(two))
        with page(address, SCREEN) as driver:
            opened(driver, pair)
            try_on(driver, "panto")
            picture(driver).save(HERE / "app.jpg", quality=88)
        film = fake_camera(write_film(Path(name) / "me.mjpeg", 31))
        with page(address, SCREEN, *film) as driver:
            look_into_mirror(driver)
            picture(driver).crop((0, 0, SCREEN[0], 700)).save(HERE / "app_mirror.jpg", quality=88)
        shots = []
        with page(address, PHONE, is_phone=True) as driver:
            wait(shows(driver, "return document.querySelector('#upload button')"))
            shots.append(picture(driver))
            opened(driver, photo)
            shots.append(picture(driver))
            try_on(driver, "square")
            shots.append(picture(driver))
        width, height = shots[0].size
        sheet = Image.new("RGB", (3 * width + 80, height), (226, 232, 240))
        for place, shot in enumerate(shots):
            sheet.paste(shot, (place * (width + 40), 0))
        sheet.resize((sheet.width // 2, sheet.height // 2)).save(HERE / "app_phone.jpg", quality=88)


if __name__ == "__main__":
    main()
