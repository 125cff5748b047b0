"""What `crawl.py build` and `crawl.py overlay` may be told. Free of heavy imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.errors import UserError


@dataclass(frozen=True, slots=True)
class BuildSettings:
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
        max_photos: most photos of a domain and part; 0 for no limit.
        duplicate_bits: near-duplicates, by this many differing bits, stay on one side; -1 asks for none.
        unfiltered: photos without a verdict count as accepted.
        seed: of every choice.
        yunet: file of the face detector, for `align`; None where it is to be looked for.
        workers: processes; 0 takes one for each core.
    """

    size: int = 0
    align: bool = False
    image_format: str = "png"
    copy: bool = False
    test_share: float = 0.1
    keep_split: bool = False
    balance: str = ""
    match: str = ""
    cap_per_person: int = 0
    max_photos: int = 0
    duplicate_bits: int = 6
    unfiltered: bool = False
    seed: int = 0
    yunet: Path | None = None
    workers: int = 0


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """How glasses are drawn on bare faces. All of it is kept in `overlay.json`.

    Attributes:
        align: crop faces to this many pixels by their eyes; 0 keeps pictures as they are.
        max_turn: faces turned further to the side, in degrees, are left out.
        each: pairs a face, with different glasses.
        sunglasses: share of the glasses whose lenses are dark, 0 to 1.
        shares: pairs of a split's name and its share, for photos whose source gave none; the rest is `train`.
        seed: of frames and split.
    """

    align: int = 0
    max_turn: float = 25.0
    each: int = 1
    sunglasses: float = 0.0
    shares: tuple[tuple[str, float], ...] = (("test", 0.1),)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.align and not 16 <= self.align <= 2048:
            raise UserError(f"--align {self.align}: give a size of 16 to 2048 pixels")
        if not 1 <= self.each <= 1000:
            raise UserError(f"--each {self.each}: give a number of 1 to 1000")
        if not 0 <= self.sunglasses <= 1:
            raise UserError(f"--sunglasses {self.sunglasses}: a share is a number of 0 to 1")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"--seed {self.seed}: give a number of 0 to {2**31 - 1}")
