"""Options that the models learning from pairs share."""

from __future__ import annotations

import argparse
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.settings import DISTANCES, AdamSettings

SSIM_SIDE = 11
SHARED_DEFAULTS: dict[str, Any] = {
    "dataset_mode": "aligned",
    "lr": 0.001,
    "beta1": 0.9,
    "n_epochs_decay": 0,
}


def add_supervised(parser: argparse.ArgumentParser) -> None:
    """The loss, and when to stop."""
    group = parser.add_argument_group("losses")
    group.add_argument("--loss", choices=DISTANCES, default="ssim_l1", help="distance from the truth")
    group.add_argument(
        "--patience",
        type=int,
        default=0,
        help="end when the loss on the pairs in valA and valB has not fallen for so many epochs; 0: never",
    )


def adam_settings(args: argparse.Namespace) -> AdamSettings:
    """The words of the optimizer."""
    return AdamSettings(args.lr, args.beta1, args.beta2, args.clip_grad)


def require_pairs(args: argparse.Namespace) -> None:
    """Raises `UserError` for words that do not go with learning from pairs."""
    if args.dataset_mode != "aligned":
        raise UserError(
            f"--model {args.model} learns from pairs: leave --dataset_mode {args.dataset_mode} out"
        )
    if args.loss.startswith("ssim") and args.preprocess.endswith("crop") and args.crop_size < SSIM_SIDE:
        raise UserError(f"--loss {args.loss} needs a --crop_size of at least {SSIM_SIDE}: or take --loss l1")
