"""Files of synthetic portraits to give the app."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.app.sessions import NAME
from cyclegan_glasses.images import to_bytes
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

SIDE = 420


def served(*arguments: Any) -> AbstractContextManager[str]:
    """See `app.serving.served`, without which a test is skipped; Gradio takes seconds to import."""
    pytest.importorskip("gradio")
    from cyclegan_glasses.app import serving

    return serving.served(*arguments)


@cache
def portrait(number: int = 24, glasses: bool = True, side: int = SIDE) -> np.ndarray:
    """A portrait, uint8 RGB (side, side, 3), with glasses or without."""
    drawing = draw_portrait(random_portrait(0, number), side)
    return drawing.with_glasses(frame_of(0, number))[0] if glasses else drawing.image


def jpeg(picture: np.ndarray, comment: str = "by hand") -> bytes:
    """A JPEG with EXIF and a comment."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x010F] = "maker"
    Image.fromarray(picture).save(file, "JPEG", quality=91, exif=exif, comment=comment.encode())
    return file.getvalue()


def group() -> np.ndarray:
    """Two faces with glasses beside one without."""
    return np.hstack([portrait(24), portrait(31, False), portrait(12)])


def write_film(path: Path, number: int = 24) -> Path:
    """Write a film of a bare face that moves, as a fake camera of Chromium shows it; returns `path`."""
    frames, face = [], Image.fromarray(portrait(number, False))
    for count in range(30):
        frame = Image.new("RGB", (640, 480), (150, 160, 170))
        frame.paste(face, (110 + round(40 * np.sin(count / 15 * np.pi)), 30))
        frames.append(to_bytes(frame, "JPEG", quality=90))
    path.write_bytes(b"".join(frames))
    return path


def files_kept(process: int | None = None) -> list[Path]:
    """The files that the apps of a process keep, this one by default."""
    roots = Path(tempfile.gettempdir()).glob(f".{NAME}.*-{process or os.getpid()}-*")
    walks = (os.walk(root) for root in roots)  # unlike a glob, it bears that a folder goes away meanwhile
    return sorted(Path(folder, name) for walk in walks for folder, _, names in walk for name in names)
