"""What is trained, and how its losses are weighed. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.networks.settings import (
    AnyGeneratorSettings,
    AutoencoderSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    InitSettings,
    ReaderSettings,
    ResidualUnetSettings,
)

GAN_MODES = ("lsgan", "vanilla", "wgangp")
DISTANCES = ("ssim_l1", "l1", "l2", "ssim")
PRETRAININGS = ("layers", "joint", "none")
NOISES = ("gaussian", "mask", "blocks", "none")
RECONSTRUCTIONS = ("mse", "l1")
COMPILING = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class AdamSettings:
    """Adam: rate, decay of the first and second moments, gradient norm to clip at (0: no clipping)."""

    lr: float = 0.0002
    beta1: float = 0.5
    beta2: float = 0.999
    clip: float = 0.0

    def __post_init__(self) -> None:
        if self.lr <= 0 or not 0 <= self.beta1 < 1 or not 0 <= self.beta2 < 1 or self.clip < 0:
            raise UserError("--lr must be above 0, --beta1 and --beta2 in [0, 1) and --clip_grad not below 0")


@dataclass(frozen=True, slots=True)
class FacelyzrSettings:
    """A stacked denoising autoencoder (Vincent et al., JMLR 11, 2010) and heads on its code.

    Attributes:
        reader: the network.
        adam: its optimizer.
        pretraining: one of `PRETRAININGS`: `layers`, each stage by itself, then all of them together, then
            the heads; `joint`, picture and heads at once; `none`, the heads from scratch.
        pretraining_share: of the training, where `pretraining` is `layers`; two thirds of it go to the
            stages by themselves.
        noise: one of `NOISES`, put on the input of what learns to undo it.
        noise_level: its strength, see `objectives.noise`.
        lambda_picture: weight of the picture's reconstruction where `pretraining` is `joint`.
        lambda_gender, lambda_age, lambda_landmarks: weights beside the glasses' loss.
    """

    reader: ReaderSettings = field(default_factory=ReaderSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    pretraining: str = "layers"
    pretraining_share: float = 0.25
    noise: str = "gaussian"
    noise_level: float = 0.3
    lambda_picture: float = 1.0
    lambda_gender: float = 0.5
    lambda_age: float = 0.3
    lambda_landmarks: float = 1.0

    def __post_init__(self) -> None:
        one_of("pretraining", self.pretraining, PRETRAININGS)
        one_of("noise", self.noise, NOISES)
        if not 0 <= self.noise_level <= 1:
            raise UserError(f"--noise_level {self.noise_level:g} is not possible: 0 to 1")
        if not 0 < self.pretraining_share < 1:
            raise UserError(
                f"--pretraining_share {self.pretraining_share:g} is not possible: between 0 and 1"
            )
        if min(self.lambda_picture, self.lambda_gender, self.lambda_age, self.lambda_landmarks) < 0:
            raise UserError("the weights of facelyzr's losses must not be below 0")


@dataclass(frozen=True, slots=True)
class FacemathSettings:
    """A variational autoencoder (arXiv 1312.6114) whose divergence has a weight (Higgins et al. 2017).

    Attributes:
        autoencoder: the network.
        adam: its optimizer.
        beta: weight of the divergence. Twice the squared error that is reached makes both parts one
            likelihood (Rybkin et al., arXiv 2006.13202, eq. 4).
        reconstruction: one of `RECONSTRUCTIONS`: squared error (`mse`) or absolute error (`l1`).
    """

    autoencoder: AutoencoderSettings = field(default_factory=AutoencoderSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    beta: float = 0.02
    reconstruction: str = "mse"

    def __post_init__(self) -> None:
        one_of("reconstruction", self.reconstruction, RECONSTRUCTIONS)
        if self.beta < 0:
            raise UserError("--beta must not be below 0")


@dataclass(frozen=True, slots=True)
class CycleGANSettings:
    """CycleGAN (arXiv 1703.10593).

    Attributes:
        generator: from A to B; the way back has its channels exchanged.
        discriminator: of both domains, whatever its `input_nc` says.
        gan_mode: one of `GAN_MODES`.
        lambda_A, lambda_B: weights of the cycle losses A→B→A and B→A→B.
        lambda_identity: weight of the identity losses, as a share of the cycle weights.
        cycle_decay, identity_decay: what is left of the cycle and identity weights at the end of training;
            they fall in a straight line.
        lambda_gp: weight of the gradient penalty of wgangp.
        pool_size: fakes that the discriminators' pool remembers.
        plain: one pass an input, in the order of the reference implementation; slower, the same to rounding.
        lr_ratio: learning rate of the discriminators as a multiple of the generators' (Heusel et al., arXiv
            1706.08500).
        ema: decay a step of the moving average of the generators; 0 for none.
        lambda_pair, lambda_pair_B: weights of the L1 distance of G_A(pair_A) to pair_B, and of G_B(pair_B) to
            pair_A, on pairs whose truth is known; 0 for none.
        mismatched: real pictures of the other domain count as fakes as well, half as much as all fakes (after
            the mismatched pairs of Reed et al., arXiv 1605.05396, §4.1). A discriminator that never saw bare
            faces may take them for good enough.
        discriminators_first: steps in which the discriminators learn alone, for generators that begin with
            something worth keeping.
        micro_batch: pictures of a batch that pass at once, their gradients added up; 0 for all.
        recompute: keep less for the backward pass of the generators and compute it again.
        compile: one of `COMPILING`: the networks, by torch.compile; `auto` does so on a GPU.
    """

    generator: AnyGeneratorSettings = field(default_factory=GeneratorSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    init: InitSettings = field(default_factory=InitSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    gan_mode: str = "lsgan"
    lambda_A: float = 10.0
    lambda_B: float = 10.0
    lambda_identity: float = 0.5
    cycle_decay: float = 1.0
    identity_decay: float = 1.0
    lambda_gp: float = 10.0
    pool_size: int = 50
    plain: bool = False
    lr_ratio: float = 1.0
    ema: float = 0.0
    lambda_pair: float = 0.0
    lambda_pair_B: float = 0.0
    mismatched: bool = False
    discriminators_first: int = 0
    micro_batch: int = 0
    recompute: bool = False
    compile: str = "off"

    def __post_init__(self) -> None:
        one_of("gan_mode", self.gan_mode, GAN_MODES)
        weights = (self.lambda_A, self.lambda_B, self.lambda_identity, self.lambda_gp)
        counts = (self.pool_size, self.discriminators_first)
        if min(*weights, self.lambda_pair, self.lambda_pair_B, *counts) < 0:
            raise UserError("loss weights, --pool_size and --discriminators_first must not be below 0")
        if not (self.cycle_decay >= 0 and self.identity_decay >= 0):
            raise UserError("--lambda_decay must not be below 0")
        if self.lr_ratio <= 0:
            raise UserError("--lr_ratio must be above 0")
        if not 0 <= self.ema < 1:
            raise UserError("--ema must be in [0, 1): 0.999 is usual, 0 is none")
        if self.lambda_identity > 0 and self.generator.input_nc != self.generator.output_nc:
            raise UserError(
                "--lambda_identity needs --input_nc and --output_nc alike: give --lambda_identity 0"
            )
        _check_passes(self.micro_batch, self.recompute, self.compile, self.generator.norm)
        if self.plain and self.compile == "on":
            raise UserError("--plain is without --compile on: leave one of them out")


@dataclass(frozen=True, slots=True)
class SupervisedSettings:
    """A generator that learns from pairs: Mask2Face and iSee differ in these alone.

    Attributes:
        generator: from glasses to bare, or the other way.
        distance: one of `DISTANCES`, of its result from the truth.
        lambda_gan: weight of an adversarial term (least squares); 0 for none.
        discriminator: of the domain of the results, whatever its `input_nc` says.
        direction: `AtoB` learns to remove, `BtoA` to add what is drawn in the pairs.
        micro_batch: pictures of a batch that pass at once, their gradients added up; 0 for all.
        recompute: keep less for the backward pass of the generator and compute it again.
        compile: one of `COMPILING`: the networks, by torch.compile; `auto` does so on a GPU.
    """

    generator: AnyGeneratorSettings = field(default_factory=ResidualUnetSettings)
    distance: str = "ssim_l1"
    adam: AdamSettings = field(default_factory=AdamSettings)
    lambda_gan: float = 0.0
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    init: InitSettings = field(default_factory=InitSettings)
    direction: str = REMOVE
    micro_batch: int = 0
    recompute: bool = False
    compile: str = "off"

    def __post_init__(self) -> None:
        one_of("direction", self.direction, DIRECTIONS)
        one_of("loss", self.distance, DISTANCES)
        if self.lambda_gan < 0:
            raise UserError("--lambda_gan must not be below 0")
        _check_passes(self.micro_batch, self.recompute, self.compile, self.generator.norm)


def _check_passes(micro_batch: int, recompute: bool, compile: str, norm: str) -> None:
    one_of("compile", compile, COMPILING)
    if micro_batch < 0:
        raise UserError("--accumulate must be at least 1")
    if recompute and norm in ("batch", "syncbatch"):
        raise UserError(
            f"--recompute would count the statistics of --norm {norm} twice: take --norm instance"
        )
