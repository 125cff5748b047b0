"""Pairs from photographed glasses: what a remover takes off one face is put on others, which are the truth.

out/trainA, trainB, trainM, trainL, manifest.jsonl   as `collect.pairs` writes them, also test and val
out/transplant.json                                  the settings, model and folders that it was made with

Masks are 255 exactly where the two faces of a pair differ. Of the four layers the first is known, what the
frame takes; the others are black.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cyclegan_glasses.attributes.classifier import FacelyzrClassifier, load_classifier
from cyclegan_glasses.collect.glasses_layer import brightness, glasses_of
from cyclegan_glasses.collect.names import file_names
from cyclegan_glasses.collect.pair import generator_of, make_pair, pair_names
from cyclegan_glasses.collect.settings import TransplantSettings
from cyclegan_glasses.collect.splits import split_of
from cyclegan_glasses.collect.writer import Writer
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.faces.known import known_landmarks, known_yaw
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.photo import REJECTED, Photo, latest_photos, manifest_hash
from cyclegan_glasses.sources.source import RejectedPhoto, SourcePhoto
from cyclegan_glasses.walk import report, told

RECORD = "transplant.json"

#: An aligned face, uint8 RGB (size, size, 3), to the face without glasses, float32 levels of the same shape,
#: and how much of each pixel the frame takes, float32 (size, size) of 0 to 1. It can be pickled.
Remover = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

_ALIKE_YAW = 7.0  # degrees
_CANDIDATES = 8  # for each pair, of which those that are as bright as the face with glasses are taken
_MISALIGNED = 0.02  # of the side
_LEAST_FRAME = 150 / 224**2  # of the picture: where a model sees less frame, it sees none


class AlignedFace(NamedTuple):
    """What is known of an aligned face, and its file."""

    photo: Photo
    file: Path


@dataclass(frozen=True, slots=True)
class AlignedFaces:
    """Aligned faces of one or more folders, in the order of their paths, each with its split.

    Attributes:
        glasses: those labelled so, and those without a label, which the classifier is to decide on.
        bare: by split.
        manifests: SHA-256 of each folder's (`photo.manifest_hash`).
    """

    glasses: list[AlignedFace] = field(default_factory=list)
    bare: dict[str, list[AlignedFace]] = field(default_factory=lambda: defaultdict(list))
    manifests: list[str] = field(default_factory=list)


def aligned_faces(
    folders: Sequence[Path], size: int, framing: Framing, settings: TransplantSettings
) -> AlignedFaces:
    """The faces of `folders` that lie as a remover of faces of `size` pixels and this `framing` knows them.

    A photo without a split gets that of its person where another photo has one, else one by a hash, so
    that people who are tested on stay among themselves. What is left out is logged.

    Raises:
        UserError: there is no manifest, no face with glasses, or none without.
    """
    found, rows, left_out = AlignedFaces(), list[AlignedFace](), Counter[str]()
    for folder in folders:
        found.manifests.append(manifest_hash(folder))
        missed = Counter[str]()
        for photo in latest_photos(folder).values():
            if reason := _unfit(photo, size, framing):
                missed[reason] += 1
            else:
                rows.append(AlignedFace(photo, folder / photo.path))
        report(folder, missed)
        left_out += missed
    known = {_person(row.photo): row.photo.split for row in rows if row.photo.person and row.photo.split}
    origins = set[str]()
    for row in sorted(rows, key=lambda row: row.file):
        photo = replace(row.photo, split=row.photo.split or known.get(_person(row.photo), ""))
        photo = replace(photo, split=split_of(photo, settings.seed, settings.shares))
        if photo.origin in origins:
            continue  # in two of the folders
        origins.add(photo.origin)
        faces = found.bare[photo.split] if photo.label == NONE else found.glasses
        faces.append(AlignedFace(photo, row.file))
    if not found.glasses or not any(found.bare.values()):
        kind = "with" if not found.glasses else "without"
        reasons = f" ({told(left_out)})" if left_out else ""
        raise UserError(
            f"no face {kind} glasses is aligned to {size} pixels in {', '.join(map(str, folders))}"
            f"{reasons}: the model knows faces of crawl.py folder --align {size}"
        )
    return found


def _person(photo: Photo) -> tuple[str, str]:
    return photo.source, photo.person


def _unfit(photo: Photo, size: int, framing: Framing) -> str:
    """Why a face cannot be used, or nothing."""
    if photo.verdict == REJECTED or not photo.sha256:
        return "rejected"
    if photo.label not in (GLASSES, NONE, ""):
        return f"labelled {photo.label}"
    landmarks = known_landmarks(photo)
    if landmarks is None:
        return "without landmarks in the manifest"
    half = framing.eye_distance / 2
    eyes = np.array([[0.5 - half, framing.eye_height], [0.5 + half, framing.eye_height]])
    apart = np.abs(landmarks[:2] / size - eyes).max()
    if (photo.width, photo.height) != (size, size) or not apart < _MISALIGNED:
        return f"not aligned to {size} pixels"
    return ""


def transplant_pairs(
    faces: AlignedFaces,
    out: Path,
    settings: TransplantSettings,
    size: int,
    remove: Remover,
    model: str,
    workers: int = 0,
) -> Generator[list[Photo], None, None]:
    """Put the glasses of `faces` on bare ones, write the pairs into `out`; yield the rows of each photo with
    glasses, those of an earlier run first.

    Bare faces are of the same split, turned alike, and about as bright around the eyes. A photo whose glasses
    are not found is one row with a reason.

    Args:
        size: side of the faces in pixels.
        model: names the weights of `remove`, for the record.
        workers: processes; 0 takes one for each core. The bytes do not depend on it.

    Raises:
        UserError: `out` was begun with other settings, faces or model, is in use or cannot be written.
    """
    record = {**asdict(settings), "model": model, "manifests": faces.manifests}
    with folder_lock(out):
        writer = Writer(out, RECORD, record, rows_each=2 * settings.each, sync=False)
        yield from writer.before()
        yield from writer.write(_to_transplant(faces, settings, size, remove), workers)


def _to_transplant(
    faces: AlignedFaces, settings: TransplantSettings, size: int, remove: Remover
) -> Iterator[SourcePhoto]:
    names = file_names([face.photo.origin for face in faces.glasses], ".png")
    yaws = {split: np.array([known_yaw(face.photo) for face in bare]) for split, bare in faces.bare.items()}
    for face in faces.glasses:
        photo = replace(face.photo, path=names[face.photo.origin])
        near = np.flatnonzero(np.abs(yaws.get(photo.split, np.empty(0)) - known_yaw(photo)) < _ALIKE_YAW)
        count = min(_CANDIDATES * settings.each, len(near))
        chosen = generator_of(photo, settings.seed, 0).permutation(near)[:count]
        candidates = [faces.bare[photo.split][index] for index in chosen]
        make = partial(_transplanted, AlignedFace(photo, face.file), candidates, settings.each, size, remove)
        yield SourcePhoto(photo, make)


def _transplanted(
    face: AlignedFace, candidates: Sequence[AlignedFace], each: int, size: int, remove: Remover
) -> list[SourcePhoto]:
    """The pairs of one photo with glasses."""
    photo, worn = face.photo, _read(face.file, size)
    _check_glasses(photo, worn)
    glasses = glasses_of(worn, *remove(worn))
    if glasses.frame_fraction < _LEAST_FRAME:
        raise RejectedPhoto("transplant: the model sees no frame")
    light = brightness(glasses.behind)
    bare = sorted(_readable(candidates, size), key=lambda face: abs(brightness(face[1]) - light))[:each]
    if len(bare) < each:
        raise RejectedPhoto("transplant: too few bare faces are turned alike")
    pairs = []
    for name, (other, onto) in zip(pair_names(photo.path, each), bare, strict=True):
        # A pair shows the person of the bare face.
        licence, author = (
            "; ".join(dict.fromkeys(filter(None, (getattr(one, name) for one in (other, photo)))))
            for name in ("licence", "author")
        )
        row = replace(
            photo, label=GLASSES, person=other.person, group=other.group, licence=licence, author=author
        )
        pairs.append(make_pair(row, name, {"bare": other.origin}, onto, *glasses.put_on(onto)))
    return list(chain.from_iterable(pairs))


def _check_glasses(photo: Photo, face: np.ndarray) -> None:
    """Raise `RejectedPhoto` where the classifier sees no glasses; of a photo labelled so the likelier of two
    counts."""
    classifier = _classifier()
    (verdict,) = classifier.classify(face[None])
    if not (verdict.surely(GLASSES) or (photo.label == GLASSES and verdict.of_two == GLASSES)):
        raise RejectedPhoto("transplant: no glasses, by the attribute classifier")


@lru_cache(maxsize=1)
def _classifier() -> FacelyzrClassifier:
    """The classifier that ships, loaded once a process."""
    classifier = load_classifier()
    if classifier is None:
        raise UserError("this installation came without its attribute classifier")
    return classifier


def _readable(faces: Iterable[AlignedFace], size: int) -> Iterator[tuple[Photo, np.ndarray]]:
    """Those of `faces` that can be read, with their pictures."""
    for face in faces:
        try:
            yield face.photo, _read(face.file, size)
        except UnreadablePicture:
            continue


def _read(file: Path, size: int) -> np.ndarray:
    """An aligned face, uint8 RGB (size, size, 3)."""
    picture = np.asarray(open_picture(file))
    if picture.shape != (size, size, 3):
        raise UnreadablePicture(file, f"it is not {size} pixels wide and high, as its manifest says")
    return picture
