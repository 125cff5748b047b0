"""Two domains of accepted photos: `trainA trainB testA testB`, a manifest and a report.

The same folders, settings and seed give the same bytes. Everything is written beside the folder that is asked
for and takes its place when it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses.collect.choose import choose
from cyclegan_glasses.collect.names import distinct
from cyclegan_glasses.collect.pictures import checked, resized
from cyclegan_glasses.collect.report import Built, write_report
from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.collect.splits import Candidate, Splits
from cyclegan_glasses.collect.writer import Writer
from cyclegan_glasses.criteria.duplicates import hashes_of
from cyclegan_glasses.criteria.filtering import general
from cyclegan_glasses.domains import DOMAINS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import detector_file
from cyclegan_glasses.files import real_path
from cyclegan_glasses.locks import LOCK, folder_lock
from cyclegan_glasses.photo import ACCEPTED, REJECTED, Photo, current_offsets, manifest_hash, photos_at
from cyclegan_glasses.sources.source import SourcePhoto
from cyclegan_glasses.temporary import is_temporary

RECORD = "build.json"


def build(
    out: Path,
    folders: Iterable[Path],
    settings: BuildSettings,
    watch: Callable[[Iterable[list[Photo]], int], Iterable[list[Photo]]] = lambda photos, total: photos,
) -> Built:
    """Build `out` from the accepted photos of `folders`.

    Args:
        out: replaced where it is an earlier build.
        folders: each with a manifest.
        settings: of the build.
        watch: gets the rows of the photos as they are written and how many photos there will be, and passes
            them on: for showing progress.

    Raises:
        UserError: `out` holds something else or is in use, nothing was accepted, a domain would be empty, no
            space.
    """
    with folder_lock(out, file=out.absolute().parent / f".{out.name}{LOCK}"):
        return _build(out, [Path(folder) for folder in folders], settings, watch)


def _build(
    out: Path,
    folders: list[Path],
    settings: BuildSettings,
    watch: Callable[[Iterable[list[Photo]], int], Iterable[list[Photo]]],
) -> Built:
    _put_back(out)
    _check_target(out, folders)
    built = Built()
    splits = _choose(folders, settings, built)
    work = out.parent / f".{out.name}.building"
    _remove_build(work)
    try:
        # Photos of several folders may have one origin.
        how = {"once": False, "keep_rejected": False, "link": not settings.copy, "sync": False}
        hashes = {folder.name: manifest_hash(folder) for folder in folders}
        record: dict[str, Any] = {"from": hashes, **asdict(settings)}
        del record["yunet"], record["workers"]
        writer = Writer(work, RECORD, record, **how)
        chosen = _chosen(splits, folders, settings)
        photos: list[Photo] = []
        for (photo,) in watch(writer.write(chosen, settings.workers), len(splits)):
            if photo.verdict == ACCEPTED:
                built.counts[photo.path.partition("/")[0]] += 1
                # The report asks for neither, and they take most of the memory.
                photos.append(replace(photo, facts={}, scores={}))
            else:
                built.left_out[general(photo.reason)] += 1
        built.hash = manifest_hash(work)
        write_report(work, out.name, built, photos)
        _replace(work, out)
    finally:
        _remove_build(work)
    return built


def _check_target(out: Path, folders: list[Path]) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: choose a folder to build into")
    if _is_foreign(out):
        raise UserError(f"{out} holds something that was not built here: choose a new or empty folder")
    for folder in folders:
        here, there = real_path(out), real_path(folder)
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise UserError(f"{out} and {folder} lie in each other: build into another folder")


def _choose(folders: list[Path], settings: BuildSettings, built: Built) -> Splits:
    candidates: list[Candidate] = []
    for place, folder in enumerate(folders):
        offsets = current_offsets(folder)
        for photo, offset in zip(photos_at(folder, offsets), offsets.tolist(), strict=True):
            reason = general(photo.reason) if photo.verdict == REJECTED else ""
            built.inputs[folder.name, photo.verdict or "not filtered", reason] += 1
            taken = photo.verdict == ACCEPTED or (settings.unfiltered and not photo.verdict)
            if taken and photo.label not in DOMAINS:
                built.left_out[f"labelled {photo.label}" if photo.label else "without a label"] += 1
            elif taken:
                person = f"{photo.source}\0{photo.person}" if photo.person else ""
                group = photo.group.get(settings.balance or settings.match, "")
                known = person, photo.split, photo.sha256, hashes_of(photo), group, offset
                candidates.append(Candidate(place, photo.path, photo.label, *known))
    if not candidates:
        more = "" if settings.unfiltered else ", or add --unfiltered to take photos without a verdict"
        raise UserError(f"no accepted photo with a label was found: run crawl.py filter first{more}")
    splits, left_out = choose(candidates, settings)
    built.left_out.update(left_out.values())
    return splits


def _chosen(splits: Splits, folders: list[Path], settings: BuildSettings) -> Iterator[SourcePhoto]:
    """The chosen photos in the order of their new paths, each with what is to be made of it."""
    yunet = detector_file(settings.yunet) if settings.align else None
    for path, one in sorted(_paths(splits, f".{settings.image_format}" if settings.size else "")):
        folder = folders[one.place]
        file = folder / one.path
        photo = next(photos_at(folder, np.array([one.offset])))
        facts = {**photo.facts, "from": f"{folder.name}/{one.path}"}
        photo = replace(photo, path=path, split=splits[one], verdict=ACCEPTED, facts=facts)
        make = partial(checked, photo, file)
        if settings.size:
            make = partial(resized, photo, file, settings.size, settings.image_format, settings.align, yunet)
        yield SourcePhoto(photo, make)


def _paths(splits: Splits, suffix: str) -> list[tuple[str, Candidate]]:
    """Path below OUT of each candidate: its file name, with a hash where two are the same."""
    paths = []
    for one, split in splits.items():
        path = Path(one.path)
        paths.append(f"{split}{DOMAINS[one.label]}/{path.stem}{suffix or path.suffix.lower()}")
    return list(zip(distinct(paths, [f"{one.place}\0{one.path}" for one in splits], 10), splits, strict=True))


def _replace(work: Path, out: Path) -> None:
    """Put `work` where `out` is; an earlier build is removed when the new one is in place."""
    old = _old(out)
    try:
        _remove_build(old)
        try:
            if out.exists():
                out.rename(old)
            work.rename(out)
        finally:
            _put_back(out)
        _remove_build(old)
    except OSError as error:
        raise UserError(f"cannot put {work} in the place of {out}: {error.strerror}") from None


def _put_back(out: Path) -> None:
    """Undo the first step of `_replace` where the second was not taken, as after a kill."""
    old = _old(out)
    if (old / RECORD).is_file() and not out.exists():
        old.rename(out)


def _old(out: Path) -> Path:
    return out.parent / f".{out.name}.old"


def _remove_build(folder: Path) -> None:
    """Remove a folder that a build made; a foreign or linked one is refused.

    Its record goes last: what a kill leaves of it can be removed by the next build.
    """
    if folder.is_symlink() or _is_foreign(folder):
        raise UserError(f"{folder} is in the way and was not built here: move it")
    if folder.exists():
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != RECORD:
                path.unlink()
        shutil.rmtree(folder)


def _is_foreign(folder: Path) -> bool:
    """Whether a folder holds something and was not built here; what a kill left of a record is nothing."""
    there = folder.is_dir() and any(not is_temporary(path.name) for path in folder.iterdir())
    return there and not (folder / RECORD).is_file()
