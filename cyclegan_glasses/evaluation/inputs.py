"""The pictures of an evaluation, with what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cyclegan_glasses.data.folders import open_domain
from cyclegan_glasses.data.transforms import Geometry, apply, plan
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.change import typology, typology_angle
from cyclegan_glasses.evaluation.metrics import Mask, Picture, luminance
from cyclegan_glasses.evaluation.settings import InputSettings
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.faces.known import is_coordinate, known_landmarks
from cyclegan_glasses.images import UnreadablePicture, open_picture, picture_names
from cyclegan_glasses.pairing import pair_names, unique_stem
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos
from cyclegan_glasses.walk import name_key

#: What scores are grouped by beside the groups of the manifest: the drawn frame, the lightness of the skin.
FRAME, SKIN = "frame", "skin (ITA)"


@dataclass(frozen=True, slots=True)
class Input:
    """One picture to be translated, cut to size.

    Attributes:
        stem: its name, with a number where several have it.
        picture: uint8 RGB (height, width, 3).
        eyes: (2, 2), x and y of the right and left eye in pixels; by the manifest, or where the usual framing
            puts them.
        truth: what the result should be, where there is one.
        mask: share of each pixel that is glasses, [0, 1] (height, width), where it is known.
        group: what is known of the person and the frame.
    """

    stem: str
    picture: Picture
    eyes: NDArray[np.float64]
    truth: Picture | None = None
    mask: Mask | None = None
    group: Mapping[str, str] = field(default_factory=dict)


class Inputs:
    """The pictures of one direction: `for item in inputs`, and those of the target's domain.

    Attributes:
        settings: which pictures, and how they are cut.
        in_common: names that are in both domains; where all are, these are pairs.
        paired, masked: whether there are truths, and masks of the glasses.
        target_count: pictures of the target's domain.

    Raises:
        UserError: a folder is missing or empty, or no photo has one of the groups asked for.
    """

    def __init__(self, settings: InputSettings) -> None:
        self.settings, root = settings, settings.dataroot
        source, target = settings.direction.split("to")
        self._source, self._target = (
            open_domain(name, root / f"{settings.phase}{name}", (3,)) for name in (source, target)
        )
        pairs = pair_names(self._source.names, self._target.names)
        self.in_common, self.paired = len(pairs.places), pairs.complete
        if pairs.complete:
            pairs.report([self._source.folder, self._target.folder])
            self._truths = {index: self._target.path(place) for index, place in pairs.places}
        else:
            self._truths = {}
        folder = root / f"{settings.phase}M"
        masks = picture_names(folder)
        found = pair_names(self._source.names, masks).places
        self._masks = {index: folder / masks[place] for index, place in found}
        self.masked = bool(self._masks)
        taken: set[str] = set()
        self._stems = [unique_stem(name, taken) for name in self._source.names]
        self._chosen = evenly_chosen(list(range(len(self._source))), settings.limit)
        self.target_count = len(self._target)
        photos = latest_photos(root) if (root / MANIFEST).is_file() else {}
        self._photos = {name_key(path): photo for path, photo in photos.items()}
        check_groups(settings.groups, [{SKIN: ""}, *map(groups_of, self._photos.values())])

    def __len__(self) -> int:
        return len(self._chosen)

    def scored(self, picture: Picture) -> Picture:
        """A picture, in the colours or the grey that scores are read off."""
        return luminance(picture) if self.settings.grey else picture

    def __iter__(self) -> Iterator[Input]:
        """Every picture that can be read, in order."""
        for index in self._chosen:
            path = self._source.path(index)
            picture, eyes, geometry, size = self._read(path)
            truth = self._open(self._truths.get(index), geometry, size)
            mask = self._open(self._masks.get(index), geometry, size)
            covered = None if mask is None else mask[..., 0] / 255
            known = groups_of(self._photo(path)) | {SKIN: typology(typology_angle(picture, eyes))}
            asked = self.settings.groups
            group = {name: value for name, value in known.items() if not asked or name in asked}
            yield Input(self._stems[index], picture, eyes, truth, covered, group)

    def targets(self, limit: int = 0) -> Iterator[tuple[Picture, NDArray[np.float64]]]:
        """Pictures of the target's domain, at most `limit`, evenly chosen, with their eyes."""
        for index in evenly_chosen(list(range(len(self._target))), limit):
            yield self._read(self._target.path(index))[:2]

    def _read(self, path: Path) -> tuple[Picture, NDArray[np.float64], Geometry, tuple[int, int]]:
        """The picture and its eyes, cut to size; how it was cut, and its own size."""
        original, protocol = _opened(path), self.settings.protocol
        wide, high = original.size
        crop = (protocol.crop_size, protocol.crop_size)
        geometry = plan((wide, high), protocol.preprocess, protocol.load_size, crop, False, None)
        eyes = eyes_of(self._photo(path), original.size) * (np.array(geometry.size) / original.size)
        return self._cut(original, geometry), eyes - geometry.corner, geometry, original.size

    def _cut(self, picture: Image.Image, geometry: Geometry) -> Picture:
        return np.asarray(apply(picture, geometry, Image.Resampling[self.settings.protocol.filter.upper()]))

    def _photo(self, path: Path) -> Photo | None:
        return self._photos.get(name_key(path.relative_to(self.settings.dataroot).as_posix()))

    def _open(self, path: Path | None, geometry: Geometry, size: tuple[int, int]) -> Picture | None:
        if path is None:
            return None
        picture = _opened(path)
        if picture.size != size:
            raise UserError(
                f"{path} is {picture.width}x{picture.height}, its input {size[0]}x{size[1]}: "
                "the pictures of a pair must have one size"
            )
        return self._cut(picture, geometry)


def eyes_of(photo: Photo | None, size: tuple[int, int]) -> NDArray[np.float64]:
    """Both eyes (2, 2) in pixels of a picture of `size`: by its manifest, else as aligned faces."""
    facts: Mapping[str, Any] = photo.facts if photo else {}
    landmarks = known_landmarks(photo) if photo else None
    if photo and landmarks is not None and np.isfinite(landmarks[:2]).all():
        scale = np.array(size) / (photo.width, photo.height) if photo.width and photo.height else 1
        return landmarks[:2] * scale
    default = Framing()
    known = [facts.get(name) for name in ("eye_x", "eye_y", "eye_distance", "roll")]
    values = [float(value) for value in known if is_coordinate(value)]
    x, y, distance, roll = (
        values if len(values) == 4 else (0.5, default.eye_height, default.eye_distance, 0.0)
    )
    half = np.array([np.cos(np.radians(roll)), np.sin(np.radians(roll))]) * distance / 2
    return (np.array([x, y]) + np.stack([-half, half])) * size


def groups_of(photo: Photo | None) -> dict[str, str]:
    """The groups of a photo by name, with the shape of a drawn frame; none of an unknown photo."""
    if photo is None:
        return {}
    frame = photo.facts.get("frame")
    shape = frame.get("shape") if isinstance(frame, dict) else None
    return dict(photo.group) | ({FRAME: str(shape)} if shape else {})


def check_groups(asked: Sequence[str], groups: Iterable[Mapping[str, str]]) -> None:
    """Raises `UserError` where one of `asked` is a group of no photo."""
    known = sorted({name for group in groups for name in group})
    for name in asked:
        if name not in known:
            allowed = f"--group can be {', '.join(known)}" if known else "there is no manifest with groups"
            raise UserError(f"no photo has a group {name!r}: {allowed}")


def evenly_chosen(items: list, limit: int) -> list:
    """At most `limit` of `items`, evenly chosen; 0 for all."""
    count = min(limit or len(items), len(items))
    return [items[place * len(items) // count] for place in range(count)] if count else []


def _opened(path: Path) -> Image.Image:
    try:
        return open_picture(path)
    except UnreadablePicture as error:
        raise UserError(f"{error}: replace it or take it away") from None
