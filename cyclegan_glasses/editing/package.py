"""What an editor needs of a model: from the file that ships, from a run, or from one bare generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from cyclegan_glasses import weight_files
from cyclegan_glasses.domains import ADD, DIRECTIONS, GENERATOR_NAMES, REMOVE
from cyclegan_glasses.editing.facemath import FILE as FACEMATH
from cyclegan_glasses.editing.facemath import load_facemath
from cyclegan_glasses.editing.models import Generator, find_generators, load_generator
from cyclegan_glasses.editing.settings import SHIPPED, is_shipped
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.networks.facemath import CodeShift
from cyclegan_glasses.records import checked, record
from cyclegan_glasses.training.checkpoint import PACKED
from cyclegan_glasses.training.run_folder import read_options, saved_option
from cyclegan_glasses.weight_files import full, half

BARE_SIZE = 256
#: What of a run's options is worth telling those who use its model.
FACTS = (
    *("name", "model", "manifest_hash", "load_size", "crop_size", "netG", "ngf", "composite", "batch_size"),
    *("netD", "ndf", "gan_mode", "n_epochs", "n_epochs_decay", "lr", "ema", "seed", "condition"),
)


@dataclass(frozen=True, slots=True)
class EditingModel:
    """Generators and the faces that they know.

    Attributes:
        generators: by direction, `AtoB` (removes) and `BtoA` (adds); one may be missing.
        source: the file or folder that they are from.
        facts: how they were trained, to tell.

    Raises:
        UserError: a direction that no model has.
    """

    generators: Mapping[str, Generator]
    source: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := self.generators.keys() - set(DIRECTIONS):
            raise UserError(f"{self.source} names the direction {min(map(str, unknown))!r}: no such way")

    @property
    def conditioned(self) -> bool:
        """Whether the generator that adds makes a drawn frame real, which it must be shown."""
        return ADD in self.generators and self.generators[ADD].settings.conditioned

    def get(self, direction: str) -> Generator:
        """The generator of `AtoB` or `BtoA`.

        Raises:
            UserError: it is not there.
        """
        if direction not in self.generators:
            verb = "removes" if direction == REMOVE else "adds"
            message = f"holds no generator that {verb} glasses: give --name another model"
            raise UserError(f"{self.source} {message}")
        return self.generators[direction]


def load_model(
    where: str | Path | None,
    device: torch.device,
    direction: str = REMOVE,
    runs: Path = Path("checkpoints"),
    label: str = "latest",
    asked: Mapping[str, Any] | None = None,
    size: int | None = None,
) -> EditingModel:
    """Load a model.

    Args:
        where: a packed model or an algebra of faces (`.pt`), a bare generator of ours or of
            pytorch-CycleGAN-and-pix2pix (`.pth`), the folder of a run or the name of one below `runs`; None
            and the name `shipped` are the model that ships.
        direction: which way a bare generator goes, unless its name says so (`…_G_A.pth` removes).
        label: the saved epoch of a run.
        asked: fields of `GeneratorSettings` that a person insists on; the rest is read off the weights.
        size: of the aligned faces, if the run does not say it or not rightly; 256 for a bare generator.

    Raises:
        UserError: there is no such model, or it cannot be read.
    """
    if where is not None and is_shipped(where, runs):
        where = None
    path = SHIPPED if where is None else Path(where)
    if path.is_file():
        packed = path.suffix == ".pt"
        if label != "latest" or (packed and (asked or size)):
            flags = "--epoch, --netG, --ngf, --norm and --crop_size" if packed else "--epoch"
            raise UserError(f"{path} is one model and knows itself: leave {flags} out")
        if packed:
            return _load_packed(path, device)
        for way, name in GENERATOR_NAMES.items():
            direction = way if path.stem.endswith(name) else direction
        generator = load_generator(path, device, asked)
        generator = replace(generator, size=size or BARE_SIZE)
        generator.settings.check_side(generator.size)
        return EditingModel({direction: generator}, str(path))
    if where is None:
        raise UserError("this installation came without its model: give --name a run, or a file of weights")
    folder = path if path.is_dir() else runs / path
    if not folder.is_dir():
        raise UserError(f"there is no model {where}: give --name a file of weights, or a run below {runs}")
    return _load_run(folder, label, device, asked, size)


def save_model(model: EditingModel, path: Path) -> None:
    """Pack `model` into one file, in half precision, for `load_model`.

    Raises:
        UserError: it cannot be written, or is an algebra of faces.
    """
    if any(isinstance(generator.network, CodeShift) for generator in model.generators.values()):
        raise UserError(f"{model.source} is one file already: give it to --name as it is")
    content = {
        "faces": {
            direction: {"size": one.size, "framing": asdict(one.framing), "passes": one.passes}
            for direction, one in model.generators.items()
        },
        "facts": dict(model.facts),
        "generators": {
            direction: half(generator.network.state_dict())
            for direction, generator in model.generators.items()
        },
    }
    weight_files.save(path, PACKED, content)


def _load_packed(path: Path, device: torch.device) -> EditingModel:
    if "directions" in weight_files.load_tensors(path):
        return _load_facemath(path, device)

    def build(state: dict[str, Any]) -> EditingModel:
        generators = {
            direction: replace(
                load_generator(path, device, weights=full(weights)), **_known_faces(state, direction)
            )
            for direction, weights in state["generators"].items()
        }
        return EditingModel(generators, str(path), checked(dict[str, Any], state["facts"], "facts"))

    return weight_files.load(path, PACKED, build)


def _known_faces(state: Mapping[str, Any], direction: str) -> dict[str, Any]:
    """Size, framing and passes of a direction; files of before have one size and framing for both."""
    found = state["faces"][direction] if "faces" in state else state
    passes = found.get("passes", 1)
    if "faces" not in state:
        passes = checked(dict[str, int], found.get("passes", {}), "passes").get(direction, 1)
    framing, size = record(Framing, found["framing"]), checked(int, found["size"], "size")
    return {"size": size, "framing": framing, "passes": checked(int, passes, "passes")}


def _load_facemath(path: Path, device: torch.device) -> EditingModel:
    """An algebra of faces, which edits by a step along its direction `glasses`."""
    math = load_facemath(path)
    steps = {way: torch.from_numpy(math.step("glasses", sign)) for way, sign in ((REMOVE, -1), (ADD, 1))}
    shifts = {way: CodeShift(math.network, step).to(device).eval() for way, step in steps.items()}
    generators = {way: Generator(shift, math.network.settings, math.size) for way, shift in shifts.items()}
    return EditingModel(generators, str(path), {"model": "facemath"})


def _load_run(
    folder: Path, label: str, device: torch.device, asked: Mapping[str, Any] | None, size: int | None
) -> EditingModel:
    options = read_options(folder)
    if options.get("model") == "facemath":
        if not (path := folder / FACEMATH).is_file():
            advice = f"python -m cyclegan_glasses facemath learn {folder} --dataroot FACES"
            raise UserError(f"{folder} has codes and no direction yet: {advice}")
        return load_model(path, device, label=label, asked=asked, size=size)
    size = size or saved_option(options, "crop_size", int, BARE_SIZE)
    load_size = saved_option(options, "load_size", int, size)
    framing = Framing()
    preprocess = saved_option(options, "preprocess", str, "resize_and_crop")
    if preprocess == "resize_and_crop" and load_size > size > 0:
        # the eyes lie where they are on average in crops of so much larger pictures
        larger = load_size / size
        framing = Framing(0.5 + larger * (framing.eye_height - 0.5), larger * framing.eye_distance)
    generators: dict[str, Generator] = {}
    for direction in DIRECTIONS:
        try:
            path, _ = find_generators(folder, label, direction)
        except UserError:
            if direction == ADD and not generators:
                raise
            continue
        generators[direction] = replace(load_generator(path, device, asked), size=size, framing=framing)
    next(iter(generators.values())).settings.check_side(size)
    facts = {name: options[name] for name in FACTS if name in options}
    return EditingModel(generators, str(folder), facts)
