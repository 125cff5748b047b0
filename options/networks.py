"""Arguments of the networks and of how their passes are computed, and how words become settings."""

from __future__ import annotations

import argparse

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    DISCRIMINATORS,
    GENERATORS,
    INITS,
    NORMS,
    RESIDUAL_UNET,
    UPSAMPLINGS,
    DiscriminatorSettings,
    GeneratorSettings,
    InitSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.settings import COMPILING

from .arguments import number


def add_generator(parser: argparse.ArgumentParser) -> None:
    """The generator."""
    group = parser.add_argument_group("generator")
    group.add_argument(
        "--netG",
        choices=tuple(GENERATORS),
        default="resnet_9blocks",
        help=f"architecture; {RESIDUAL_UNET} is the one of --model mask2face",
    )
    add_levels(group, f" of --netG {RESIDUAL_UNET}")
    group.add_argument("--ngf", type=int, default=64, help="filters after the first layer")
    group.add_argument(
        "--norm", choices=NORMS, default="instance", help="normalisation, of the discriminator too"
    )
    dropout = group.add_mutually_exclusive_group()
    dropout.add_argument("--dropout", action="store_true", help="with dropout")
    dropout.add_argument("--no_dropout", dest="dropout", action="store_false", help="without, as by default")
    group.add_argument(
        "--upsample", choices=UPSAMPLINGS, default="transpose", help="resize draws no checkerboards"
    )
    group.add_argument(
        "--composite", action="store_true", help="also predict where to change; the rest stays"
    )


def add_levels(group: argparse._ArgumentGroup, of: str = "") -> None:
    """The levels of a residual U-Net."""
    published = ResidualUnetSettings()
    group.add_argument(
        "--filters",
        type=int,
        nargs="+",
        default=list(published.filters),
        help=f"of each level{of}, finest first",
    )
    group.add_argument(
        "--kernels",
        type=int,
        nargs="+",
        default=list(published.kernels),
        help=f"kernel size of each level{of}",
    )


def add_discriminator(parser: argparse.ArgumentParser) -> None:
    """The discriminator and how weights start."""
    group = parser.add_argument_group("discriminator and initialisation")
    group.add_argument("--netD", choices=tuple(DISCRIMINATORS), default="basic", help="architecture")
    group.add_argument("--ndf", type=int, default=64, help="filters after the first layer")
    group.add_argument("--n_layers_D", type=int, default=3, help="layers of --netD n_layers")
    group.add_argument("--init_type", choices=INITS, default="normal", help="how weights start")
    group.add_argument(
        "--init_gain", type=number, default=0.02, help="scale of normal, xavier and orthogonal"
    )


def add_passes(parser: argparse.ArgumentParser, recompute: bool = True) -> None:
    """How passes are computed: in less time, or in less memory."""
    group = parser.add_argument_group("time and memory")
    group.add_argument(
        "--compile",
        choices=COMPILING,
        default="auto",
        help="compile the networks, which takes a minute or more at the start; auto does so on a GPU",
    )
    group.add_argument(
        "--accumulate",
        type=int,
        default=1,
        help="batches that make a step; the same as a batch so much larger",
    )
    if recompute:
        group.add_argument(
            "--recompute",
            action="store_true",
            help="keep less for the backward pass and compute it again: slower, the same result",
        )


def chunk(args: argparse.Namespace) -> int:
    """How many pictures pass at once; 0 is a whole batch.

    Raises:
        UserError: --accumulate is not possible.
    """
    if args.accumulate < 1:
        raise UserError(f"--accumulate {args.accumulate} is too small: at least 1")
    return args.batch_size if args.accumulate > 1 else 0


def generator_settings(args: argparse.Namespace) -> GeneratorSettings | ResidualUnetSettings:
    """The words of `add_generator`.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """
    if args.netG == RESIDUAL_UNET:
        if args.dropout:
            raise UserError(f"--netG {RESIDUAL_UNET} has no dropout: leave --dropout out")
        return residual_unet_settings(args)
    return GeneratorSettings(
        args.netG,
        args.input_nc,
        args.output_nc,
        args.ngf,
        args.norm,
        args.dropout,
        args.upsample,
        args.composite,
    )


def residual_unet_settings(args: argparse.Namespace, refine: bool = False) -> ResidualUnetSettings:
    """The words of `add_levels`, with `--norm` and `--composite`.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """
    return ResidualUnetSettings(
        args.input_nc,
        args.output_nc,
        tuple(args.filters),
        tuple(args.kernels),
        args.norm,
        args.composite,
        refine,
    )


def discriminator_settings(args: argparse.Namespace) -> DiscriminatorSettings:
    """The words of `add_discriminator`."""
    return DiscriminatorSettings(args.netD, args.output_nc, args.ndf, args.n_layers_D, args.norm)


def init_settings(args: argparse.Namespace) -> InitSettings:
    """How weights start."""
    return InitSettings(args.init_type, args.init_gain)
