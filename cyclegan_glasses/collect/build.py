"""Two domains of accepted photos: `trainA trainB testA testB`, a manifest and a report.

The same folders, settings and seed give the same bytes. Everything is written beside the folder that is asked
for and takes its place when it is whole.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from cyclegan_glasses.collect.choose import Candidate, Choice, choose
from cyclegan_glasses.collect.report import Built, write_report
from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.criteria.duplicates import hashes_of
from cyclegan_glasses.criteria.filtering import general
from cyclegan_glasses.domains import DOMAINS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.faces.detect import YuNetDetector, make_detector, process_detector
from cyclegan_glasses.faces.models import find_yunet
from cyclegan_glasses.files import link_or_copy, make_folder, write_json
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.parallel import in_order, open_executor
from cyclegan_glasses.photo import (
    ACCEPTED,
    REJECTED,
    Photo,
    current_offsets,
    manifest_hash,
    photos_at,
    write_manifest,
)
from cyclegan_glasses.walk import place_key

SETTINGS = "build.json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    file: Path
    target: Path
    photo: Photo
    settings: BuildSettings
    yunet: Path | None


def build(
    out: Path,
    folders: Iterable[Path],
    settings: BuildSettings,
    watch: Callable[[Iterable[Photo], int], Iterable[Photo]] = lambda photos, total: photos,
) -> Built:
    """Build `out` from the accepted photos of `folders`.

    Args:
        out: replaced where it is an earlier build.
        folders: each with a manifest.
        settings: of the build.
        watch: is handed the photos as they are written and how many there will be, and passes them on:
            for showing progress.

    Raises:
        UserError: `out` holds something else, nothing was accepted, a domain would be empty, no space.
    """
    folders = [Path(folder) for folder in folders]
    _check_target(out, folders)
    built = Built()
    choice, rows = _choose(folders, settings, built)
    work = out.parent / f".{out.name}.building"
    _remove_own(work)
    make_folder(work)
    try:
        write_json(work / SETTINGS, _as_json(folders, settings))
        with open_executor(settings.workers) as executor:
            jobs = _jobs(choice, folders, rows, work, settings, _yunet(settings))
            written = watch(in_order(executor, _write, jobs), len(choice.parts))
            photos = [photo for photo in written if _counted(photo, built)]
        write_manifest(work, sorted(photos, key=lambda photo: photo.path))
        built.hash = manifest_hash(work)
        write_report(work, out.name, built, photos)
        _replace(work, out)
    finally:
        _remove_own(work)
    return built


def _counted(photo: Photo, built: Built) -> bool:
    """Count a photo in; whether it was written."""
    if photo.verdict == ACCEPTED:
        built.counts[photo.path.partition("/")[0]] += 1
        return True
    built.left_out[general(photo.reason)] += 1
    return False


def _check_target(out: Path, folders: list[Path]) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: choose a folder to build into")
    if out.is_dir() and any(out.iterdir()) and not (out / SETTINGS).is_file():
        raise UserError(f"{out} holds something that was not built here: choose a new or empty folder")
    for folder in folders:
        if out.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(out.resolve()):
            raise UserError(f"{out} and {folder} lie in each other: build into another folder")


def _choose(
    folders: list[Path], settings: BuildSettings, built: Built
) -> tuple[Choice, dict[tuple[int, str], int]]:
    """The choice, and where in its manifest the row of each candidate begins."""
    candidates: list[Candidate] = []
    rows: dict[tuple[int, str], int] = {}
    for place, folder in enumerate(folders):
        offsets = current_offsets(folder)
        for photo, offset in zip(photos_at(folder, offsets), offsets.tolist(), strict=True):
            reason = general(photo.reason) if photo.verdict == REJECTED else ""
            built.inputs[folder.name, photo.verdict or "not filtered", reason] += 1
            taken = photo.verdict == ACCEPTED or (settings.unfiltered and not photo.verdict)
            if taken and photo.label in DOMAINS:
                candidates.append(_candidate(place, photo, settings))
                rows[place, photo.path] = offset
    if not candidates:
        more = "" if settings.unfiltered else ", or add --unfiltered to take photos without a verdict"
        raise UserError(f"no accepted photo with a label was found: run crawl.py filter first{more}")
    choice = choose(candidates, settings)
    built.left_out.update(choice.left_out.values())
    return choice, rows


def _candidate(place: int, photo: Photo, settings: BuildSettings) -> Candidate:
    return Candidate(
        place,
        photo.path,
        photo.label,
        f"{photo.source}\0{photo.person}" if photo.person else "",
        photo.split,
        photo.sha256,
        hashes_of(photo),
        photo.group.get(settings.balance, ""),
        photo.group.get(settings.match, ""),
    )


def _jobs(
    choice: Choice,
    folders: list[Path],
    rows: dict[tuple[int, str], int],
    work: Path,
    settings: BuildSettings,
    yunet: Path | None,
) -> Iterator[_Job]:
    names = _names(choice.parts, f".{settings.image_format}" if settings.size else "")
    for one, name in sorted(names.items(), key=lambda item: item[1]):
        folder = folders[one.place]
        photo = next(photos_at(folder, np.array([rows[one.place, one.path]])))
        make_folder((work / name).parent)
        split = choice.parts[one]
        photo = dataclasses.replace(
            photo,
            path=name,
            split=split,
            verdict=ACCEPTED,
            facts={**photo.facts, "from": f"{folder.name}/{one.path}"},
        )
        yield _Job(folder / one.path, work / name, photo, settings, yunet)


def _names(parts: dict[Candidate, str], suffix: str) -> dict[Candidate, str]:
    """Path below OUT for each candidate: its file name, with a hash of the path where two are the same."""

    def plain(one: Candidate) -> str:
        path = Path(one.path)
        return f"{parts[one]}{DOMAINS[one.label]}/{path.stem}{suffix or path.suffix.lower()}"

    wanted = Counter(place_key(plain(one)) for one in parts)
    names = {}
    for one in parts:
        name = Path(plain(one))
        if wanted[place_key(name.as_posix())] > 1:
            key = hashlib.sha256(f"{one.place}\0{one.path}".encode("utf-8", "surrogatepass")).hexdigest()[:10]
            name = name.with_name(f"{name.stem}-{key}{name.suffix}")
        names[one] = name.as_posix()
    return names


def _write(job: _Job) -> Photo:
    """Write one picture and return its row; rejected where it cannot be."""
    try:
        content = job.file.read_bytes()
        image = open_picture(content)
    except (UnreadablePicture, OSError) as error:
        reason = error.reason if isinstance(error, UnreadablePicture) else error.strerror
        return dataclasses.replace(job.photo, verdict=REJECTED, reason=f"unreadable: {reason}")
    if job.settings.size:
        picture = _aligned(image, job) if job.settings.align else _square(image, job.settings.size)
        if picture is None:
            return dataclasses.replace(job.photo, verdict=REJECTED, reason="align: no face found")
        content, image = _encoded(picture, job.settings.image_format), picture
    _place(job, content)
    digest = hashlib.sha256(content).hexdigest()
    return dataclasses.replace(job.photo, sha256=digest, width=image.width, height=image.height)


def _place(job: _Job, content: bytes) -> None:
    """Link the file to its target where it may be linked, else write `content`."""
    try:
        if not job.settings.size and not job.settings.copy:
            link_or_copy(job.file, job.target)
        else:
            job.target.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {job.target.name}: {error.strerror}; is there space left?") from None


def _aligned(image: Image.Image, job: _Job) -> Image.Image | None:
    pixels = np.asarray(image)
    faces = process_detector(job.yunet).find_faces(pixels)
    if not faces:
        return None
    try:
        return Image.fromarray(align(pixels, faces[0], job.settings.size)[0])
    except UserError:
        return None


def _square(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, image_format: str) -> bytes:
    content = io.BytesIO()
    if image_format == "jpg":
        image.save(content, "JPEG", quality=95, subsampling=0)
    else:
        image.save(content, "PNG")
    return content.getvalue()


def _yunet(settings: BuildSettings) -> Path | None:
    if not settings.align:
        return None
    detector = make_detector(settings.yunet)
    return find_yunet(settings.yunet) if isinstance(detector, YuNetDetector) else None


def _as_json(folders: list[Path], settings: BuildSettings) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in dataclasses.asdict(settings).items()
        if name not in ("yunet", "workers")
    }
    return {"from": {folder.name: manifest_hash(folder) for folder in folders}, **kept}


def _replace(work: Path, out: Path) -> None:
    """Put `work` where `out` is; an earlier build is removed when the new one is in place."""
    old = out.parent / f".{out.name}.old"
    try:
        _remove_own(old)
        if out.exists():
            out.rename(old)
        work.rename(out)
        _remove_own(old)
    except OSError as error:
        raise UserError(f"cannot put {work} in the place of {out}: {error.strerror}") from None


def _remove_own(folder: Path) -> None:
    """Remove a folder that a build made; a foreign or linked one is refused."""
    if not folder.exists() and not folder.is_symlink():
        return
    held = [] if folder.is_symlink() else [entry.name for entry in folder.iterdir()]
    if folder.is_symlink() or (held and SETTINGS not in held):
        raise UserError(f"{folder} is in the way and was not built here: move it")
    shutil.rmtree(folder)
