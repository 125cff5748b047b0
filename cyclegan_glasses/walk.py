"""Folders and the names of files in them: one walk, one rule for what is hidden, one key for names."""

from __future__ import annotations

import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.signatures import PICTURES, VIDEOS

logger = logging.getLogger(__name__)

EXTENSIONS = frozenset(ending for endings in PICTURES.values() for ending in endings)
"""The suffixes of pictures that are read, in lower case."""
VIDEO_EXTENSIONS = frozenset(ending for endings in VIDEOS.values() for ending in endings)
"""The suffixes of videos that are read, in lower case."""
HIDDEN = "hidden"
DATA = "of text and data"
REPEATED = "folders that are there by another path too"
UNREADABLE = "folders that cannot be read"
EXCLUDED = "folders that are written to"
QUIET = frozenset({HIDDEN, DATA, EXCLUDED})
"""Reasons that nobody misses a picture for."""
NAMES = 12
"""Names or reasons that a message lists at most."""
READ = "pictures are JPEG, PNG, WebP, GIF, HEIC, AVIF, BMP, TIFF or PPM"
_DATA = frozenset(
    ".txt .csv .tsv .json .jsonl .xml .yaml .yml .ini .cfg .toml .log"
    " .md .html .css .js .py .sh .db .npy .npz .mat .pts .pt .pth".split()
)
_MACOSX = "__MACOSX"


def is_hidden(name: str) -> bool:
    """Whether a part of the relative path `name`, with slashes, is hidden or a leftover of macOS."""
    return any(segment.startswith(".") or segment == _MACOSX for segment in name.split("/"))


def is_picture(name: str) -> bool:
    """Whether the extension of a file's name is that of a picture."""
    return name[name.rfind(".") :].lower() in EXTENSIONS


def is_video(name: str) -> bool:
    """Whether the extension of a file's name is that of a video."""
    return name[name.rfind(".") :].lower() in VIDEO_EXTENSIONS


def kind_of(name: str) -> str:
    """What is said of a file that is no picture by its name: its ending as it is written, or `DATA`."""
    ending = os.path.splitext(name)[1]  # noqa: PTH122
    return DATA if ending.lower() in _DATA else ending or "without an ending"


def pictures_of(
    names: Iterable[str], left_out: Counter[str], is_wanted: Callable[[str], bool] = is_picture
) -> Iterator[str]:
    """Those of `names` that are pictures, or otherwise wanted; the others are counted by their kind."""
    for name in names:
        if is_wanted(name):
            yield name
        else:
            left_out[kind_of(name)] += 1


def name_key(name: str) -> str:
    """What two names of the same file have in common: macOS takes accented letters apart, others do not."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def stem_key(name: str) -> str:
    """`name_key` without the ending: what pictures have in common that belong together."""
    return name_key(os.path.splitext(name)[0])  # noqa: PTH122


def place_key(name: str) -> str:
    """What two names have in common that would be one file on a system that ignores case."""
    return name_key(name).casefold()


def walk(
    root: Path | str,
    left_out: Counter[str] | None = None,
    exclude: Path | None = None,
    enter: Callable[[str], bool] | None = None,
) -> Iterator[str]:
    """The files below `root` as paths relative to it, with slashes; none where there is no such folder.

    Files of a folder come before those of its subfolders, each sorted. Links to folders are followed, after
    all real folders, and no folder is read twice: a link to a folder above ends there.

    Args:
        left_out: counts what is left out, by reason.
        exclude: a folder that is left out, such as the one that is written to.
        enter: whether a subfolder, by its path relative to `root`, is read at all; others are not wanted, so
            they are not counted.

    Raises:
        UserError: `root` cannot be read. A subfolder that cannot be read is left out.
    """
    left_out = Counter() if left_out is None else left_out
    top, excluded = os.fspath(root), _identity(exclude) if exclude is not None else None
    folders, links = [""], list[str]()
    seen: set[tuple[int, int] | None] = set()
    while folders or links:
        prefix = folders.pop() if folders else links.pop(0)
        folder = os.path.join(top, prefix) if prefix else top  # noqa: PTH118
        try:
            identity = _identity(folder)
            if identity in seen or (identity is not None and identity == excluded and prefix):
                left_out[REPEATED if identity in seen else EXCLUDED] += 1
                continue
            with os.scandir(folder) as entries:
                files, below, linked = _sorted_out(entries, left_out)
            seen.add(identity)
        except OSError as error:
            if prefix:
                left_out[UNREADABLE] += 1
                continue
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                return
            raise UserError(f"cannot read {folder}: {reason_of(error)}") from None
        yield from [prefix + name for name in files] if prefix else files
        below, linked = ([n for n in part if enter is None or enter(prefix + n)] for part in (below, linked))
        folders += [f"{prefix}{name}/" for name in reversed(below)]
        links += [f"{prefix}{name}/" for name in linked]


def report(place: Path | str, left_out: Counter[str], advice: str = "") -> None:
    """Log in one line what a reader passed over in `place`, by reason, and what to do.

    What is for a reason of `QUIET` alone is logged at level info, the rest as a warning.
    """
    missed = +Counter({reason: count for reason, count in left_out.items() if reason not in QUIET})
    if quiet := left_out - missed:
        logger.info("%s: left out %s", place, told(quiet))
    if missed:
        advice = advice or (READ if any(reason.startswith(".") for reason in missed) else "")
        logger.warning("%s: left out %s", place, told(missed) + (f" ({advice})" if advice else ""))


def told(counts: Counter[str]) -> str:
    """Counts by reason in words, the most frequent first."""
    common = counts.most_common(NAMES)
    rest = counts.total() - sum(count for _, count in common)
    return ", ".join([f"{count} {reason}" for reason, count in common] + ([f"{rest} others"] if rest else []))


def _identity(path: Path | str) -> tuple[int, int] | None:
    """Device and number of a folder, the same by every path; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _sorted_out(
    entries: Iterable[os.DirEntry[str]], left_out: Counter[str]
) -> tuple[list[str], list[str], list[str]]:
    """Names of files, of folders and of links to folders, each sorted."""
    files, folders, links = list[str](), list[str](), list[str]()
    for entry in entries:
        name = entry.name
        if name.startswith(".") or name == _MACOSX:
            left_out[HIDDEN] += 1
        elif not _is_folder(entry):
            files.append(name)
        else:
            (links if entry.is_symlink() else folders).append(name)
    return sorted(files), sorted(folders), sorted(links)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
