"""Arguments that train.py and test.py share, and how words become settings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from cyclegan_glasses.cli.options import number
from cyclegan_glasses.cli.parser import Parser
from cyclegan_glasses.data.settings import CACHES, DATASET_MODES, PREPROCESS, LabelSettings
from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build

MODELS = {
    "cyclegan": "cyclegan",
    "cycle_gan": "cyclegan",
    "mask2face": "mask2face",
    "isee": "isee",
    "facelyzr": "facelyzr",
    "facemath": "facemath",
}
#: Models whose networks take pictures of any size; those of the others need sides that are multiples of 4.
ANY_SIZE = ("mask2face", "isee")


def option_parser(**more: Any) -> Parser:
    """The parser of train.py and test.py: help with defaults, and no abbreviations."""
    return Parser(formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False, **more)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Which data, which run, which device."""
    group = parser.add_argument_group("run")
    group.add_argument(
        "--dataroot", help="folder with trainA trainB testA testB, or plain pictures to test on"
    )
    group.add_argument(
        "--name", default="experiment_name", help="of the run; its files are below --checkpoints_dir"
    )
    group.add_argument(
        "--suffix", default="", help="added to the name; may hold options, as in {netG}_{crop_size}"
    )
    group.add_argument("--checkpoints_dir", default="./checkpoints", help="folder of runs")
    group.add_argument("--epoch", default="latest", help="which saved epoch to load")
    group.add_argument(
        "--load_iter", type=int, default=0, help="load the state saved at this count of pictures"
    )
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    group.add_argument("--gpu_ids", type=_numbers, default=None, help="number of the GPU, -1 for the CPU")
    group.add_argument(
        "--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help="of the passes"
    )
    group.add_argument("--seed", type=int, default=0, help="of weights, order, crops and pools")
    group.add_argument("--verbose", action="store_true", help="print the networks layer by layer")


def add_data(parser: argparse.ArgumentParser) -> None:
    """How pictures are read."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--dataset_mode", choices=DATASET_MODES, default="unaligned", help="aligned: pairs by file name"
    )
    group.add_argument(
        "--direction", choices=DIRECTIONS, default=REMOVE, help="AtoB removes glasses, BtoA adds them"
    )
    group.add_argument("--input_nc", type=int, default=3, help="channels of the input: 3 colour, 1 grey")
    group.add_argument("--output_nc", type=int, default=3, help="channels of the output")
    group.add_argument("--load_size", type=int, default=286, help="pictures are resized to this")
    group.add_argument("--crop_size", type=int, default=256, help="and cropped to this")
    group.add_argument(
        "--preprocess", choices=PREPROCESS, default="resize_and_crop", help="how pictures are fitted"
    )
    group.add_argument("--no_flip", action="store_true", help="do not mirror pictures at random")
    group.add_argument("--serial_batches", action="store_true", help="in order, picture i of A with i of B")
    group.add_argument("--max_dataset_size", type=limit, default=None, help="pictures of a domain at most")
    group.add_argument("--batch_size", type=int, default=1, help="pictures of each domain in a step")
    group.add_argument(
        "--num_threads", type=int, default=4, help="processes or threads that read pictures, at most"
    )
    group.add_argument("--cache", choices=CACHES, default="auto", help="where decoded pictures are kept")


def label_settings(args: argparse.Namespace) -> LabelSettings | None:
    """Those of a model that reads labels; None for the others."""
    return build(LabelSettings, vars(args)) if hasattr(args, "label_share") else None


def run_name(args: argparse.Namespace) -> str:
    """The run's name with its suffix filled in.

    Raises:
        UserError: the suffix names an option that there is not, or the name would leave the folder of runs.
    """
    try:
        name = args.name + (f"_{args.suffix.format(**vars(args))}" if args.suffix else "")
    except (KeyError, IndexError, ValueError) as error:
        raise UserError(f"--suffix {args.suffix!r} names no option ({error})") from error
    if not name or name in (".", "..") or "/" in name or "\\" in name:
        raise UserError(f"--name {name!r} is not a plain folder name")
    return name


def saved_label(args: argparse.Namespace) -> str:
    """The label of the state to load: `latest`, an epoch's number or `iter_<pictures>`."""
    return f"iter_{args.load_iter}" if args.load_iter else args.epoch


def parse_again(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None, defaults: Mapping[str, Any]
) -> argparse.Namespace:
    """Parse with other defaults, as far as the parser knows them; words given win over both."""
    known = {action.dest for action in parser._actions}
    parser.set_defaults(**{name: value for name, value in defaults.items() if name in known})
    return parser.parse_args(argv)


def require_dataroot(args: argparse.Namespace) -> str:
    """The data set's folder.

    Raises:
        UserError: none was given.
    """
    if not args.dataroot:
        raise UserError("--dataroot is missing: give the folder that holds trainA and trainB")
    return args.dataroot


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",") if word.strip()]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from None


def limit(text: str) -> int | None:
    """A word as a count; `inf` is none."""
    return None if text.strip().lower() in ("inf", "infinity") else int(number(text))
