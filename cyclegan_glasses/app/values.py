"""What goes to and comes from the components of the page, as JSON values.

The listeners of the page turn off Gradio's own conversion, which decodes whatever it is sent by any reader
that it finds, and writes every picture that it shows to disk.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gradio.data_classes import FileData, ImageData
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import inside
from cyclegan_glasses.images import open_picture, to_bytes

#: Of a frame of the camera.
_MOST_PIXELS = 4096 * 2304
_QUALITY = 90
_LONGEST_NAME = 80
_DATA = "data:image/"


def image_value(picture: np.ndarray, quality: int = _QUALITY) -> dict[str, Any]:
    """uint8 RGB (height, width, 3) as the value of an image; it lies in the page itself, in no file."""
    data = to_bytes(Image.fromarray(picture), "JPEG", quality=quality)
    return ImageData(url=f"{_DATA}jpeg;base64,{base64.b64encode(data).decode('ascii')}").model_dump()


def tiles(pictures: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Pictures with their names as the value of a gallery."""
    return [{"image": image_value(picture), "caption": name} for name, picture in pictures.items()]


def download(path: Path) -> dict[str, Any]:
    """A file below a static path as the value of a download button: it is sent as it is."""
    return FileData(path=str(path), orig_name=path.name).model_dump()


def frame_of(value: Any) -> np.ndarray | None:
    """A frame of the camera, uint8 RGB (height, width, 3); None before there is one.

    Raises:
        UserError: it is no picture.
    """
    url = (value or {}).get("url") or ""
    if not url.startswith(_DATA):
        return None
    try:
        data = base64.b64decode(url.partition(",")[2], validate=True)
    except binascii.Error:
        raise UserError("the camera sent no picture") from None
    return np.asarray(open_picture(data, max_pixels=_MOST_PIXELS))


def take_upload(value: Any, uploads: Path, folder: Path) -> Path:
    """Move the file that an image component received to `folder`; returns where it is.

    Raises:
        UserError: it is not there; it lies elsewhere.
    """
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        raise UserError("no photo was received: give it again")
    source = inside(uploads, os.path.relpath(value["path"], uploads))
    target = folder / _shortened(source.name)
    try:
        source.replace(target)
        source.parent.rmdir()
    except OSError:
        if not target.exists():
            raise UserError("the photo was not received whole: give it again") from None
    return target


def _shortened(name: str) -> str:
    """A name that leaves room for what is added to that of a result."""
    path = Path(name)
    return path.stem.encode()[:_LONGEST_NAME].decode(errors="ignore") + path.suffix[:8]
