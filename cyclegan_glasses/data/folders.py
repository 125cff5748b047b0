"""The folders of a data set: which pictures make a domain, and which of two domains belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.pictures import (
    EXTENSIONS,
    UnreadablePicture,
    check_header,
    find_pictures,
    open_picture,
)

LONGEST = 20  # sides further apart than this would be enlarged beyond all memory
CHECKED = 2000  # headers read at the start, spread evenly over a folder
OPENED = 10  # pictures opened at the start at most


@dataclass(frozen=True, slots=True)
class Domain:
    """Pictures of one kind, in a fixed order.

    Attributes:
        name: `A`, `B`, `M` (masks of the glasses on A) or `AB` (pairs side by side).
        folder: that holds them, at any depth; or the only picture.
        paths: of the pictures.
        channels: 1 (grey) or 3 (RGB).
    """

    name: str
    folder: Path
    paths: tuple[Path, ...]
    channels: int = 3

    def __len__(self) -> int:
        return len(self.paths)

    def open(self, index: int) -> Image.Image:
        """Picture `index`; raises `UnreadablePicture`, also for a strip that is no portrait at any size."""
        picture = open_picture(self.paths[index], self.channels)
        if max(picture.size) > LONGEST * min(picture.size):
            size = f"{picture.width}x{picture.height}"
            raise UnreadablePicture(self.paths[index], f"{size} is longer than {LONGEST} times its width")
        return picture

    def by_name(self) -> dict[str, Path]:
        """The pictures by relative path without extension, so that `x.jpg` and `x.png` belong together."""
        names: dict[str, Path] = {}
        for path in self.paths:
            names.setdefault(path.relative_to(self.folder).with_suffix("").as_posix(), path)
        return names

    def check(self) -> dict[str, str]:
        """Read the beginning of at most `CHECKED` files; the reasons of those that are no pictures, by path.

        A file that is cut off has a good beginning, so a few are opened until one can be read.

        Raises:
            UserError: more than a tenth of them are no pictures, or none that was opened can be read.
        """
        bad: dict[str, str] = {}
        count = min(len(self), CHECKED)
        for place in range(count):
            try:
                check_header(self.paths[place * len(self) // count])
            except UnreadablePicture as error:
                bad[error.path] = error.reason
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


def open_domain(name: str, folder: Path, channels: int, limit: int | None = None) -> Domain:
    """The pictures of `folder`, the first `limit` of them.

    Raises:
        UserError: there is no such folder, or no picture in it.
    """
    if not folder.exists():
        raise UserError(f"there is no {folder}: --dataroot must be a folder that holds it")
    paths = find_pictures(folder)[:limit]
    if not paths:
        kinds = " ".join(sorted(EXTENSIONS))
        raise UserError(f"there is no picture in {folder}: put some there ({kinds})")
    return Domain(name, folder, tuple(paths), channels)


def matching(domains: Sequence[Domain], limit: int | None = None) -> list[Domain]:
    """The same domains with only the pictures whose names all of them have, the first `limit` of them."""
    names = [domain.by_name() for domain in domains]
    common = [name for name in names[0] if all(name in other for other in names[1:])][:limit]
    return [replace(d, paths=tuple(n[name] for name in common)) for d, n in zip(domains, names, strict=True)]
