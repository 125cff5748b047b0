"""Translate pictures with a trained model and write a page of results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import Parser, command_line
from cyclegan_glasses.data.settings import FRAME, MULTIPLE, NO_CONDITION, DataSettings
from cyclegan_glasses.domains import REMOVE, opposite
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.settings import OutputSettings
from cyclegan_glasses.objectives.settings.models import ALIASES, MODELS
from cyclegan_glasses.option import Option, Settings, build, check, option, options_of
from cyclegan_glasses.shipped import is_shipped
from cyclegan_glasses.training.run_folder import read_options

from .arguments import RunOptions, option_parser, run_name
from .renamed import check_names
from .train import train_options

if TYPE_CHECKING:
    from cyclegan_glasses.devices import Precision
    from cyclegan_glasses.editing.models import Generator

HELP = "translate a data set with a trained model, and show the results"

#: What a run's own options say about pictures, unless test.py is told otherwise.
INHERITED = ("model", "crop_size", "preprocess")
RUN = ("dataroot", "seed", *(item.flag for item in options_of(RunOptions)))
#: Options of train.py about pictures that test.py has, too, and what differs there.
PICTURES: dict[str, dict[str, Any]] = {
    "phase": {"cli_default": "test"},
    "dataset_mode": {},
    "direction": {},
    "max_dataset_size": {},
    "num_threads": {"cli_default": 0},
    "load_size": {"cli_default": 0, "help": "pictures are resized to this; 0: to --crop_size"},
    "crop_size": {"help": "and cropped to this; that of the run by default"},
    "preprocess": {},
}
#: Options of a generator that somebody may insist on, and the fields that they fill.
ARCHITECTURE = {
    "netG": "kind",
    "ngf": "filters",
    "norm": "norm",
    "upsample": "upsample",
    "composite": "composite",
    "input_nc": "input_nc",
    "output_nc": "output_nc",
}
GENERATOR = "generator, read off the weights unless given"
#: Options of pytorch-CycleGAN-and-pix2pix that say nothing to a test, there or here, so that old command
#: lines run. They are not in the help, and their values are not looked at.
UNUSED_FLAGS = ("no_dropout", "serial_batches", "no_flip", "use_wandb")
UNUSED = (
    *("batch_size", "ndf", "netD", "n_layers_D", "init_type", "init_gain"),
    *("display_winsize", "display_id", "wandb_project_name"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOptions(Settings):
    """What test.py was asked for.

    Attributes:
        architecture: of the generator, by field: only what a person insists on.
        suffix: with `--model test`, which generator.
        evaluation_mode: whether norms and dropout are as in evaluation.
    """

    model: str = option("cyclegan", "test: one generator on a plain folder", choices=(*MODELS, "test"))
    run: RunOptions
    data: DataSettings
    architecture: Mapping[str, Any]
    suffix: str = option(
        "", "with --model test, which generator: _A or _B", flag="model_suffix", group=GENERATOR
    )
    evaluation_mode: bool = option(
        False, "evaluation mode: norm statistics of training, no dropout", flag="eval", group=GENERATOR
    )
    num_test: int = option(50, "pictures to translate at most", group="pictures", least=1)
    results_dir: str = option("./results/", "folder of results", group="results")
    frame: str = option(
        "",
        "that a run with --condition frame adds, by its name in the catalogue (see the verb frames); a random"
        " one for each picture by default",
        group="pictures",
    )
    output: OutputSettings

    def __post_init__(self) -> None:
        check(self)
        d = self.data
        whole = not d.preprocess.endswith("crop") or (
            d.preprocess == "resize_and_crop" and d.load_size == d.crop_size
        )
        if self.output.original_size and not whole:
            raise UserError(
                f"--original_size is of whole pictures, and --preprocess {d.preprocess} cuts them: take"
                " scale_width, or resize_and_crop with --load_size as large as --crop_size"
            )

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return Path(self.results_dir) / self.run.name / f"{self.data.phase}_{self.run.label}"


def test_options() -> list[Option]:
    """Every option of test.py; those of pictures and generators are declared where training has them."""
    trained = {item.flag: item for item in train_options("cyclegan")}
    return [
        *(trained[flag] for flag in RUN),
        *(replace(trained[flag], group="pictures", **changes) for flag, changes in PICTURES.items()),
        *(replace(trained[flag], cli_default=argparse.SUPPRESS, group=GENERATOR) for flag in ARCHITECTURE),
        *(item for item in options_of(TestOptions) if item.flag not in trained or item.flag == "model"),
    ]


def parse(argv: Sequence[str] | None = None, prog: str = "test.py") -> TestOptions:
    """Read the arguments of test.py; a run's own options say what they do not.

    Raises:
        UserError: an option that is unknown, wrong, or does not go with another.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    check_names(argv)
    values = vars(_parser(prog).parse_args(argv))
    runs, name = Path(values["checkpoints_dir"]), run_name(values)
    saved = _shipped_options(values) if is_shipped(name, runs) else read_options(runs / name)
    inherited = {name: saved[name] for name in INHERITED if name in saved}
    for item in test_options():
        if item.flag in inherited:
            item.check_saved(inherited[item.flag])
    values = vars(_parser(prog).parse_args(argv, argparse.Namespace(**inherited)))
    run = build(RunOptions, values, name=run_name(values))
    model = values["model"]
    pictures = {flag: values[flag] for flag in ("dataroot", "seed", *PICTURES)}
    pictures["load_size"] = pictures["load_size"] or pictures["crop_size"]
    if model == "test":
        pictures["dataset_mode"] = "single"
    multiple = 1 if model in MODELS and MODELS[model].ANY_SIZE else MULTIPLE
    return build(
        TestOptions,
        values,
        model=ALIASES.get(model, model),
        run=run,
        data=build(DataSettings, pictures, flip=False, fixed=True, multiple=multiple),
        architecture={name: values[flag] for flag, name in ARCHITECTURE.items() if flag in values},
    )


def _parser(prog: str) -> Parser:
    parser = option_parser(prog=prog, description=__doc__)
    add_options(parser, test_options(), last=("results",))
    for flag in UNUSED_FLAGS:
        parser.add_argument(f"--{flag}", action="store_true", help=argparse.SUPPRESS)
    for flag in UNUSED:
        parser.add_argument(f"--{flag}", help=argparse.SUPPRESS)
    return parser


def run(o: TestOptions) -> int:
    """Translate, and return the exit code.

    Raises:
        UserError: the run, the data or the machine do not go with the options.
    """
    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.editing.trained import module_of
    from cyclegan_glasses.evaluation.results import write_results

    precision = choose_precision(o.run.precision, choose_device(o.run.device, o.run.gpu_ids))
    generator, reverse = _generators(o, precision)
    single = o.model == "test"
    for one in filter(None, (generator, reverse)):
        module_of(one).train(not o.evaluation_mode)
        if o.run.verbose:
            echo(module_of(one))
    if generator.settings.conditioned and o.data.direction == REMOVE:
        raise UserError(f"{o.run.name} adds a frame that is drawn on bare faces: add --direction BtoA")
    seen = generator.settings
    pictures = replace(
        o.data,
        input_nc=seen.picture_nc,
        output_nc=seen.output_nc,
        condition=FRAME if seen.conditioned else NO_CONDITION,
        frame=o.frame,
    )
    batches = make_batches(pictures)
    page, scores = write_results(
        batches,
        (generator, reverse),
        o.data.direction,
        o.results,
        precision,
        model=f"{o.run.name}, {o.run.label}",
        output=o.output,
        single=single,
        limit=o.num_test,
    )
    left = batches.epoch_size - o.num_test
    more = f"{left} of {batches.epoch_size} pictures are left: --num_test {batches.epoch_size} takes all"
    verb = "remove" if o.data.direction == REMOVE else "add"
    hint = "" if single else f"a photo of your own: {command_line(verb)} PHOTO {o.run.arguments}"
    lines = (scores, more if left > 0 else "", f"results: {page}", hint)
    echo(*(line for line in lines if line), sep="\n")
    return 0


def _shipped_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the model that ships says about pictures, as the options of a run would."""
    from cyclegan_glasses.editing.package import load_model

    model = load_model(None, label=values["epoch"])
    return {"crop_size": model.get(values["direction"]).size}


def _generators(o: TestOptions, precision: Precision) -> tuple[Generator, Generator | None]:
    """The generator that translates and the one of the way back, if that is of pictures of the same size.

    Raises:
        UserError: there are none, or they are of another architecture than the one asked for.
    """
    from cyclegan_glasses.editing.trained import find_generator, find_generators, load_generator
    from cyclegan_glasses.editing.trained_models import load_model

    if is_shipped(o.run.name, o.run.folder.parent):
        model = load_model(None, precision.device, precision=precision.name, asked=o.architecture)
        generator, other = (model.get(way) for way in (o.data.direction, opposite(o.data.direction)))
        return generator, other if other.size == generator.size else None
    if o.model == "test":
        path, way_back = find_generator(o.run.folder, o.run.label, o.suffix), None
    else:
        path, way_back = find_generators(o.run.folder, o.run.label, o.data.direction)
    reverse = load_generator(way_back, precision) if way_back else None
    return load_generator(path, precision, o.architecture), reverse
