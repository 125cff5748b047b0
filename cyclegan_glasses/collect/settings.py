"""What `crawl.py folder`, `overlay`, `transplant` and `build` may be told. Free of heavy imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, option

#: Frames of pairs: as people wear them in photos, or every shape alike, as shops sell them.
WORN, SHOP = "worn", "shop"
FORMATS = ("png", "jpg", "webp")

Fractions = tuple[tuple[str, float], ...]


def fractions_of(texts: Sequence[str]) -> Fractions:
    """`test=0.1 val=0.2` as pairs of the name of a split and its fraction of the photos.

    Raises:
        UserError: other names than test and val, or fractions outside 0 to 1, each or together.
    """
    fractions = []
    for text in texts:
        name, _, value = text.partition("=")
        try:
            fraction = float(value)
        except ValueError:
            fraction = -1.0
        if not 0 <= fraction <= 1:
            raise UserError(f"--split {text}: a share is a number of 0 to 1, as in test=0.1")
        fractions.append((name, fraction))
    if sum(fraction for _, fraction in fractions) > 1 or any(
        name not in ("test", "val") for name, _ in fractions
    ):
        raise UserError(f"--split {' '.join(texts)}: give test=SHARE and val=SHARE, at most 1 together")
    return tuple(fractions)


def _check_align(size: int) -> None:
    if size and not 16 <= size <= 2048:
        raise UserError(f"--align {size}: give a size of 16 to 2048 pixels")


#: What options of several commands have in common.
_ALIGN: dict[str, Any] = {"metavar": "SIZE", "group": "faces"}
_MAX_TURN: dict[str, Any] = {"metavar": "DEGREES", "group": "faces"}


#: Pairs of a split's name and its fraction; the rest is `train`.
_shares = partial(
    option,
    (("test", 0.1),),
    flag="split",
    metavar="NAME=SHARE",
    group="domains",
    cli_default=["test=0.1"],
    parse=str,
    read=lambda values: fractions_of(values["split"]),
)


@dataclass(frozen=True, slots=True)
class CollectSettings(Settings):
    """How a pile is written. All of it is kept in `collect.json`: a folder holds one way only."""

    align: int = option(0, "crop faces to SIZE pixels by the eyes", **_ALIGN)
    max_turn: float = option(25.0, "leave out side views (25)", **_MAX_TURN)
    image_format: str = option("png", "of aligned faces (png)", flag="format", choices=FORMATS, group="faces")
    domains: bool = option(False, "write trainA, trainB, testA, testB by label", group="domains")
    shares: tuple[tuple[str, float], ...] = _shares(
        "shares by a hash of the person, or of the path where the person is not known (test=0.1)"
    )
    seed: int = option(0, "of the split (0)", group="domains")

    def __post_init__(self) -> None:
        check(self)
        _check_align(self.align)


@dataclass(frozen=True, slots=True)
class OverlaySettings(Settings):
    """How glasses are drawn on bare faces. All of it is kept in `overlay.json`."""

    align: int = option(0, "crop faces to SIZE pixels by the eyes (0: keep)", **_ALIGN)
    max_turn: float = option(25.0, "leave out side views (25)", **_MAX_TURN)
    each: int = option(1, "pairs a face, each with other glasses (1)", metavar="N", least=1, most=1000)
    sunglasses: float = option(0.0, "share of dark lenses (0)", metavar="SHARE", least=0, most=1)
    frame_mix: str = option(
        WORN,
        "which frames: as people wear them in photos, or every shape alike, as shops sell them (worn)",
        choices=(WORN, SHOP),
    )
    hard: float = option(
        0.0,
        "share with strong reflections, tints, shadows, thick pale frames or strong lenses (0)",
        metavar="SHARE",
        least=0,
        most=1,
    )
    shares: tuple[tuple[str, float], ...] = _shares(
        "shares by a hash of the person or path, where the photo has no split of its own (test=0.1)"
    )
    seed: int = option(0, "of frames and split (0)", least=0, most=2**31 - 1)

    def __post_init__(self) -> None:
        check(self)
        _check_align(self.align)


@dataclass(frozen=True, slots=True)
class TransplantSettings(Settings):
    """How glasses are put from one face on others. All of it is kept in `transplant.json`."""

    each: int = option(
        4, "bare faces that each pair of glasses is put on (4)", metavar="N", least=1, most=1000
    )
    shares: tuple[tuple[str, float], ...] = _shares(
        "shares by a hash of the person or path, where the photo has no split of its own (test=0.1)"
    )
    seed: int = option(0, "of the choice of faces, and of the split (0)", least=0, most=2**31 - 1)

    def __post_init__(self) -> None:
        check(self)


_file = partial(option, group="files")
_side = partial(option, group="split")
_choice = partial(option, group="choice")


@dataclass(frozen=True, slots=True)
class BuildSettings(Settings):
    """How two domains are made of accepted photos. All but the last two is kept in `build.json`.

    Attributes:
        align: with `size`: otherwise pictures are cropped to their middle square.
        match: each value of the group has the same number of photos in one domain as in the other.
        cap_per_person, max_photos: 0 for no limit; `max_photos` of a domain and split.
        duplicate_bits: near-duplicates, by this many differing bits, stay on one side; -1 asks for none.
    """

    size: int = _file(0, "write pictures of SIZE pixels a side; without it files are hard links")
    align: bool = _file(False, "with --size: crop to the face by its eyes")
    image_format: str = _file("png", "with --size (png)", flag="format", choices=FORMATS)
    copy: bool = _file(False, "without --size: copy files instead of linking them")
    test_share: float = _side(0.1, "of a domain (0.1)", metavar="X", least=0, below=1)
    keep_split: bool = _side(False, "keep the split of the source where it has one")
    balance: str = _choice("", "as many photos of every value of GROUP, in both domains", metavar="GROUP")
    match: str = _choice(
        "", "as many photos of a value of GROUP in one domain as in the other", metavar="GROUP"
    )
    cap_per_person: int = _choice(0, "photos of a person in a domain", metavar="N", least=0)
    max_photos: int = _choice(0, "photos of each of the four folders", metavar="N", least=0)
    duplicate_bits: int = _side(6, "see crawl.py filter --help (6)", least=-1, most=15)
    unfiltered: bool = _choice(False, "take photos without a verdict, too")
    seed: int = _side(0, "of every choice (0)")
    yunet: Path | None = option(
        None, "find faces by YuNet, whose ONNX file this is", metavar="FILE", group="files"
    )
    workers: int = option(0, "processes (0: one for each core)", least=0)

    def __post_init__(self) -> None:
        check(self)
        if self.size and not 16 <= self.size <= 4096:
            raise UserError(f"--size {self.size}: give 16 to 4096 pixels")
        if self.align and not self.size:
            raise UserError("--align crops to a size: add --size 256")
