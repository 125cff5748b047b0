"""File names for photos: readable, one word in a shell, each given once whatever the file system.

Two names are one where they differ in case or in the form of Unicode alone. Names that several photos want
get a hash of where the photo comes from.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from cyclegan_glasses.walk import is_picture, place_key


def hashed(path: str, key: str, digits: int) -> str:
    """`path` with `digits` of the SHA-256 of `key` before its suffix."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    name = PurePosixPath(path)
    return name.with_name(f"{name.stem}-{digest}{name.suffix}").as_posix()


def distinct(paths: Sequence[str], keys: Sequence[str], digits: int) -> list[str]:
    """`paths`, with a hash of their `keys` where several are one."""
    wanted = Counter(place_key(path) for path in paths)
    return [
        hashed(path, key, digits) if wanted[place_key(path)] > 1 else path
        for path, key in zip(paths, keys, strict=True)
    ]


def file_names(origins: Sequence[str], suffix: str = "") -> dict[str, str]:
    """A flat file name for each origin: folders become underscores.

    What is no letter, digit, dot, underscore or hyphen becomes a hyphen. `suffix` replaces the origin's own
    unless it is empty.
    """

    def flat(origin: str) -> str:
        path = PurePosixPath(origin)
        stem = "_".join((*path.parts[:-1], path.stem)).strip("/_")
        return re.sub(r"[^\w.-]+", "-", stem) + (suffix or path.suffix.lower())

    return dict(zip(origins, distinct([flat(origin) for origin in origins], origins, 8), strict=True))


def safe_stem(path: str) -> str:
    """`path` without the suffix of a picture, fit for a file below any folder: not hidden, no way out."""
    segments = [re.sub(r"[^\w.+-]", "_", segment).lstrip(".")[:50] for segment in path.split("/")]
    stem = "/".join(segment for segment in segments if segment)
    return (stem[: stem.rfind(".")] if is_picture(stem) else stem) or "photo"
