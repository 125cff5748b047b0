"""Settings of the data sets. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, declared, number, option, shared

DATASET_MODES = ("unaligned", "aligned", "single")
LABELLED = "labelled"
NO_CONDITION, FRAME = "none", "frame"
CONDITIONS = (NO_CONDITION, FRAME)
CACHES = ("auto", "memory", "disk", "none")
FIXED_SIZE = "resize_and_crop"
PREPROCESS = (FIXED_SIZE, "crop", "scale_width", "scale_width_and_crop", "none")
MULTIPLE = 4  # every generator halves a picture at least twice, so sides are multiples of this


@dataclass(frozen=True, slots=True)
class LabelSettings(Settings):
    """Where labels come from, and what is drawn besides.

    Attributes:
        table: a CSV with a header, or None: the manifests below `dataroot`.
        fraction: chosen by a hash; the other labels count as missing.
        max_lens: faces labelled sunglasses whose lenses are brighter, as a fraction of the skin, are left
            out.
        augment: rotate, scale, shift, blur and tint the training pictures at random.
    """

    GROUP = "labels"

    table: str | None = option(
        None, "path, label, gender, age; else the manifests", flag="labels", metavar="FILE.csv"
    )
    fraction: float = option(1.0, "fraction of the labels that is used", flag="label_share", above=0, most=1)
    drawn: float = option(
        1.0, "drawn glasses, whole, dark and broken, for each bare face; 0: none", least=0, most=4
    )
    max_lens: float = option(0.33, "lenses of sunglasses are not brighter, beside the skin")
    augment: bool = option(True, "faces as they are: not rotated, not tinted", flag="no_augment")


def count_or_inf(text: str) -> int | None:
    """A text as a count; `inf` is None, for no limit."""
    return None if text.strip().lower() in ("inf", "infinity") else int(number(text))


def _pictures_of_a_step(values: Mapping[str, Any]) -> int:
    pictures: int = values["batch_size"] * max(1, values.get("accumulate", 1))
    return pictures


@dataclass(frozen=True, slots=True)
class DataSettings(Settings):
    """Which pictures, and how they are cut to size (`transforms`).

    Attributes:
        dataroot: the data set's folder; for `single` any folder of pictures, or one picture.
        dataset_mode: `unaligned`, `aligned` (pairs), `single` (one domain) or `labelled` (aligned faces with
            what is known of them, see `labelled`).
        direction: which domain is the input, where only one is (`single`, testing).
        max_dataset_size: the first by name; None for all.
        batch_size: pictures of each domain in a batch; `--accumulate` batches make it one.
        num_threads: at most one a core: processes, or threads where there is a cache; 0 reads when a batch is
            asked for.
        fixed: every input once, in order, cut from the middle, not mirrored, as a test needs it. None
            stands for "yes, unless the phase is `train`".
        paired_dataroot: pairs (see `dataset_mode` aligned) come as `pair_A` and `pair_B`.
        unpaired_dataroot: photos of the input's domain come beside pairs, as `unpaired_A` (or `unpaired_B`),
            unless they come in order.
        condition: `frame` draws a frame on each picture of B, which comes as `drawn_B`.
        frame: the name of all of them in the catalogue that comes with the toolkit; empty for random ones.
        crop_height: of the cut; 0 for as high as it is wide.
        camera: both pictures of a pair go through one random camera (`camera`), unless they come in order.
        bare_share: fraction of pairs, by (seed, epoch, index), whose A is their B, unless they come in order.
        frame_layer: pairs come with the frame's layer of the drawing (`crawl.py overlay`) as `F`.
        multiple: what `crop_size` must be a multiple of, for the networks' sake.

    Raises:
        UserError: a value that is not allowed, or two that do not go together.
    """

    GROUP = "data"

    dataroot: str = field(
        metadata=declared(
            "folder with trainA trainB testA testB, or plain pictures to test on",
            group="run",
            resume="free",
            required="give the folder that holds trainA and trainB",
        )
    )
    phase: str = option("train", "first part of the folder names", group="training")
    dataset_mode: str = option(
        "unaligned",
        "aligned: pairs by file name; single: one domain",
        choices=DATASET_MODES,
        unlisted=(LABELLED,),
    )
    direction: str = option(REMOVE, "AtoB removes glasses, BtoA adds them", choices=DIRECTIONS)
    input_nc: int = option(3, "channels of the input: 3 colour, 1 grey", resume="fixed")
    output_nc: int = option(3, "channels of the output", resume="fixed")
    load_size: int = option(286, "pictures are resized to this", least=MULTIPLE)
    crop_size: int = option(256, "and cropped to this", least=MULTIPLE)
    crop_height: int = option(
        0, "height of the crop, where it is not square; 0: --crop_size", least=0, on_request=True
    )
    preprocess: str = option("resize_and_crop", "how pictures are fitted", choices=PREPROCESS)
    flip: bool = option(True, "do not mirror pictures at random", flag="no_flip")
    serial_batches: bool = option(False, "in order, picture i of A with picture i of B")
    max_dataset_size: int | None = option(
        None, "pictures of a domain at most; inf: all", least=1, parse=count_or_inf
    )
    batch_size: int = option(1, "pictures of each domain in a step", least=1, read=_pictures_of_a_step)
    num_threads: int = option(4, "processes or threads that read pictures, at most", least=0, resume="free")
    seed: int = option(0, "seed of weights, order, crops and pools", group="run", least=0, most=2**32 - 1)
    fixed: bool | None = None
    labels: LabelSettings | None = None
    paired_dataroot: str = option(
        "",
        "folder of pairs, from crawl.py overlay; one goes with each sample",
        group="pairs with a truth, beside the two domains",
        on_request=True,
        resume="free",
    )
    unpaired_dataroot: str = option(
        "",
        "folder with trainA: photos without a truth beside the pairs, whose results D sees too",
        group="adversarial term",
        on_request=True,
        resume="free",
    )
    camera: bool = option(
        False,
        "pairs go through a random camera: exposure, blur, noise, fewer pixels, JPEG, both pictures alike",
        on_request=True,
    )
    bare_share: float = option(
        0.0,
        "of pairs so many show the bare face twice: where nothing is worn nothing changes",
        least=0,
        below=1,
        on_request=True,
    )
    frame_layer: bool = shared(False, "lambda_frame", read=lambda values: values["lambda_frame"] > 0)
    condition: str = shared(NO_CONDITION, "condition", choices=CONDITIONS)
    frame: str = ""
    multiple: int = MULTIPLE
    cache: str = option(
        "none", "where decoded pictures are kept", cli_default="auto", choices=CACHES, resume="free"
    )

    def __post_init__(self) -> None:
        check(self)
        for name in ("input_nc", "output_nc"):
            if getattr(self, name) not in (1, 3):
                raise UserError(f"--{name} {getattr(self, name)} is invalid: must be 1 (grey) or 3 (colour)")
        if self.dataset_mode == LABELLED and (self.input_nc, self.preprocess) != (3, FIXED_SIZE):
            raise UserError("labelled faces are aligned and in colour: leave out --input_nc and --preprocess")
        if self.frame and self.condition != FRAME:
            raise UserError("--frame is what a run with --condition frame adds: leave it out")
        if self.condition == FRAME and (self.preprocess, self.input_nc, self.output_nc) != (FIXED_SIZE, 3, 3):
            raise UserError(
                "--condition frame draws on aligned faces in colour: leave out --preprocess, --input_nc and"
                " --output_nc"
            )
        if (self.camera or self.bare_share) and self.dataset_mode != "aligned" and not self.paired_dataroot:
            flag = "camera" if self.camera else "bare_share"
            raise UserError(f"--{flag} is for pairs: add --paired_dataroot, or leave it out")
        if self.unpaired_dataroot and self.dataset_mode != "aligned":
            raise UserError("--unpaired_dataroot goes beside pairs: leave it out, or --dataset_mode")
        if self.bare_share and self.direction != REMOVE:
            raise UserError("--bare_share teaches a remover to leave bare faces: leave it out")
        if self.crop_height and (self.dataset_mode == LABELLED or not self.preprocess.endswith("crop")):
            raise UserError("--crop_height is of pictures that are cropped, and not labelled: leave it out")
        if self.cache in ("memory", "disk") and not self.cacheable:
            raise UserError(f"--cache {self.cache} is unsupported: {self._uncacheable}, so leave it out")
        self._check_sizes()

    def _check_sizes(self) -> None:
        if not self.preprocess.endswith("crop"):
            return
        for flag, side in (("crop_size", self.crop_size), ("crop_height", self.crop_height)):
            if side % self.multiple:
                low = side // self.multiple * self.multiple
                raise UserError(
                    f"--{flag} {side} is not a multiple of {self.multiple}, which the generators need: take"
                    f" {low} or {low + self.multiple}"
                )
            if self.preprocess != "crop" and side > self.load_size:
                raise UserError(
                    f"--{flag} {side} is larger than --load_size {self.load_size}: lower the first or raise"
                    " the second"
                )

    @property
    def cut(self) -> tuple[int, int]:
        """Width and height of what pictures are cut to, where they are."""
        return self.crop_size, self.crop_height or self.crop_size

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
        """Whether nothing is random, see `fixed`."""
        return self.phase != "train" if self.fixed is None else self.fixed

    @property
    def channels(self) -> dict[str, int]:
        """Channels of the domains `A` and `B`."""
        pair = (self.input_nc, self.output_nc)
        return dict(zip("AB", pair if self.direction == REMOVE else pair[::-1], strict=True))
