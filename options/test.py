"""The command line of test.py."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses.data.settings import PREPROCESS, DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import GENERATORS, NORMS, UPSAMPLINGS
from cyclegan_glasses.training.run_folder import read_options
from options.arguments import (
    MODELS,
    Parser,
    add_run,
    limit,
    parse_again,
    require_dataroot,
    run_name,
    saved_label,
)

#: What a run's own options say about pictures, unless test.py is told otherwise.
INHERITED = ("model", "input_nc", "output_nc", "crop_size", "preprocess")
ARCHITECTURE = {
    "netG": "kind",
    "ngf": "filters",
    "norm": "norm",
    "upsample": "upsample",
    "composite": "composite",
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


def parse(argv: Sequence[str] | None = None) -> TestOptions:
    """Read the words of test.py; a run's own options say what they do not.

    Raises:
        UserError: an option that is unknown, wrong, or does not go with another.
    """
    args = _parser().parse_args(argv)
    folder = Path(args.checkpoints_dir) / run_name(args)
    saved = read_options(folder)
    inherited = {name: saved[name] for name in INHERITED if name in saved}
    args = parse_again(_parser(), argv, inherited)
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
            input_nc=args.input_nc,
            output_nc=args.output_nc,
            load_size=args.load_size or args.crop_size,
            crop_size=args.crop_size,
            preprocess=args.preprocess,
            flip=False,
            max_dataset_size=args.max_dataset_size,
            num_threads=args.num_threads,
            fixed=True,
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


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="test.py", description="Translate pictures with a trained model and write a page of results."
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
        "--direction", choices=("AtoB", "BtoA"), default="AtoB", help="AtoB removes glasses, BtoA adds"
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
    group.add_argument("--input_nc", type=int, default=3, help="channels of the input")
    group.add_argument("--output_nc", type=int, default=3, help="channels of the output")
    group = parser.add_argument_group("generator, read off the weights unless given")
    for name, choices in (("netG", GENERATORS), ("norm", NORMS), ("upsample", UPSAMPLINGS)):
        group.add_argument(f"--{name}", choices=choices, default=argparse.SUPPRESS, help="insist on this one")
    group.add_argument("--ngf", type=int, default=argparse.SUPPRESS, help="insist on so many filters")
    group.add_argument(
        "--composite", action="store_true", default=argparse.SUPPRESS, help="insist on a composite one"
    )
    group.add_argument("--no_dropout", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    group.add_argument("--model_suffix", default="", help="with --model test, which generator: _A or _B")
    group.add_argument(
        "--eval", action="store_true", help="evaluation mode: norm statistics of training, no dropout"
    )
    group = parser.add_argument_group("results")
    group.add_argument("--results_dir", default="./results/", help="folder of results")
    group.add_argument(
        "--aspect_ratio", type=float, default=1.0, help="stretch written pictures: width over height"
    )
    return parser
