"""Generators that learn from pairs: Mask2Face and iSee."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    COARSE_TO_FINE,
    RESIDUAL_UNET,
    AnyGeneratorSettings,
    CoarseToFineSettings,
    DiscriminatorSettings,
    InitSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.settings.base import (
    FOR_PAIRS,
    AdamSettings,
    ImageSettings,
    discriminator_option,
)
from cyclegan_glasses.option import NO_OPTIONS, check, option, shared, variants

DISTANCES = ("ssim_l1", "l1", "l2", "ssim")
SSIM_SIDE, CHROMA_SIDE, LEVEL_SIDE = 11, 8, 12
"""Pixels: the windows that SSIM, colours and levels are compared in."""


@dataclass(frozen=True, slots=True)
class SupervisedSettings(ImageSettings):
    """A generator that learns from pairs; what Mask2Face and iSee have in common.

    Attributes:
        generator: from glasses to bare, or the other way, as `direction` says.
        discriminator: of the domain of the results, whatever its `input_nc` says.
    """

    DEFAULTS = {"dataset_mode": "aligned", "lr": 0.001, "beta1": 0.9, "n_epochs_decay": 0}
    USES: ClassVar[tuple[str, ...]] = ("patience", *FOR_PAIRS)
    ANY_SIZE = True
    GROUP = "losses"

    generator: AnyGeneratorSettings = field(default_factory=ResidualUnetSettings)
    distance: str = option("ssim_l1", "distance from the truth", flag="loss", choices=DISTANCES)
    adam: AdamSettings = field(default_factory=AdamSettings)
    lambda_changed: float = 0.0
    lambda_rim: float = 0.0
    lambda_gradient: float = 0.0
    lambda_chroma: float = 0.0
    lambda_level: float = 0.0
    lambda_frame: float = 0.0
    own_share: float = 0.0
    lambda_gan: float = 0.0
    ema: float = 0.0
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings, metadata=NO_OPTIONS)
    init: InitSettings = field(default_factory=InitSettings, metadata=NO_OPTIONS)
    direction: str = shared(REMOVE, "direction", choices=DIRECTIONS)

    def __post_init__(self) -> None:
        check(self)
        self.check_execution(self.generator.norm)
        if self.lambda_frame and not (self.generator.locates_frame and self.direction == REMOVE):
            raise UserError("--lambda_frame needs --netG coarse_to_fine and --direction AtoB: leave it out")
        if self.lambda_rim and not self.lambda_frame:
            raise UserError("--lambda_rim knows the frame by --lambda_frame: give both, or leave it out")
        if self.lambda_chroma and self.generator.output_nc != 3:
            raise UserError("--lambda_chroma is of pictures in colour: leave it out")

    def prefers_channels_last(self, precision: str) -> bool:
        return self.generator.locates_frame  # quicker by a tenth (docs/guides/training.md)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` for data without pairs, or sides that do not suit."""
        if data.unpaired_dataroot and not self.lambda_gan:
            raise UserError("--unpaired_dataroot DIR and a weight go together: such as --lambda_gan 0.1")
        if data.dataset_mode != "aligned":
            raise UserError(f"this model learns from pairs: leave --dataset_mode {data.dataset_mode} out")
        if not data.preprocess.endswith("crop"):
            return
        self.check_channels(self.generator, data)
        if self.distance.startswith("ssim") and min(data.cut) < SSIM_SIDE:
            raise UserError(f"--loss {self.distance} needs a --crop_size of at least {SSIM_SIDE}, or take l1")
        if self.lambda_chroma and min(data.cut) < CHROMA_SIDE:
            raise UserError(f"--lambda_chroma needs a --crop_size of at least {CHROMA_SIDE}")
        if self.lambda_level and min(data.cut) < LEVEL_SIDE:
            raise UserError(f"--lambda_level needs a --crop_size of at least {LEVEL_SIDE}")
        for side in data.cut:
            self.generator.check_side(side)
            if self.lambda_gan:
                self.discriminator.check_side(side)


@dataclass(frozen=True, slots=True)
class Mask2FaceSettings(SupervisedSettings):
    """Mask2Face: a residual U-Net, or a coarse one and a fine one, and a discriminator where its loss has a
    weight."""

    DEFAULTS = {**SupervisedSettings.DEFAULTS, "batch_size": 12, "n_epochs": 20}
    USES = ("refine", "patience", "unpaired_dataroot", *FOR_PAIRS)

    generator: AnyGeneratorSettings = variants(
        {RESIDUAL_UNET: ResidualUnetSettings, COARSE_TO_FINE: CoarseToFineSettings},
        RESIDUAL_UNET,
        f"architecture; {COARSE_TO_FINE} is two networks, and says where the frame is",
        flag="netG",
        group="generator",
        resume="fixed",
    )
    lambda_changed: float = option(
        0.0, "additional weight of pixels where the pair differs, of levels and gradients", least=0
    )
    lambda_rim: float = option(
        0.0, "additional weight of the frame and two pixels around it, of colours too", least=0
    )
    lambda_gradient: float = option(0.0, "weight of the gradients of levels", least=0)
    lambda_chroma: float = option(0.0, "weight of colours, as means over 8 pixels: no stains", least=0)
    lambda_level: float = option(
        0.0, "weight of levels where the pair differs, as means over 12 pixels: no veils", least=0
    )
    lambda_frame: float = option(
        0.0, "weight of the frame that --netG coarse_to_fine finds, beside the picture", least=0
    )
    own_share: float = option(
        0.0,
        "of the inputs of a step so many are what the generator makes of them: it is to finish its own work",
        least=0,
        below=1,
    )
    ema: float = option(0.0, "moving average of the generator, such as 0.998; 0: none", least=0, below=1)
    lambda_gan: float = option(
        0.0, "weight of the adversarial loss; 0: none", group="adversarial term", least=0
    )
    discriminator: DiscriminatorSettings = discriminator_option()
    init: InitSettings = field(default_factory=InitSettings)


@dataclass(frozen=True, slots=True)
class IseeTrainingSettings(SupervisedSettings):
    """iSee: a small network for grey pictures."""

    DEFAULTS = {
        **SupervisedSettings.DEFAULTS, "input_nc": 1, "output_nc": 1, "load_size": 66, "crop_size": 66,
        "batch_size": 20, "n_epochs": 250, "loss": "l2", "compile": "off",
    }  # fmt: skip

    generator: IseeSettings = field(default_factory=IseeSettings)
    recompute: bool = field(default=False, kw_only=True)
