"""What `crawl.py folder`, `overlay` and `build` may be told. Free of heavy imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, option

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
_SPLIT: dict[str, Any] = {
    "flag": "split",
    "metavar": "NAME=SHARE",
    "group": "domains",
    "cli_default": ["test=0.1"],
    "parse": str,
    "read": lambda values: fractions_of(values["split"]),
}
_TENTH: Fractions = (("test", 0.1),)


@dataclass(frozen=True, slots=True)
class CollectSettings(Settings):
    """How a pile is written. All of it is kept in `collect.json`: a folder holds one way only.

    Attributes:
        align: side of the aligned crop of the largest face, in pixels; 0 leaves pictures as they are.
        max_turn: with `align`, faces turned further to the side, in degrees, are rejected.
        image_format: of aligned crops, `png` or `jpg` (quality 95).
        domains: write `trainA`, `trainB`, … by label and split.
        shares: pairs of a split's name and its fraction; the rest is `train`.
        seed: of the split.
    """

    align: int = option(0, "crop faces to SIZE pixels by the eyes", **_ALIGN)
    max_turn: float = option(25.0, "leave out side views (25)", **_MAX_TURN)
    image_format: str = option(
        "png", "of aligned faces (png)", flag="format", choices=("png", "jpg"), group="faces"
    )
    domains: bool = option(False, "write trainA, trainB, testA, testB by label", group="domains")
    shares: Fractions = option(
        _TENTH,
        "shares by a hash of the person, or of the path where the person is not known (test=0.1)",
        **_SPLIT,
    )
    seed: int = option(0, "of the split (0)", group="domains")

    def __post_init__(self) -> None:
        check(self)
        _check_align(self.align)


@dataclass(frozen=True, slots=True)
class OverlaySettings(Settings):
    """How glasses are drawn on bare faces. All of it is kept in `overlay.json`.

    Attributes:
        align: crop faces to this many pixels by their eyes; 0 keeps pictures as they are.
        max_turn: faces turned further to the side, in degrees, are left out.
        each: pairs a face, with different glasses.
        sunglasses: fraction of the glasses whose lenses are dark, 0 to 1.
        shares: pairs of a split's name and its fraction, for photos whose source gave none; the rest is
            `train`.
        seed: of frames and split.
    """

    align: int = option(0, "crop faces to SIZE pixels by the eyes (0: keep)", **_ALIGN)
    max_turn: float = option(25.0, "leave out side views (25)", **_MAX_TURN)
    each: int = option(1, "pairs a face, each with other glasses (1)", metavar="N", least=1, most=1000)
    sunglasses: float = option(0.0, "share of dark lenses (0)", metavar="SHARE", least=0, most=1)
    shares: Fractions = option(
        _TENTH,
        "shares by a hash of the person or path, where the photo has no split of its own (test=0.1)",
        **_SPLIT,
    )
    seed: int = option(0, "of frames and split (0)", least=0, most=2**31 - 1)

    def __post_init__(self) -> None:
        check(self)
        _check_align(self.align)


_file = partial(option, group="files")
_side = partial(option, group="split")
_choice = partial(option, group="choice")


@dataclass(frozen=True, slots=True)
class BuildSettings(Settings):
    """How two domains are made of accepted photos. All but the last two is kept in `build.json`.

    Attributes:
        size: side of the written pictures in pixels; 0 leaves files as they are.
        align: with `size`: crop to the face, its eyes in the same place; otherwise to the middle square.
        image_format: with `size`: `png` or `jpg` (quality 95).
        copy: without `size`: copy files instead of linking them.
        test_share: of each domain, 0 to below 1.
        keep_split: photos that their source gave to train, val or test stay there.
        balance: name of a group: every value of it gets the same number of photos, in both domains.
        match: name of a group: each value of it has the same number of photos in one domain as in the other.
        cap_per_person: most photos of a person in a domain; 0 for no limit.
        max_photos: most photos of a domain and split; 0 for no limit.
        duplicate_bits: near-duplicates, by this many differing bits, stay on one side; -1 asks for none.
        unfiltered: photos without a verdict count as accepted.
        seed: of every choice.
        yunet: file of the face detector, for `align`; None where it is to be looked for.
        workers: processes; 0 takes one for each core.
    """

    size: int = _file(0, "write pictures of SIZE pixels a side; without it files are hard links")
    align: bool = _file(False, "with --size: crop to the face by its eyes")
    image_format: str = _file("png", "with --size (png)", flag="format", choices=("png", "jpg"))
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
    yunet: Path | None = option(None, "the face detector's ONNX file", metavar="FILE", group="files")
    workers: int = option(0, "processes (0: one for each core)", least=0)

    def __post_init__(self) -> None:
        check(self)
        if self.size and not 16 <= self.size <= 4096:
            raise UserError(f"--size {self.size}: give 16 to 4096 pixels")
        if self.align and not self.size:
            raise UserError("--align crops to a size: add --size 256")
