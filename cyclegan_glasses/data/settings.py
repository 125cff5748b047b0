"""What the data room is told. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.option import check, option

DATASET_MODES = ("unaligned", "aligned", "single")
LABELLED = "labelled"
CACHES = ("auto", "memory", "disk", "none")
FIXED_SIZE = "resize_and_crop"
PREPROCESS = (FIXED_SIZE, "crop", "scale_width", "scale_width_and_crop", "none")
MULTIPLE = 4  # every generator halves a picture at least twice, so sides are multiples of this


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """Where labels come from, and what is drawn besides.

    Attributes:
        table: a CSV with a header (path, label, gender, age), or None: the manifests below `dataroot`.
        fraction: of the labels that are used, chosen by a hash; the others count as missing.
        drawn: pictures with drawn glasses, sunglasses or broken glasses for each bare face.
        max_lens: faces labelled sunglasses whose lenses are brighter, as a fraction of the skin, are left
            out.
        augment: rotate, scale, shift, blur and tint the training pictures at random.
    """

    GROUP: ClassVar[str] = "labels"

    table: str | None = option(
        None, "path, label, gender, age; else the manifests", flag="labels", metavar="FILE.csv"
    )
    fraction: float = option(1.0, "of the labels that are used", flag="label_share", above=0, most=1)
    drawn: float = option(
        1.0, "drawn glasses, whole, dark and broken, for each bare face; 0: none", least=0, most=4
    )
    max_lens: float = option(0.33, "lenses of sunglasses are not brighter, beside the skin")
    augment: bool = option(True, "faces as they are: not rotated, not tinted", flag="no_augment")

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Which pictures, and how they are cut to size. The names are those of the command line.

    Attributes:
        dataroot: the data set's folder; for `single` any folder of pictures, or one picture.
        phase: the beginning of the folder names, `<phase>A` and `<phase>B`.
        paired_dataroot: folder of pairs (see `dataset_mode` aligned) of which one goes with every sample, as
            `pair_A` and `pair_B`; empty for none.
        cache: where pictures are kept once they are decoded, see `cache.add_cache`: `auto`, `memory`, `disk`
            or `none`.
        multiple: what `crop_size` must be a multiple of, for the networks' sake.
        dataset_mode: `unaligned`, `aligned` (pairs), `single` (one domain) or `labelled` (aligned faces with
            what is known of them, see `labelled`).
        direction: which domain is the input, where only one is (`single`, testing).
        input_nc, output_nc: channels of the input's and the output's domain: 1 (grey) or 3 (RGB).
        load_size, crop_size: in pixels, see `transforms`.
        preprocess: how a picture comes to its size, see `transforms`.
        flip: mirror half of the pictures left to right.
        serial_batches: take the pictures in order, and picture i of A with picture i of B.
        max_dataset_size: at most this many pictures of a folder, the first by name; None for all.
        batch_size: pictures of each domain in a batch.
        num_threads: that read beside the step, at most, and at most one a core: processes, or threads where
            there is a cache; 0 reads when a batch is asked for.
        seed: of order, pairing, crops and flips; below 2**32.
        fixed: every input once, in order, cut from the middle, not mirrored, as a test needs it. None
            stands for «yes, unless the phase is `train`».
        labels: what a `labelled` data set needs to know besides.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """

    dataroot: str
    phase: str = "train"
    dataset_mode: str = "unaligned"
    direction: str = REMOVE
    input_nc: int = 3
    output_nc: int = 3
    load_size: int = 286
    crop_size: int = 256
    preprocess: str = "resize_and_crop"
    flip: bool = True
    serial_batches: bool = False
    max_dataset_size: int | None = None
    batch_size: int = 1
    num_threads: int = 4
    seed: int = 0
    fixed: bool | None = None
    labels: LabelSettings | None = None
    paired_dataroot: str = ""
    multiple: int = MULTIPLE
    cache: str = "none"

    def __post_init__(self) -> None:
        one_of("dataset_mode", self.dataset_mode, (*DATASET_MODES, LABELLED))
        one_of("direction", self.direction, DIRECTIONS)
        one_of("preprocess", self.preprocess, PREPROCESS)
        one_of("cache", self.cache, CACHES)
        for name, least in (
            ("load_size", MULTIPLE),
            ("crop_size", MULTIPLE),
            ("batch_size", 1),
            ("num_threads", 0),
        ):
            if getattr(self, name) < least:
                raise UserError(f"--{name} {getattr(self, name)} is too small: at least {least}")
        for name in ("input_nc", "output_nc"):
            if getattr(self, name) not in (1, 3):
                raise UserError(f"--{name} {getattr(self, name)} is not possible: 1 (grey) or 3 (colour)")
        if self.max_dataset_size is not None and self.max_dataset_size < 1:
            raise UserError(f"--max_dataset_size {self.max_dataset_size} leaves no picture: at least 1")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed {self.seed} is not possible: 0 to {2**32 - 1}")
        if self.dataset_mode == LABELLED and (self.input_nc, self.preprocess) != (3, FIXED_SIZE):
            raise UserError("labelled faces are aligned and in colour: leave out --input_nc and --preprocess")
        if self.cache in ("memory", "disk") and not self.cacheable:
            raise UserError(f"--cache {self.cache} is not possible: {self._uncacheable}, so leave it out")
        self._check_sizes()

    def _check_sizes(self) -> None:
        if not self.preprocess.endswith("crop"):
            return
        if self.crop_size % self.multiple:
            low = self.crop_size // self.multiple * self.multiple
            raise UserError(
                f"--crop_size {self.crop_size} is not a multiple of {self.multiple}, which the generators "
                f"need: take {low} or {low + self.multiple}"
            )
        if self.preprocess != "crop" and self.crop_size > self.load_size:
            raise UserError(
                f"--crop_size {self.crop_size} is larger than --load_size {self.load_size}: "
                "lower the first or raise the second"
            )

    @property
    def cacheable(self) -> bool:
        """Whether all pictures have one size before they are cut."""
        return not self._uncacheable

    @property
    def _uncacheable(self) -> str:
        if self.dataset_mode == LABELLED:
            return "labelled faces are kept in memory anyway"
        fixed = self.preprocess == FIXED_SIZE
        return "" if fixed else f"with --preprocess {self.preprocess} pictures keep sizes of their own"

    @property
    def in_order(self) -> bool:
        """Whether nothing is left to chance, see `fixed`."""
        return self.phase != "train" if self.fixed is None else self.fixed

    @property
    def channels(self) -> dict[str, int]:
        """Channels of the domains `A` and `B`."""
        pair = (self.input_nc, self.output_nc)
        return dict(zip("AB", pair if self.direction == REMOVE else pair[::-1], strict=True))
