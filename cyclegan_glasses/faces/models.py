"""Where the file of the YuNet face detector is, and how to get it."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import atomic_write, make_folder

VARIABLE = "CYCLEGAN_GLASSES_YUNET"
YUNET_NAME = "face_detection_yunet_2026may.onnx"
YUNET_URL = f"https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/{YUNET_NAME}"
YUNET_SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
YUNET_BYTES = 229_738


def cache_folder() -> Path:
    """The person's folder for downloaded models: `$XDG_CACHE_HOME/cyclegan_glasses` or `~/.cache/…`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cyclegan_glasses"


def find_yunet(path: str | Path | None = None) -> Path | None:
    """The file of YuNet: `path`, else what the variable `CYCLEGAN_GLASSES_YUNET` names, else the cache's.

    Returns None where there is none.

    Raises:
        UserError: `path` or the variable names a file that is not there.
    """
    for asked, by in ((path, "the detector's path"), (os.environ.get(VARIABLE), VARIABLE)):
        if asked:
            if not Path(asked).is_file():
                raise UserError(f"{by} names {asked}, which is not there: give the file {YUNET_NAME}")
            return Path(asked)
    cached = cache_folder() / YUNET_NAME
    return cached if cached.is_file() else None


def download_yunet(url: str = YUNET_URL, folder: Path | None = None, seconds: float = 60.0) -> Path:
    """Download YuNet (230 kB, MIT licence) into `folder`, the cache by default, once, and return its path.

    What arrives counts only if its SHA-256 is that of the file in the OpenCV Zoo; nothing else is kept.

    Raises:
        UserError: no answer within `seconds`, an answer that is too long, or another file than expected.
    """
    target = (folder or cache_folder()) / YUNET_NAME
    if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == YUNET_SHA256:
        return target
    content = _fetch(url, seconds)
    if hashlib.sha256(content).hexdigest() != YUNET_SHA256:
        raise UserError(f"what came from {url} is not {YUNET_NAME} (its SHA-256 differs): nothing was kept")
    make_folder(target.parent)
    with atomic_write(target) as file:
        file.write(content)
    return target


def _fetch(url: str, seconds: float) -> bytes:
    import requests

    deadline = time.monotonic() + seconds
    content = bytearray()
    try:
        with requests.get(url, stream=True, timeout=min(seconds, 15.0)) as answer:
            answer.raise_for_status()
            for block in answer.iter_content(1 << 14):
                content += block
                if len(content) > YUNET_BYTES:
                    size = f"more than the {YUNET_BYTES} bytes of {YUNET_NAME}"
                    raise UserError(f"{url} sends {size}: wrong address?")
                if time.monotonic() > deadline:
                    raise UserError(f"{url} took longer than {seconds:g} s: try again later")
    except requests.RequestException as error:
        why = type(error).__name__
        raise UserError(
            f"cannot download {url} ({why}): fetch it yourself and set {VARIABLE} to it"
        ) from None
    return bytes(content)
