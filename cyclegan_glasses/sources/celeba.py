"""CelebA: 202,599 aligned faces of 10,177 people with 40 attributes (Liu et al. 2015, arXiv 1411.7766).

Its annotation files, and the copies of them with commas, are read row by row and side by side, so memory
stays flat. The official split is kept. `Eyeglasses` counts sunglasses too, so the photos go through the
filters like any others.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from cyclegan_glasses.domains import DOMAINS, GLASSES, NONE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import option
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.annotations import Lookup, Row, read_annotations
from cyclegan_glasses.sources.archive import Archive, open_archive, read_content
from cyclegan_glasses.sources.source import RejectedPhoto, SourcePhoto
from cyclegan_glasses.walk import is_picture, stem_key

LICENCE = "CelebA agreement: non-commercial research"
SPLITS = {0: "train", 1: "val", 2: "test"}
PUBLISHED = {"trainA": 10_521, "trainB": 152_249, "testA": 2_672, "testB": 37_157}
_SIZE = 256
_ATTRIBUTES = "list_attr_celeba"
_SAMPLES, _LONG_ENOUGH = 20, 1000
_FIRST = re.compile(r"[\s,]+")
_GROUPS = {"Male": ("gender", "male", "female"), "Young": ("age", "young", "not young")}
_OPTIONAL = {"identity_celeba": 1, "list_eval_partition": 1, "list_landmarks_align_celeba": 10}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CelebaSource:
    """CelebA, or the published benchmark that is made of it.

    Attributes:
        source: folder or zip that holds the annotation files, and the pictures if `images` is not given.
        images: folder or zip of the aligned pictures.
        protocol: the published domains for glasses removal and addition, 256x256 PNG in `trainA trainB testA
            testB`. A has `Eyeglasses`, B has not; train is partition 0, test is 1 and 2 together; the width
            becomes 256 (PIL bilinear), then the centre 256x256 is kept (the CelebA benchmark of UVCGAN, arXiv
            2203.02557).
    """

    name: ClassVar[str] = "celeba"

    source: Path
    images: Path | None = option(None, "folder or zip of img_align_celeba, where it lies elsewhere")
    protocol: bool = option(
        False, "write the published benchmark: trainA trainB testA testB of 256x256 PNG in the official split"
    )

    def photos(self) -> Iterator[SourcePhoto]:
        """Every picture that the attribute file lists, in its order; rows without a picture are counted.

        Raises:
            UserError: no attribute file, no `Eyeglasses` column, no pictures, or a row that cannot be read;
                with `protocol` the partition of a picture is not known.
        """
        with ExitStack() as stack:
            source = stack.enter_context(open_archive(self.source))
            files = _locate(source)
            images, folder = _images(self.images, source, files, stack)
            columns, rows = _annotations(source, files[_ATTRIBUTES])
            if "Eyeglasses" not in columns:
                name = source.origin(files[_ATTRIBUTES])
                raise UserError(f"{name} has no column Eyeglasses: is it list_attr_celeba.txt?")
            known = {name: Lookup(_rows_of(source, files, name, width)) for name, width in _OPTIONAL.items()}
            missing = 0
            for file, values in rows:
                member = images.find(folder + file)
                facts = {name: lookup.pop(file) for name, lookup in known.items()}
                if member is None:
                    missing += 1
                    continue
                photo = _photo(file, dict(zip(columns, values, strict=True)), facts)
                photo = replace(photo, origin=images.origin(member))
                make = _benchmark if self.protocol else SourcePhoto
                yield make(photo, images.content(member))
            if missing:
                logger.warning(
                    "%d rows of %s have no picture in %s", missing, files[_ATTRIBUTES], images.path
                )


def _annotations(source: Archive, member: str) -> tuple[list[str], Iterator[Row]]:
    return read_annotations(source.lines(member), source.origin(member))


def _rows_of(source: Archive, files: dict[str, str], name: str, width: int) -> Iterator[Row]:
    if name not in files:
        return
    for file, values in _annotations(source, files[name])[1]:
        if len(values) != width:
            where = source.origin(files[name])
            raise UserError(f"{where} has {len(values)} values a row, not {width}: copy it again")
        yield file, values


def _locate(source: Archive) -> dict[str, str]:
    """Members by what they are: annotation files, and the `zip` of the pictures."""
    files: dict[str, str] = {}
    for name in source.names():
        stem, _, suffix = name.rpartition("/")[2].lower().rpartition(".")
        if suffix in ("txt", "csv") and (stem == _ATTRIBUTES or stem in _OPTIONAL):
            files.setdefault(stem, name)
        elif stem.startswith("img_align_celeba") and suffix == "zip":
            files.setdefault("zip", name)
    if _ATTRIBUTES not in files:
        raise UserError(f"{source.path} has no list_attr_celeba.txt: give the folder or zip that holds it")
    return files


def _images(
    elsewhere: Path | None, source: Archive, files: dict[str, str], stack: ExitStack
) -> tuple[Archive, str]:
    """Where the pictures are: an archive, and the folder in it that their names follow."""
    images = stack.enter_context(open_archive(elsewhere)) if elsewhere else source
    folder = _folder_of(images, source.lines(files[_ATTRIBUTES]))
    packed = source.content(files["zip"]) if "zip" in files else None
    if folder is None and not elsewhere and isinstance(packed, Path):
        images = stack.enter_context(open_archive(packed))
        folder = _folder_of(images, source.lines(files[_ATTRIBUTES]))
    if folder is None:
        raise UserError(
            f"{images.path} has no pictures that list_attr_celeba names: give the folder or zip of"
            " img_align_celeba with --images"
        )
    return images, folder + "/" if folder else ""


def _folder_of(images: Archive, table: Iterable[str]) -> str | None:
    """The folder whose pictures are called as the rows of `table` are; of several the one of aligned faces.

    A few names of each folder are looked for in the table, until `_LONG_ENOUGH` rows behind the first one.
    """
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for name in filter(is_picture, images.names()):
        folder, _, file = name.rpartition("/")
        if len(folders[folder]) < _SAMPLES:
            folders[folder].append(stem_key(file).casefold())
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for folder, stems in folders.items():
        for stem in stems:
            wanted[stem].append(folder)
    found: Counter[str] = Counter()
    left = -1
    for line in table:
        found.update(wanted.get(stem_key(_FIRST.split(line.strip(), maxsplit=1)[0]).casefold(), ()))
        left = _LONG_ENOUGH if left < 0 and found else left - 1
        if left == 0:
            break
    return max(found, key=lambda folder: ("align" in folder.lower(), found[folder]), default=None)


def _photo(file: str, attributes: dict[str, int], known: dict[str, tuple[int, ...] | None]) -> Photo:
    identity, partition, landmarks = known.values()
    if partition and partition[0] not in SPLITS:
        raise UserError(
            f"list_eval_partition gives {file} the partition {partition[0]}, not 0, 1 or 2: copy it again"
        )
    facts: dict[str, object] = {"attributes": [name for name, value in attributes.items() if value == 1]}
    if landmarks:
        facts["landmarks"] = [list(landmarks[i : i + 2]) for i in range(0, 10, 2)]
    group = {
        name: yes if attributes[column] == 1 else no
        for column, (name, yes, no) in _GROUPS.items()
        if column in attributes
    }
    return Photo(
        path=f"photos/{file}",
        source="celeba",
        licence=LICENCE,
        label=GLASSES if attributes["Eyeglasses"] == 1 else NONE,
        person=str(identity[0]) if identity else "",
        split=SPLITS[partition[0]] if partition else "",
        group=group,
        facts=facts,
    )


def _benchmark(photo: Photo, content: Path | Callable[[], bytes]) -> SourcePhoto:
    if not photo.split:
        raise UserError(
            f"{photo.origin} has no partition: put list_eval_partition.txt beside list_attr_celeba.txt"
        )
    domain = ("train" if photo.split == "train" else "test") + DOMAINS[photo.label]
    facts = {name: value for name, value in photo.facts.items() if name != "landmarks"}
    path = f"{domain}/{photo.path.rpartition('/')[2]}"
    return SourcePhoto(replace(photo, path=path, facts=facts), partial(_benchmark_picture, content))


def _benchmark_picture(content: Path | Callable[[], bytes]) -> bytes:
    from PIL import Image

    from cyclegan_glasses.images import open_picture, to_bytes

    picture = open_picture(read_content(content))
    height = int(_SIZE * picture.height / picture.width)
    if height < _SIZE:
        raise RejectedPhoto("wider than high, not an aligned CelebA face")
    top = round((height - _SIZE) / 2)
    whole = picture.resize((_SIZE, height), Image.Resampling.BILINEAR)
    return to_bytes(whole.crop((0, top, _SIZE, top + _SIZE)), "PNG", compress_level=1)
