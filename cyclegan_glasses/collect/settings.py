"""What `crawl.py build` may be told. Free of heavy imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
