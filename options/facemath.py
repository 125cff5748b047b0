"""The options of --model facemath."""

from __future__ import annotations

import argparse

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import AutoencoderSettings
from cyclegan_glasses.objectives.settings import RECONSTRUCTIONS, AdamSettings, FacemathSettings

from .arguments import number

#: Where this model's defaults differ from those of cyclegan.
DEFAULTS = {
    "load_size": 64,
    "crop_size": 64,
    "batch_size": 16,
    "num_threads": 0,
    "lr": 0.002,
    "beta1": 0.9,
    "beta2": 0.99,
    "n_epochs": 10,
    "n_epochs_decay": 10,
    "print_freq": 2000,
    "display_freq": 4000,
    "update_html_freq": 20000,
    "save_latest_freq": 50000,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Network and losses."""
    group = parser.add_argument_group("autoencoder")
    group.add_argument("--channels", type=int, nargs="+", default=[32, 64, 64], help="after each stage")
    group.add_argument("--latent", type=int, default=256, help="numbers in a code")
    group.add_argument("--beta", type=number, default=0.02, help="weight of the codes' divergence")
    group.add_argument(
        "--reconstruction", choices=RECONSTRUCTIONS, default="mse", help="squared or absolute error"
    )


def settings(args: argparse.Namespace) -> FacemathSettings:
    """The words of `add_arguments`.

    Raises:
        UserError: a value that cannot be.
    """
    if (args.input_nc, args.output_nc) != (3, 3):
        raise UserError("facemath is of faces in colour: leave out --input_nc and --output_nc")
    return FacemathSettings(
        autoencoder=AutoencoderSettings(args.crop_size, tuple(args.channels), args.latent),
        adam=AdamSettings(args.lr, args.beta1, args.beta2, args.clip_grad),
        beta=args.beta,
        reconstruction=args.reconstruction,
    )
