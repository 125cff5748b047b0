"""The options of --model facelyzr."""

from __future__ import annotations

import argparse

from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.data.settings import LABELLED, LabelSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.objectives.settings import NOISES, PRETRAININGS, AdamSettings, FacelyzrSettings
from cyclegan_glasses.option import options_of

from .arguments import number

#: Where this model's defaults differ from those of cyclegan.
DEFAULTS = {
    "dataset_mode": LABELLED,
    "load_size": 80,
    "crop_size": 64,
    "batch_size": 64,
    "num_threads": 0,
    "lr": 0.001,
    "beta1": 0.9,
    "n_epochs": 6,
    "n_epochs_decay": 8,
    "print_freq": 4000,
    "display_freq": 8000,
    "update_html_freq": 20000,
    "save_latest_freq": 50000,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Network, pretraining and losses."""
    add_options(parser, options_of(LabelSettings))
    group = parser.add_argument_group("reader")
    group.add_argument("--channels", type=int, nargs="+", default=[32, 64, 96, 128], help="after each stage")
    group.add_argument("--features", type=int, default=128, help="numbers that the heads read")
    group.add_argument("--dropout_share", type=number, default=0.2, help="of the code, in training")
    group.add_argument(
        "--pretraining",
        choices=PRETRAININGS,
        default="layers",
        help="undo noise stage by stage, then all together, then the heads; or joint with them; or none",
    )
    group.add_argument(
        "--pretraining_share", type=number, default=0.25, help="of the training, of --pretraining layers"
    )
    group.add_argument("--noise", choices=NOISES, default="gaussian", help="that the autoencoder undoes")
    group.add_argument("--noise_level", type=number, default=0.3, help="its strength, 0 to 1")
    for name, value in (("picture", 1.0), ("gender", 0.5), ("age", 0.3), ("landmarks", 1.0)):
        group.add_argument(f"--lambda_{name}", type=number, default=value, help="weight of that loss")


def settings(args: argparse.Namespace) -> FacelyzrSettings:
    """The words of `add_arguments`.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """
    if args.dataset_mode == "single":
        raise UserError("--dataset_mode single says nothing of glasses: leave it out, or use unaligned")
    return FacelyzrSettings(
        reader=ReaderSettings(
            size=args.crop_size,
            channels=tuple(args.channels),
            features=args.features,
            dropout=args.dropout_share,
        ),
        adam=AdamSettings(args.lr, args.beta1, args.beta2, args.clip_grad),
        pretraining=args.pretraining,
        pretraining_share=args.pretraining_share,
        noise=args.noise,
        noise_level=args.noise_level,
        lambda_picture=args.lambda_picture,
        lambda_gender=args.lambda_gender,
        lambda_age=args.lambda_age,
        lambda_landmarks=args.lambda_landmarks,
    )
