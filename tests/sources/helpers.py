"""What the tests of the sources draw and pack."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image


def picture(width: int = 12, height: int = 10, kind: str = "PNG", colour: int = 0) -> bytes:
    """A small picture of one colour."""
    packed = io.BytesIO()
    Image.new("RGB", (width, height), (colour % 256, 80, 160)).save(packed, kind)
    return packed.getvalue()


def write_zip(path: Path, members: Mapping[str, bytes | str]) -> Path:
    """A deflated zip of `members`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_tree(root: Path, members: Mapping[str, bytes | str]) -> Path:
    """The same members as files below `root`."""
    for name, data in members.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return root
