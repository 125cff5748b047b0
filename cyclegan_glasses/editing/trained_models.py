"""Models that torch runs: a run, a packed or plain file, an algebra of faces, and the one that ships, too."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from cyclegan_glasses import weight_files
from cyclegan_glasses.devices import Precision, choose_device, choose_precision
from cyclegan_glasses.domains import ADD, DIRECTIONS, GENERATOR_NAMES, REMOVE
from cyclegan_glasses.editing.facemath import FILE as FACEMATH
from cyclegan_glasses.editing.facemath import load_facemath
from cyclegan_glasses.editing.models import EditingModel, Generator
from cyclegan_glasses.editing.shipped_model import check_shipped, known_faces
from cyclegan_glasses.editing.trained import TorchNetwork, find_generators, load_generator, module_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.networks.facemath import CodeShift
from cyclegan_glasses.onnx_network import read_stored
from cyclegan_glasses.records import checked, record
from cyclegan_glasses.shipped import SHIPPED, generator_file, is_shipped
from cyclegan_glasses.training.checkpoint import PACKED
from cyclegan_glasses.training.run_folder import read_options, saved_option
from cyclegan_glasses.weight_files import full, half

BARE_SIZE = 256
#: What of a run's options is worth telling those who use its model.
FACTS = (
    *("name", "model", "manifest_hash", "load_size", "crop_size", "netG", "ngf", "composite", "batch_size"),
    *("netD", "ndf", "gan_mode", "n_epochs", "n_epochs_decay", "lr", "ema", "seed", "condition"),
)


def load_model(
    where: str | Path | None,
    device: str | torch.device = "cpu",
    direction: str = REMOVE,
    runs: Path = Path("checkpoints"),
    label: str = "latest",
    asked: Mapping[str, Any] | None = None,
    size: int | None = None,
    precision: str = "fp32",
) -> EditingModel:
    """Load a model into torch; arguments and errors as of `package.load_model`."""
    how = choose_precision(precision, choose_device(str(device)))
    if where is None or is_shipped(where, runs):
        check_shipped(label, asked, size)
        return _load_shipped(how)
    path = Path(where)
    if path.is_file():
        packed = path.suffix == ".pt"
        if label != "latest" or (packed and (asked or size)):
            flags = "--epoch, --netG, --ngf, --norm and --crop_size" if packed else "--epoch"
            raise UserError(f"{path} is one model and knows itself: leave {flags} out")
        if packed:
            return _load_packed(path, how)
        for way, name in GENERATOR_NAMES.items():
            direction = way if path.stem.endswith(name) else direction
        generator = load_generator(path, how, asked)
        generator = replace(generator, size=size or BARE_SIZE)
        generator.settings.check_side(generator.size)
        return EditingModel({direction: generator}, str(path))
    folder = path if path.is_dir() else runs / path
    if not folder.is_dir():
        raise UserError(f"there is no model {where}: give --name a file of weights, or a run below {runs}")
    return _load_run(folder, label, how, asked, size)


def weights_file(path: Path, label: str, direction: str) -> Path:
    """The file of the generator of a direction: of a run (see `trained.find_generators`), of the model that
    ships, or the file itself.

    Raises:
        UserError: the run has not saved it.
    """
    if path == SHIPPED:
        return generator_file(direction)
    return path if path.is_file() else find_generators(path, label, direction)[0]


def average_models(model: EditingModel, other: EditingModel, fraction: float) -> EditingModel:
    """The mean of the weights of two models, of which one was trained on from the other.

    Wortsman et al., "Robust fine-tuning of zero-shot models" (arXiv 2109.01903), section 3: it keeps much of
    what each does well.

    Args:
        fraction: of `other`, 0 to 1.

    Returns:
        The directions that both have, with size, framing and facts of `model`.

    Raises:
        UserError: they have no direction in common, or their networks or faces differ.
    """
    generators = dict[str, Generator]()
    for way in model.generators.keys() & other.generators.keys():
        one, two = model.generators[way], other.generators[way]
        if (one.settings, one.size, one.framing) != (two.settings, two.size, two.framing):
            raise UserError(
                f"{model.source} and {other.source} have different networks or faces for {way}: average a run"
                " with the model that it was started from"
            )
        module, weights = copy.deepcopy(module_of(one)), module_of(two).state_dict()
        with torch.no_grad():
            for name, value in module.state_dict().items():
                if value.is_floating_point():
                    value.copy_(torch.lerp(value.double(), weights[name].double(), fraction))
        locates = one.settings.locates_frame
        network = TorchNetwork(module, Precision("fp32", torch.device("cpu")), locates)
        generators[way] = replace(one, network=network)
    if not generators:
        raise UserError(f"{model.source} and {other.source} have no direction in common: name another")
    return replace(model, generators=generators)


def save_model(model: EditingModel, path: Path) -> None:
    """Pack `model` into one file, in half precision, for `load_model`.

    Raises:
        UserError: it cannot be written, or is an algebra of faces.
    """
    if any(isinstance(module_of(generator), CodeShift) for generator in model.generators.values()):
        raise UserError(f"{model.source} is one file already: give it to --name as it is")
    content = {
        "faces": {
            direction: {"size": one.size, "framing": asdict(one.framing), "passes": one.passes}
            for direction, one in model.generators.items()
        },
        "facts": dict(model.facts),
        "generators": {
            direction: half(module_of(generator).state_dict())
            for direction, generator in model.generators.items()
        },
    }
    weight_files.save(path, PACKED, content)


def _load_shipped(precision: Precision) -> EditingModel:
    generators, facts = dict[str, Generator](), dict[str, Any]()
    for way in DIRECTIONS:
        path = generator_file(way)
        stored = read_stored(path)
        weights = {name: torch.from_numpy(values) for name, values in stored.weights.items()}
        generator = load_generator(path, precision, weights=weights)
        generators[way] = replace(generator, **known_faces(stored.facts))
        facts = facts or json.loads(stored.facts["facts"])
    return EditingModel(generators, str(SHIPPED), facts)


def _load_packed(path: Path, precision: Precision) -> EditingModel:
    if "directions" in weight_files.load_tensors(path):
        return _load_facemath(path, precision)

    def build(state: dict[str, Any]) -> EditingModel:
        generators = {
            direction: replace(
                load_generator(path, precision, weights=full(weights)), **_known_faces(state, direction)
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


def _load_facemath(path: Path, precision: Precision) -> EditingModel:
    """An algebra of faces, which edits by a step along its direction `glasses`."""
    math = load_facemath(path)
    steps = {way: torch.from_numpy(math.step("glasses", sign)) for way, sign in ((REMOVE, -1), (ADD, 1))}
    shifts = {way: CodeShift(math.network, step).to(precision.device).eval() for way, step in steps.items()}
    generators = {
        way: Generator(TorchNetwork(shift, precision), math.network.settings, math.size)
        for way, shift in shifts.items()
    }
    return EditingModel(generators, str(path), {"model": "facemath"})


def _load_run(
    folder: Path, label: str, precision: Precision, asked: Mapping[str, Any] | None, size: int | None
) -> EditingModel:
    options = read_options(folder)
    if options.get("model") == "facemath":
        if not (path := folder / FACEMATH).is_file():
            advice = f"python -m cyclegan_glasses facemath learn {folder} --dataroot FACES"
            raise UserError(f"{folder} has codes and no direction yet: {advice}")
        return load_model(
            path, precision.device, label=label, asked=asked, size=size, precision=precision.name
        )
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
        generators[direction] = replace(load_generator(path, precision, asked), size=size, framing=framing)
    next(iter(generators.values())).settings.check_side(size)
    facts = {name: options[name] for name in FACTS if name in options}
    return EditingModel(generators, str(folder), facts)
