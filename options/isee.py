"""The options of --model isee."""

from __future__ import annotations

import argparse
from typing import Any

from cyclegan_glasses.networks.settings import IseeSettings
from cyclegan_glasses.objectives.settings import SupervisedSettings

from .networks import add_passes, chunk
from .supervised import SHARED_DEFAULTS, adam_settings, add_supervised, require_pairs

DEFAULTS: dict[str, Any] = SHARED_DEFAULTS | {
    "input_nc": 1,
    "output_nc": 1,
    "load_size": 66,
    "crop_size": 66,
    "batch_size": 20,
    "n_epochs": 250,
    "loss": "l2",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The network and its loss."""
    group = parser.add_argument_group("generator")
    group.add_argument("--filters", type=int, default=90, help="of each of its layers")
    add_supervised(parser)
    add_passes(parser, recompute=False)


def settings(args: argparse.Namespace) -> SupervisedSettings:
    """The words of `add_arguments`.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """
    require_pairs(args)
    network = IseeSettings(args.input_nc, args.output_nc, args.filters)
    return SupervisedSettings(
        network, args.loss, adam_settings(args), direction=args.direction, micro_batch=chunk(args)
    )
