"""Settings of an evaluation, and which models and checkpoints it is of, at which size.

Free of torch and numpy until a file of weights is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cyclegan_glasses.data.settings import PREPROCESS
from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.editing.settings import MOST_PASSES
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.option import Settings, check, option
from cyclegan_glasses.shipped import SHIPPED, SHIPPED_NAME, is_shipped
from cyclegan_glasses.training.run_folder import read_options, saved_option

UNTOUCHED, TELEA, NS = "untouched", "telea", "ns"
BASELINES = (UNTOUCHED, TELEA, NS)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How pictures come to their size, and how many there should be.

    Attributes:
        name: of the protocol; empty for a run's own way.
        preprocess, load_size, crop_size: see `data.transforms.plan`.
        filter: of Pillow that resizes, `bicubic` or `bilinear`.
        counts: pictures of A and B that the protocol asks for; 0 for any number.
        about: what stands beside its numbers.
    """

    name: str = ""
    preprocess: str = "resize_and_crop"
    load_size: int = 256
    crop_size: int = 256
    filter: str = "bicubic"
    counts: tuple[int, int] = (0, 0)
    about: str = ""

    def __post_init__(self) -> None:
        one_of("preprocess", self.preprocess, PREPROCESS)
        if self.crop_size < 16 or self.load_size < 16:
            raise UserError("--crop_size and --load_size must be at least 16")


_ABOUT = "CelebA: width 256 (bilinear), centre crop 256, PNG, partitions 1 and 2 (2,672 A, 37,157 B)"
CELEBA = Protocol("celeba", "scale_width_and_crop", 256, 256, "bilinear", (2672, 37157), _ABOUT)
PROTOCOLS = {CELEBA.name: CELEBA}


@dataclass(frozen=True, slots=True)
class OutputSettings(Settings):
    """How `test.py` writes pictures."""

    GROUP, RESUME = "results", "session"

    aspect_ratio: float = option(1.0, "stretch written pictures: width over height", above=0)
    original_size: bool = option(False, "write pictures at the size of the input picture")
    results_only: bool = option(
        False, "write the result alone, under the input's name: images/NAME.png, and nothing beside it"
    )

    def __post_init__(self) -> None:
        check(self)
        if self.original_size and self.aspect_ratio != 1:
            raise UserError("--original_size and --aspect_ratio both say the size: leave one out")


@dataclass(frozen=True, slots=True)
class InputSettings(Settings):
    """Which pictures are evaluated, and how.

    Attributes:
        dataroot: with `<phase>A` and `<phase>B`, masks in `<phase>M`, and a manifest where there is one.
        groups: what to group by; empty for all that the manifest has.
        protocol: how pictures come to their size.
        grey: everything is scored in luminance alone.
    """

    dataroot: Path
    direction: str = option(REMOVE, "AtoB removes, BtoA adds", choices=DIRECTIONS)
    phase: str = option("test", "first part of the folder names")
    limit: int = option(0, "pictures at most, evenly chosen; 0: all", flag="num", least=0)
    groups: tuple[str, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)
    grey: bool = False

    def __post_init__(self) -> None:
        check(self)
        if not self.dataroot.is_dir():
            raise UserError(
                f"there is no --dataroot {self.dataroot}: name the folder that holds {self.phase}A"
            )


@dataclass(frozen=True, slots=True)
class EvaluationSettings(Settings):
    """What `evaluate` compares, and what it measures with.

    Attributes:
        runs: folders of runs with the label of the checkpoint to load, or files of models.
        baselines: to stand beside them, any of `BASELINES`.
        inputs: what is evaluated, and how.
        out: folder of the report.
        passes: a column each.
        device, precision: as for train.py.
    """

    runs: tuple[tuple[Path, str], ...]
    baselines: tuple[str, ...]
    inputs: InputSettings
    out: Path
    classifier: Path | None = option(
        None, "weights of the attribute classifier; the shipped one by default", flag="judge"
    )
    inception: Path | None = option(None, "torch-fidelity's Inception weights, for FID and KID")
    sface: Path | None = option(None, "OpenCV's SFace, for likeness")
    lpips: Path | None = option(None, "torchvision's AlexNet; else that in torch's cache")
    landmarks: bool = option(True, "do not look for landmarks (quicker)", flag="no_landmarks")
    passes: tuple[int, ...] = option(
        (1,),
        "go over a picture so many times",
        least=1,
        most=MOST_PASSES,
        read=lambda values: tuple(dict.fromkeys(values["passes"])),
    )
    pick: str = option("", "name the best checkpoint by this score", metavar="SCORE")
    device: str = "auto"
    precision: str = "auto"


def find_model(name: str, runs: Path) -> Path:
    """The run `name` in the folder `runs`, or the folder or file that is called so, or the model that ships.

    Raises:
        UserError: there is none.
    """
    for path in (runs / name, Path(name)):
        if path.exists():
            return path
    if is_shipped(name, runs):
        return SHIPPED
    raise UserError(f"there is no run {runs / name}: check --name and --checkpoints_dir")


def checkpoint_labels(path: Path, asked: Sequence[str], direction: str) -> list[str]:
    """The checkpoints of a run that were asked for, in order; `all` is every one with a number.

    A file has one, without a label.

    Raises:
        UserError: `asked` does not suit a file, or there are no numbers.
    """
    if not path.is_dir():
        if list(asked) != ["latest"]:
            raise UserError(f"{path} is one model: leave --epoch out")
        return [""]
    if list(asked) != ["all"]:
        return list(dict.fromkeys(asked))
    from cyclegan_glasses.editing.trained import saved_labels

    numbered = sorted(filter(str.isdecimal, saved_labels(path, direction)), key=int)
    if not numbered:
        raise UserError(f"{path} has no numbered checkpoints: leave --epoch all out")
    return numbered


def choose_protocol(model: Path, direction: str, name: str = "", crop_size: int = 0) -> Protocol:
    """The published protocol `name`; without one the way in which the model was trained.

    Args:
        model: folder of a run, or a file of weights.
        direction: `AtoB` or `BtoA`, which may know faces of other sizes.
        crop_size: side of the pictures, instead of the model's; 0 for that.

    Raises:
        UserError: there is no such protocol, or it fixes the size.
    """
    if name:
        one_of("protocol", name, PROTOCOLS)
        if crop_size:
            raise UserError("--protocol fixes the size: leave --crop_size out")
        return PROTOCOLS[name]
    if model.is_dir():
        saved = read_options(model)
    else:
        from cyclegan_glasses.editing.package import load_model

        loaded = load_model(model, "cpu", direction)
        saved = {"crop_size": loaded.get(direction).size}
    size = crop_size or saved_option(saved, "crop_size", int, 256)
    return Protocol("", saved_option(saved, "preprocess", str, "resize_and_crop"), size, size)


def model_name(path: Path) -> str:
    """What the model of a folder or a file is called."""
    return SHIPPED_NAME if path == SHIPPED else path.name if path.is_dir() else path.stem
