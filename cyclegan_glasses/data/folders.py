"""The folders of a data set: which pictures make a domain, and which of two domains belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import UnreadablePicture, check_header, open_picture, picture_names
from cyclegan_glasses.pairing import Pairs, pair_names
from cyclegan_glasses.walk import EXTENSIONS

LONGEST = 20  # sides further apart than this would be enlarged beyond all memory
CHECKED = 2000  # headers read at the start, spread evenly over a folder
OPENED = 10  # pictures opened at the start at most
MASK_NAMES = ("M", "F")  # of domains whose pictures are fractions
READERS = 16  # headers read at a time: a disk that was asked once at a time would take as many times as long


#: Gives picture `index`, decoded before: uint8 (side, width, channels), not to be written to. See `stores`.
Store = Callable[[int], np.ndarray]


@dataclass(slots=True)
class Domain:
    """Pictures of one kind, in a fixed order.

    Attributes:
        name: `A`, `B`, `M` (masks of the glasses on A), `F` (what the frame takes of A), `AB` (pairs side
            by side).
        folder: that holds them, at any depth; or the only picture.
        names: of the pictures: their paths below `folder`, with slashes.
        channels: 1 (grey) or 3 (RGB), for each of the kinds that a file holds side by side; 0 for one that
            is passed over.
        store: of the pictures at the size that they are cut from, where there is one; see `cache`.
    """

    name: str
    folder: Path
    names: tuple[str, ...]
    channels: tuple[int, ...] = (3,)
    store: Store | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def path(self, index: int) -> Path:
        """Where picture `index` is."""
        return self.folder / self.names[index]

    def open(self, index: int) -> list[Image.Image]:
        """The file of picture `index`, decoded: one picture for each kind that is not passed over.

        Raises:
            UnreadablePicture: also for a strip that is no portrait at any size.
        """
        path, kinds = self.path(index), len(self.channels)
        picture = open_picture(path, 3 if kinds > 1 else self.channels[0])
        if max(picture.size) > LONGEST * min(picture.size):
            size = f"{picture.width}x{picture.height}"
            raise UnreadablePicture(path, f"{size} is longer than {LONGEST} times its width")
        if kinds == 1:
            return [picture]
        width = picture.width // kinds
        if not width:
            raise UnreadablePicture(path, f"too narrow to hold {kinds} pictures side by side")
        cuts = [(picture.crop((k * width, 0, (k + 1) * width, picture.height)), channels)
                for k, channels in enumerate(self.channels) if channels]  # fmt: skip
        return [cut.convert("L") if channels == 1 else cut for cut, channels in cuts]

    def read(self, index: int) -> Sequence[Image.Image | np.ndarray]:
        """As `open`, but from the store if there is one: then uint8 (side, side, channels)."""
        if self.store is None:
            return self.open(index)
        channels = [count for count in self.channels if count]
        kept = np.split(self.store(index), len(channels), axis=1)
        return [picture[..., :count] for picture, count in zip(kept, channels, strict=True)]

    def check(self) -> dict[str, str]:
        """Read the beginning of at most `CHECKED` files; the reasons of those that are no pictures, by path.

        A file that is cut off has a good beginning, so a few are opened until one can be read.

        Raises:
            UserError: more than a tenth of them are no pictures, or none that was opened can be read.
        """
        count = min(len(self), CHECKED)
        paths = [self.path(place * len(self) // count) for place in range(count)]
        with ThreadPoolExecutor(READERS) as pool:
            bad = {error.path: error.reason for error in pool.map(_trouble, paths) if error}
        self.tolerate(bad, count)
        opened, broken = min(len(self), OPENED), {}
        for place in range(opened):
            try:
                self.open(place * len(self) // opened)
                return bad
            except UnreadablePicture as error:
                broken[error.path] = error.reason
        self.tolerate(broken, opened)
        return bad

    def tolerate(self, bad: dict[str, str], count: int) -> None:
        """Accept the unreadable pictures `bad` (reasons by path) of `count`, up to a tenth.

        Raises:
            UserError: they are more.
        """
        if len(bad) * 10 > count:
            path, reason = next(iter(bad.items()))
            raise UserError(
                f"{len(bad)} of {count} pictures of {self.folder} cannot be read, such as {path} ({reason}): "
                "replace them or take them away"
            )


def _trouble(path: Path) -> UnreadablePicture | None:
    try:
        check_header(path)
    except UnreadablePicture as error:
        return error
    return None


def open_domain(name: str, folder: Path, channels: tuple[int, ...], limit: int | None = None) -> Domain:
    """The pictures of `folder`, the first `limit` of them.

    Raises:
        UserError: there is no such folder, or no picture in it.
    """
    if not folder.exists():
        raise UserError(f"there is no {folder}: --dataroot must be a folder that holds it")
    names = picture_names(folder)[:limit]
    if not names:
        kinds = " ".join(sorted(EXTENSIONS))
        raise UserError(f"there is no picture in {folder}: put some there ({kinds})")
    return Domain(name, folder, tuple(names), channels)


def matching(domains: Sequence[Domain], limit: int | None = None) -> tuple[list[Domain], Pairs]:
    """The same domains with only the pictures that belong together, the first `limit` of them, and how that
    was found."""
    pairs = pair_names(*(domain.names for domain in domains))
    columns = zip(*pairs.places[:limit], strict=True) if pairs.places else [()] * len(domains)
    return [
        replace(domain, names=tuple(domain.names[index] for index in column))
        for domain, column in zip(domains, columns, strict=True)
    ], pairs
