"""What is trained, and how its losses are weighed. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cyclegan_glasses.data.settings import LABELLED, DataSettings
from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    DISCRIMINATOR_SETTINGS,
    GENERATOR_SETTINGS,
    RESIDUAL_UNET,
    AnyGeneratorSettings,
    AutoencoderSettings,
    DiscriminatorSettings,
    InitSettings,
    IseeSettings,
    ReaderSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.option import NO_OPTIONS, check, option, shared, variants

GAN_MODES = ("lsgan", "vanilla", "wgangp")
DISTANCES = ("ssim_l1", "l1", "l2", "ssim")
PRETRAININGS = ("layers", "joint", "none")
NOISES = ("gaussian", "mask", "blocks", "none")
RECONSTRUCTIONS = ("mse", "l1")
COMPILING = ("auto", "on", "off")


NET_D: dict[str, Any] = {"flag": "netD", "group": DiscriminatorSettings.GROUP, "resume": "fixed"}
PAIRS = "pairs with a truth, beside the two domains"
SSIM_SIDE = 11  # pixels: the window that SSIM is computed in


@dataclass(frozen=True, slots=True)
class ObjectiveSettings:
    """What the settings of every model say.

    Attributes:
        DEFAULTS: of options, by flag, where this model's differ from those that were declared.
        USES: fields whose options are there on request alone.
        ANY_SIZE: whether its networks take pictures of any size; else sides are multiples of 4.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {}
    USES: ClassVar[tuple[str, ...]] = ()
    ANY_SIZE: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check(self)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` where pictures are read in a way that does not suit the model."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AdamSettings:
    """Adam (arXiv 1412.6980), and the norm that gradients are clipped to."""

    GROUP: ClassVar[str] = "training"

    lr: float = option(0.0002, "learning rate of Adam", above=0)
    beta1: float = option(0.5, "first moment of Adam", least=0, below=1)
    beta2: float = option(0.999, "second moment of Adam; 0.99 adapts sooner", least=0, below=1)
    clip: float = option(0.0, "largest norm of a gradient; 0: no limit", flag="clip_grad", least=0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class FacelyzrSettings(ObjectiveSettings):
    """A stacked denoising autoencoder (Vincent et al., JMLR 11, 2010) and heads on its code.

    Two thirds of `pretraining_share` go to the stages by themselves.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "dataset_mode": LABELLED, "load_size": 80, "crop_size": 64, "batch_size": 64, "num_threads": 0,
        "lr": 0.001, "beta1": 0.9, "n_epochs": 6, "n_epochs_decay": 8, "print_freq": 4000,
        "display_freq": 8000, "update_html_freq": 20000, "save_latest_freq": 50000,
    }  # fmt: skip
    USES: ClassVar[tuple[str, ...]] = ("labels",)
    GROUP: ClassVar[str] = "reader"

    reader: ReaderSettings = field(default_factory=ReaderSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    pretraining: str = option(
        "layers",
        "undo noise stage by stage, then all together, then the heads; or joint; or none",
        choices=PRETRAININGS,
    )
    pretraining_share: float = option(
        0.25, "fraction of the training, of --pretraining layers", above=0, below=1
    )
    noise: str = option("gaussian", "noise that the autoencoder undoes", choices=NOISES)
    noise_level: float = option(0.3, "strength of the noise", least=0, most=1)
    lambda_picture: float = option(1.0, "weight of the picture's reconstruction", least=0)
    lambda_gender: float = option(0.5, "weight of the gender's loss", least=0)
    lambda_age: float = option(0.3, "weight of the age's loss", least=0)
    lambda_landmarks: float = option(1.0, "weight of the landmarks' loss", least=0)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` where nothing says who wears glasses."""
        if data.dataset_mode == "single":
            raise UserError("--dataset_mode single says nothing of glasses: leave it out, or use unaligned")


@dataclass(frozen=True, slots=True)
class FacemathSettings(ObjectiveSettings):
    """A variational autoencoder (arXiv 1312.6114) whose divergence has a weight (Higgins et al. 2017).

    `beta` of twice the squared error that is reached makes both terms one likelihood (Rybkin et al., arXiv
    2006.13202, eq. 4).
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "load_size": 64, "crop_size": 64, "batch_size": 16, "num_threads": 0, "lr": 0.002, "beta1": 0.9,
        "beta2": 0.99, "n_epochs": 10, "n_epochs_decay": 10, "print_freq": 2000, "display_freq": 4000,
        "update_html_freq": 20000, "save_latest_freq": 50000,
    }  # fmt: skip
    GROUP: ClassVar[str] = "autoencoder"

    autoencoder: AutoencoderSettings = field(default_factory=AutoencoderSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    beta: float = option(0.02, "weight of the codes' divergence", least=0)
    reconstruction: str = option("mse", "squared or absolute error", choices=RECONSTRUCTIONS)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` for faces without colour."""
        if (data.input_nc, data.output_nc) != (3, 3):
            raise UserError("facemath is of faces in colour: leave out --input_nc and --output_nc")


def _from_a_to_b(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Channels as `G_A` has them, which goes from A to B whichever of them is called the input."""
    if values["direction"] == REMOVE:
        return values
    return {**values, "input_nc": values["output_nc"], "output_nc": values["input_nc"]}


def _micro_batch(values: Mapping[str, Any]) -> int:
    accumulate, pictures = values["accumulate"], values["batch_size"]
    if accumulate < 1:
        raise UserError(f"--accumulate {accumulate} is invalid: must be at least 1")
    return int(pictures) if accumulate > 1 else 0


def _accumulate() -> int:
    return option(
        0,
        "batches that make a step; the same as a batch so much larger",
        flag="accumulate",
        group="time and memory",
        cli_default=1,
        read=_micro_batch,
    )


def _recompute() -> bool:
    return option(
        False,
        "keep less for the backward pass and compute it again: slower, the same result",
        group="time and memory",
        resume="free",
    )


def _compile() -> str:
    return option(
        "off",
        "compile the networks, which takes a minute or more at the start; auto does so on a GPU",
        group="time and memory",
        choices=COMPILING,
        cli_default="auto",
        resume="free",
    )


@dataclass(frozen=True, slots=True)
class CycleGANSettings(ObjectiveSettings):
    """CycleGAN (arXiv 1703.10593).

    Attributes:
        generator: from A to B; the way back has its channels exchanged.
        discriminator: of both domains, whatever its `input_nc` says.
        lr_ratio: after Heusel et al., arXiv 1706.08500.
        mismatched: they count half as much as all fakes, after the mismatched pairs of Reed et al., arXiv
            1605.05396, §4.1. A discriminator that never saw bare faces may take them for good enough.
        micro_batch: pictures of a batch that pass at once, their gradients added up; 0 for all.
    """

    USES: ClassVar[tuple[str, ...]] = ("paired_dataroot",)
    GROUP: ClassVar[str] = "losses"

    generator: AnyGeneratorSettings = variants(
        GENERATOR_SETTINGS,
        "resnet_9blocks",
        f"architecture; {RESIDUAL_UNET} is the one of --model mask2face",
        flag="netG",
        group="generator",
        resume="fixed",
        read=_from_a_to_b,
    )
    discriminator: DiscriminatorSettings = variants(DISCRIMINATOR_SETTINGS, "basic", "architecture", **NET_D)
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
    mismatched: bool = option(
        False, "real pictures of the other domain count as fakes, too: a face left as it is wins nothing"
    )
    discriminators_first: int = option(
        0,
        "steps in which only they are trained, so that they do not undo generators that --start_from loads",
        least=0,
        metavar="STEPS",
    )
    micro_batch: int = _accumulate()
    recompute: bool = _recompute()
    compile: str = _compile()

    def __post_init__(self) -> None:
        check(self)
        if len(self.lambda_decay) not in (1, 2):
            raise UserError("--lambda_decay takes one fraction, or two: of the cycle and identity weights")
        if self.lambda_identity > 0 and self.generator.input_nc != self.generator.output_nc:
            raise UserError("--lambda_identity 0 is needed where --input_nc and --output_nc differ")
        _check_execution(self.micro_batch, self.recompute, self.generator.norm)
        if self.plain and self.compile == "on":
            raise UserError("--plain is without --compile on: leave one of them out")

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` for one domain, pairs without a weight, or sides that do not suit."""
        if data.dataset_mode == "single":
            raise UserError("--dataset_mode single has one domain, and cyclegan needs two: leave it out")
        if bool(data.paired_dataroot) != bool(self.lambda_pair or self.lambda_pair_B):
            raise UserError("--paired_dataroot DIR and a weight go together: such as --lambda_pair 10")
        if data.preprocess.endswith("crop"):
            self.generator.check_side(data.crop_size)
            self.discriminator.check_side(data.crop_size)


@dataclass(frozen=True, slots=True)
class SupervisedSettings(ObjectiveSettings):
    """A generator that learns from pairs; what Mask2Face and iSee have in common.

    Attributes:
        generator: from glasses to bare, or the other way, as `direction` says.
        discriminator: of the domain of the results, whatever its `input_nc` says.
        micro_batch: pictures of a batch that pass at once, their gradients added up; 0 for all.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "dataset_mode": "aligned", "lr": 0.001, "beta1": 0.9, "n_epochs_decay": 0,
    }  # fmt: skip
    USES: ClassVar[tuple[str, ...]] = ("patience",)
    ANY_SIZE: ClassVar[bool] = True
    GROUP: ClassVar[str] = "losses"

    generator: AnyGeneratorSettings = field(default_factory=ResidualUnetSettings)
    distance: str = option("ssim_l1", "distance from the truth", flag="loss", choices=DISTANCES)
    adam: AdamSettings = field(default_factory=AdamSettings)
    lambda_gan: float = 0.0
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings, metadata=NO_OPTIONS)
    init: InitSettings = field(default_factory=InitSettings, metadata=NO_OPTIONS)
    direction: str = shared(REMOVE, "direction", choices=DIRECTIONS)
    micro_batch: int = _accumulate()
    recompute: bool = False
    compile: str = _compile()

    def __post_init__(self) -> None:
        check(self)
        _check_execution(self.micro_batch, self.recompute, self.generator.norm)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` for data without pairs, or sides that do not suit."""
        if data.dataset_mode != "aligned":
            raise UserError(f"this model learns from pairs: leave --dataset_mode {data.dataset_mode} out")
        if not data.preprocess.endswith("crop"):
            return
        if self.distance.startswith("ssim") and data.crop_size < SSIM_SIDE:
            raise UserError(f"--loss {self.distance} needs a --crop_size of at least {SSIM_SIDE}, or take l1")
        self.generator.check_side(data.crop_size)
        if self.lambda_gan:
            self.discriminator.check_side(data.crop_size)


@dataclass(frozen=True, slots=True)
class Mask2FaceSettings(SupervisedSettings):
    """Mask2Face: a residual U-Net, and a discriminator where its loss has a weight."""

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        **SupervisedSettings.DEFAULTS, "batch_size": 12, "n_epochs": 20,
    }  # fmt: skip
    USES: ClassVar[tuple[str, ...]] = ("refine", "patience")

    generator: ResidualUnetSettings = field(default_factory=ResidualUnetSettings)
    lambda_gan: float = option(
        0.0, "weight of the adversarial loss; 0: none", group="adversarial term", least=0
    )
    discriminator: DiscriminatorSettings = variants(DISCRIMINATOR_SETTINGS, "basic", "architecture", **NET_D)
    init: InitSettings = field(default_factory=InitSettings)
    recompute: bool = _recompute()


@dataclass(frozen=True, slots=True)
class IseeTrainingSettings(SupervisedSettings):
    """iSee: a small network for grey pictures."""

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        **SupervisedSettings.DEFAULTS, "input_nc": 1, "output_nc": 1, "load_size": 66, "crop_size": 66,
        "batch_size": 20, "n_epochs": 250, "loss": "l2", "compile": "off",
    }  # fmt: skip

    generator: IseeSettings = field(default_factory=IseeSettings)


def _check_execution(micro_batch: int, recompute: bool, norm: str) -> None:
    if micro_batch < 0:
        raise UserError("--accumulate must be at least 1")
    if recompute and norm in ("batch", "syncbatch"):
        raise UserError(f"--recompute counts the statistics of --norm {norm} twice: take --norm instance")


MODELS: dict[str, type[ObjectiveSettings]] = {
    "cyclegan": CycleGANSettings,
    "cycle_gan": CycleGANSettings,
    "mask2face": Mask2FaceSettings,
    "isee": IseeTrainingSettings,
    "facelyzr": FacelyzrSettings,
    "facemath": FacemathSettings,
}
"""The settings of each model, by `--model`."""
ALIASES = {"cycle_gan": "cyclegan"}
"""What the reference implementation calls a model."""
