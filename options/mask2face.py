"""The options of --model mask2face."""

from __future__ import annotations

import argparse
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import NORMS
from cyclegan_glasses.objectives.settings import SupervisedSettings

from .arguments import number
from .networks import (
    add_discriminator,
    add_levels,
    add_passes,
    chunk,
    discriminator_settings,
    init_settings,
    residual_unet_settings,
)
from .supervised import SHARED_DEFAULTS, adam_settings, add_supervised, require_pairs

DEFAULTS: dict[str, Any] = SHARED_DEFAULTS | {"batch_size": 12, "n_epochs": 20}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Networks and losses."""
    group = parser.add_argument_group("generator")
    add_levels(group)
    group.add_argument("--norm", choices=NORMS, default="instance", help="normalisation")
    group.add_argument(
        "--composite", action="store_true", help="also predict where to change; the rest stays"
    )
    group.add_argument("--refine", action="store_true", help="a second network mends the first one's result")
    add_supervised(parser)
    group = parser.add_argument_group("adversarial term")
    group.add_argument(
        "--lambda_gan", type=number, default=0.0, help="weight of a discriminator's opinion; 0: none"
    )
    add_discriminator(parser)
    add_passes(parser)


def settings(args: argparse.Namespace) -> SupervisedSettings:
    """The words of `add_arguments`.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """
    require_pairs(args)
    network = residual_unet_settings(args, args.refine)
    judge = discriminator_settings(args)
    if args.preprocess.endswith("crop"):
        network.check_side(args.crop_size)
        if args.lambda_gan and args.crop_size < judge.smallest:
            raise UserError(f"--lambda_gan needs a --crop_size of at least {judge.smallest}, or --netD pixel")
    adam, init = adam_settings(args), init_settings(args)
    return SupervisedSettings(
        network,
        args.loss,
        adam,
        args.lambda_gan,
        judge,
        init,
        args.direction,
        micro_batch=chunk(args),
        recompute=args.recompute,
        compile=args.compile,
    )
