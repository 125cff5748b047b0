"""The options of --model cyclegan."""

from __future__ import annotations

import argparse
from dataclasses import replace

from cyclegan_glasses.domains import ADD
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import check_side
from cyclegan_glasses.objectives.settings import GAN_MODES, AdamSettings, CycleGANSettings

from .arguments import number
from .networks import (
    add_discriminator,
    add_generator,
    add_passes,
    chunk,
    discriminator_settings,
    generator_settings,
    init_settings,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Networks and losses."""
    add_generator(parser)
    add_discriminator(parser)
    add_passes(parser)
    group = parser.add_argument_group("pairs with a truth, beside the two domains")
    group.add_argument(
        "--paired_dataroot",
        default="",
        help="folder of pairs, from crawl.py overlay; one goes with each sample",
    )
    group.add_argument(
        "--lambda_pair", type=number, default=0.0, help="weight of L1 between G_A(glasses) and the bare truth"
    )
    group.add_argument(
        "--lambda_pair_B",
        type=number,
        default=0.0,
        help="the same for G_B; glasses have no one truth, so keep it small",
    )
    group = parser.add_argument_group("losses")
    group.add_argument("--gan_mode", choices=GAN_MODES, default="lsgan", help="adversarial loss")
    group.add_argument("--lambda_A", type=number, default=10.0, help="weight of the cycle A to B to A")
    group.add_argument("--lambda_B", type=number, default=10.0, help="weight of the cycle B to A to B")
    group.add_argument(
        "--lambda_identity",
        type=number,
        default=0.5,
        help="weight of the identity losses, as a share of the cycles'",
    )
    group.add_argument(
        "--lambda_decay",
        type=number,
        nargs="+",
        default=[1.0],
        metavar="SHARE",
        help="what is left of the cycle weights at the end of training, and of the identity weights if a"
        " second number is given; both fall in a straight line",
    )
    group.add_argument("--lambda_gp", type=number, default=10.0, help="gradient penalty of --gan_mode wgangp")
    group.add_argument(
        "--pool_size", type=int, default=50, help="earlier fakes that the discriminators see again"
    )
    group.add_argument(
        "--lr_ratio",
        type=number,
        default=1.0,
        help="learning rate of the discriminators over the generators'",
    )
    group.add_argument(
        "--mismatched",
        action="store_true",
        help="real pictures of the other domain count as fakes, too: a face left as it is wins nothing",
    )
    group.add_argument(
        "--discriminators_first",
        type=int,
        default=0,
        metavar="STEPS",
        help="steps in which only they learn, so that they do not undo generators that --start_from loads",
    )
    group.add_argument(
        "--ema", type=number, default=0.0, help="moving average of the generators, such as 0.999; 0: none"
    )
    group.add_argument(
        "--plain",
        action="store_true",
        help="one pass an input, as the reference implementation; slower, same result",
    )


def settings(args: argparse.Namespace) -> CycleGANSettings:
    """The words of `add_arguments`.

    Raises:
        UserError: a value that cannot be, or two that do not go together.
    """
    if args.dataset_mode == "single":
        raise UserError("--dataset_mode single has one domain, and cyclegan learns from two: leave it out")
    if bool(args.paired_dataroot) != bool(args.lambda_pair or args.lambda_pair_B):
        raise UserError("--paired_dataroot DIR and a weight go together: such as --lambda_pair 10")
    if len(args.lambda_decay) > 2:
        raise UserError("--lambda_decay takes one share, or two: of the cycle and of the identity weights")
    generator, discriminator, decay = (
        generator_settings(args),
        discriminator_settings(args),
        args.lambda_decay,
    )
    if args.direction == ADD:  # G_A goes from A to B whichever of them is called the input
        generator = replace(generator, input_nc=args.output_nc, output_nc=args.input_nc)
    if args.preprocess.endswith("crop"):
        check_side(args.crop_size, generator, discriminator)
    return CycleGANSettings(
        generator=generator,
        discriminator=discriminator,
        init=init_settings(args),
        adam=AdamSettings(args.lr, args.beta1, args.beta2, args.clip_grad),
        gan_mode=args.gan_mode,
        lambda_A=args.lambda_A,
        lambda_B=args.lambda_B,
        lambda_identity=args.lambda_identity,
        cycle_decay=decay[0],
        identity_decay=decay[-1],
        lambda_gp=args.lambda_gp,
        pool_size=args.pool_size,
        plain=args.plain,
        lr_ratio=args.lr_ratio,
        ema=args.ema,
        lambda_pair=args.lambda_pair,
        lambda_pair_B=args.lambda_pair_B,
        mismatched=args.mismatched,
        discriminators_first=args.discriminators_first,
        micro_batch=chunk(args),
        recompute=args.recompute,
        compile=args.compile,
    )
