"""The command line of test.py."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses.data.settings import MULTIPLE, PREPROCESS, DataSettings
from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import GENERATORS, NORMS, UPSAMPLINGS
from cyclegan_glasses.training.run_folder import read_options

from .arguments import (
    ANY_SIZE,
    MODELS,
    add_run,
    limit,
    number,
    option_parser,
    parse_again,
    require_dataroot,
    run_name,
    saved_label,
)

#: What a run's own options say about pictures, unless test.py is told otherwise.
INHERITED = ("model", "crop_size", "preprocess")
ARCHITECTURE = {
    "netG": "kind",
    "ngf": "filters",
    "norm": "norm",
    "upsample": "upsample",
    "composite": "composite",
    "input_nc": "input_nc",
    "output_nc": "output_nc",
}


@dataclass(frozen=True, slots=True)
class TestOptions:
    """What test.py was asked for. `architecture` holds only what a person insists on."""

    model: str
    name: str
    folder: Path
    results: Path
    label: str
    suffix: str
    data: DataSettings
    architecture: Mapping[str, Any]
    device: str
    gpu_ids: list[int] | None
    precision: str
    evaluation_mode: bool
    num_test: int
    aspect_ratio: float
    verbose: bool


def parse(argv: Sequence[str] | None = None, prog: str = "test.py") -> TestOptions:
    """Read the words of test.py; a run's own options say what they do not.

    Raises:
        UserError: an option that is unknown, wrong, or does not go with another.
    """
    args = _parser(prog).parse_args(argv)
    folder = Path(args.checkpoints_dir) / run_name(args)
    saved = read_options(folder)
    inherited = {name: saved[name] for name in INHERITED if name in saved}
    args = parse_again(_parser(prog), argv, inherited)
    if args.num_test < 1 or args.aspect_ratio <= 0:
        raise UserError("--num_test must be at least 1 and --aspect_ratio above 0")
    label = saved_label(args)
    single = args.model == "test" or args.dataset_mode == "single"
    return TestOptions(
        model="test" if args.model == "test" else MODELS[args.model],
        name=folder.name,
        folder=folder,
        results=Path(args.results_dir) / folder.name / f"{args.phase}_{label}",
        label=label,
        suffix=args.model_suffix,
        data=DataSettings(
            dataroot=require_dataroot(args),
            phase=args.phase,
            dataset_mode="single" if single else args.dataset_mode,
            direction=args.direction,
            load_size=args.load_size or args.crop_size,
            crop_size=args.crop_size,
            preprocess=args.preprocess,
            flip=False,
            max_dataset_size=args.max_dataset_size,
            num_threads=args.num_threads,
            fixed=True,
            multiple=1 if args.model in ANY_SIZE else MULTIPLE,
        ),
        architecture={
            field: getattr(args, name) for name, field in ARCHITECTURE.items() if hasattr(args, name)
        },
        device=args.device,
        gpu_ids=args.gpu_ids,
        precision=args.precision,
        evaluation_mode=args.eval,
        num_test=args.num_test,
        aspect_ratio=args.aspect_ratio,
        verbose=args.verbose,
    )


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = option_parser(
        prog=prog, description="Translate pictures with a trained model and write a page of results."
    )
    parser.add_argument(
        "--model", choices=(*MODELS, "test"), default="cyclegan", help="test: one generator on a plain folder"
    )
    add_run(parser)
    group = parser.add_argument_group("pictures")
    group.add_argument("--phase", default="test", help="first part of the folder names")
    group.add_argument(
        "--dataset_mode",
        choices=("unaligned", "aligned", "single"),
        default="unaligned",
        help="single: one domain",
    )
    group.add_argument(
        "--direction", choices=DIRECTIONS, default=REMOVE, help="AtoB removes glasses, BtoA adds"
    )
    group.add_argument("--num_test", type=int, default=50, help="pictures to translate at most")
    group.add_argument("--max_dataset_size", type=limit, default=None, help="pictures of a domain at most")
    group.add_argument("--num_threads", type=int, default=0, help="processes that read pictures")
    group.add_argument(
        "--load_size", type=int, default=0, help="pictures are resized to this; 0: to --crop_size"
    )
    group.add_argument(
        "--crop_size", type=int, default=256, help="and cropped to this; that of the run by default"
    )
    group.add_argument(
        "--preprocess", choices=PREPROCESS, default="resize_and_crop", help="how pictures are fitted"
    )
    group = parser.add_argument_group("generator, read off the weights unless given")
    for name, choices in (("netG", tuple(GENERATORS)), ("norm", NORMS), ("upsample", UPSAMPLINGS)):
        group.add_argument(f"--{name}", choices=choices, default=argparse.SUPPRESS, help="insist on this one")
    for name, what in (("ngf", "filters"), ("input_nc", "input channels"), ("output_nc", "output channels")):
        group.add_argument(f"--{name}", type=int, default=argparse.SUPPRESS, help=f"insist on so many {what}")
    group.add_argument(
        "--composite", action="store_true", default=argparse.SUPPRESS, help="insist on a composite one"
    )
    group.add_argument("--model_suffix", default="", help="with --model test, which generator: _A or _B")
    group.add_argument(
        "--eval", action="store_true", help="evaluation mode: norm statistics of training, no dropout"
    )
    group = parser.add_argument_group("results")
    group.add_argument("--results_dir", default="./results/", help="folder of results")
    group.add_argument(
        "--aspect_ratio", type=number, default=1.0, help="stretch written pictures: width over height"
    )
    _add_unused(parser)
    return parser


def _add_unused(parser: argparse.ArgumentParser) -> None:
    """Words of pytorch-CycleGAN-and-pix2pix that say nothing to a test, there or here, so that old command
    lines run. They are not in the help, and their values are not looked at.
    """
    flags = ("no_dropout", "serial_batches", "no_flip", "use_wandb")
    valued = ("batch_size", "ndf", "netD", "n_layers_D", "init_type", "init_gain", "display_winsize")
    for name in flags:
        parser.add_argument(f"--{name}", action="store_true", help=argparse.SUPPRESS)
    for name in (*valued, "display_id", "wandb_project_name"):
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
