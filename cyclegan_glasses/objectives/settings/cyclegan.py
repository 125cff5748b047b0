"""CycleGAN: two generators and two discriminators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cyclegan_glasses.data.settings import CONDITIONS, FRAME, NO_CONDITION, DataSettings
from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    GENERATOR_SETTINGS,
    RESIDUAL_UNET,
    AnyGeneratorSettings,
    DiscriminatorSettings,
    InitSettings,
)
from cyclegan_glasses.objectives.settings.base import (
    FOR_PAIRS,
    AdamSettings,
    ImageSettings,
    discriminator_option,
)
from cyclegan_glasses.option import check, option, variants

GAN_MODES = ("lsgan", "vanilla", "wgangp")
PAIRS = "pairs with a truth, beside the two domains"


def _from_a_to_b(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Channels as `G_A` has them, which goes from A to B whichever of them is called the input."""
    if values["direction"] == REMOVE:
        return values
    return {**values, "input_nc": values["output_nc"], "output_nc": values["input_nc"]}


@dataclass(frozen=True, slots=True)
class CycleGANSettings(ImageSettings):
    """CycleGAN (arXiv 1703.10593).

    Attributes:
        generator: from A to B; the way back has its channels exchanged.
        discriminator: of both domains, whatever its `input_nc` says.
        lr_ratio: after Heusel et al., arXiv 1706.08500.
        mismatched: they count half as much as all fakes, after the mismatched pairs of Reed et al., arXiv
            1605.05396, §4.1. A discriminator that never saw bare faces may take them for good enough.
    """

    USES = ("paired_dataroot", "patience", *FOR_PAIRS)
    GROUP = "losses"

    generator: AnyGeneratorSettings = variants(
        GENERATOR_SETTINGS,
        "resnet_9blocks",
        f"architecture; {RESIDUAL_UNET} is the one of --model mask2face",
        flag="netG",
        group="generator",
        resume="fixed",
        read=_from_a_to_b,
    )
    discriminator: DiscriminatorSettings = discriminator_option()
    init: InitSettings = field(default_factory=InitSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    gan_mode: str = option("lsgan", "adversarial loss", choices=GAN_MODES)
    lambda_A: float = option(10.0, "weight of the cycle A to B to A", least=0)
    lambda_B: float = option(10.0, "weight of the cycle B to A to B", least=0)
    lambda_identity: float = option(
        0.5, "weight of the identity losses, as a multiple of the cycles'", least=0
    )
    lambda_decay: tuple[float, ...] = option(
        (1.0,),
        "what is left of the cycle weights at the end of training, and of the identity weights if a second"
        " number is given; both fall in a straight line",
        least=0,
        metavar="FRACTION",
    )
    lambda_gp: float = option(10.0, "weight of the gradient penalty of --gan_mode wgangp", least=0)
    pool_size: int = option(50, "earlier fakes that the discriminators see again", least=0)
    plain: bool = option(False, "one pass an input, as the reference implementation; slower, same result")
    lr_ratio: float = option(1.0, "learning rate of the discriminators over the generators'", above=0)
    ema: float = option(0.0, "moving average of the generators, such as 0.999; 0: none", least=0, below=1)
    lambda_pair: float = option(
        0.0, "weight of L1 between G_A(glasses) and the bare truth", group=PAIRS, least=0
    )
    lambda_pair_B: float = option(
        0.0, "the same for G_B; glasses have no one truth, so keep it small", group=PAIRS, least=0
    )
    condition: str = option(
        NO_CONDITION,
        "frame: G_B sees the face and the same one with a frame drawn on it, and makes that frame real",
        choices=CONDITIONS,
        resume="fixed",
    )
    lambda_drawn: float = option(
        5.0,
        "weight of what --condition frame changes the drawing by, beyond a twentieth of the range",
        least=0,
    )
    mismatched: bool = option(
        False, "real pictures of the other domain count as fakes, too: a face left as it is wins nothing"
    )
    discriminators_first: int = option(
        0,
        "steps in which only they are trained, so that they do not undo generators that --start_from loads",
        least=0,
        metavar="STEPS",
    )

    def __post_init__(self) -> None:
        check(self)
        if len(self.lambda_decay) not in (1, 2):
            raise UserError("--lambda_decay takes one fraction, or two: of the cycle and identity weights")
        if self.lambda_identity > 0 and self.generator.input_nc != self.generator.output_nc:
            raise UserError("--lambda_identity 0 is needed where --input_nc and --output_nc differ")
        if self.conditioned and self.generator.locates_frame:
            raise UserError(f"--condition frame needs another --netG than {self.generator.kind}")
        if self.conditioned and self.lambda_pair_B:
            raise UserError("--lambda_pair_B teaches G_B what --condition frame shows it: leave one out")
        self.check_execution(self.generator.norm)
        if self.plain and self.compile == "on":
            raise UserError("--plain is without --compile on: leave one of them out")
        if self.plain and (self.layout == "channels_last" or self.winograd == "on"):
            raise UserError("--plain is without --layout channels_last and --winograd on: leave one out")

    @property
    def fixed(self) -> bool:
        return self.plain

    def prefers_channels_last(self, precision: str) -> bool:
        return precision == "fp32" and not self.plain

    @property
    def conditioned(self) -> bool:
        """Whether `G_B` is shown a second picture behind the face."""
        return self.condition == FRAME

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` for one domain, pairs without a weight, or sides that do not suit."""
        if data.dataset_mode == "single":
            raise UserError("--dataset_mode single has one domain, and cyclegan needs two: leave it out")
        if bool(data.paired_dataroot) != bool(self.lambda_pair or self.lambda_pair_B):
            raise UserError("--paired_dataroot DIR and a weight go together: such as --lambda_pair 10")
        self.check_channels(self.generator, data)
        if data.preprocess.endswith("crop"):
            for side in data.cut:
                self.generator.check_side(side)
                self.discriminator.check_side(side)
