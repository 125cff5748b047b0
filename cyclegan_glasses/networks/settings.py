"""What each network is made of, and what else there is to know of it. Free of torch.

`networks/registry.py` says by which module each is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cyclegan_glasses.errors import UserError, one_of

PUBLISHED = ("resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128")
"""The generators of pytorch-CycleGAN-and-pix2pix."""
PATCHES = ("basic", "n_layers", "pixel")
"""Its discriminators."""
NORMS = ("instance", "batch", "none", "syncbatch")
INITS = ("normal", "xavier", "kaiming", "orthogonal")
UPSAMPLINGS = ("transpose", "resize")
RESIDUAL_UNET = "residual_unet"


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """A generator of the reference implementation.

    Attributes:
        kind: one of `PUBLISHED`.
        input_nc, output_nc: channels in and out.
        filters: channels after the first layer.
        norm: one of `NORMS`.
        dropout: one half, inside the residual blocks or the U-Net's middle.
        upsample: `transpose` for transposed convolutions, `resize` for nearest neighbour and a convolution,
            which draws no checkerboards (Odena et al. 2016).
        composite: also predict where to change the picture; the rest stays what it was.
    """

    kind: str = "resnet_9blocks"
    input_nc: int = 3
    output_nc: int = 3
    filters: int = 64
    norm: str = "instance"
    dropout: bool = False
    upsample: str = "transpose"
    composite: bool = False
    balanced: ClassVar[bool] = False

    @property
    def exports_any_size(self) -> bool:
        """A U-Net compares the sides with what it takes, which a trace keeps as numbers."""
        return self.kind.startswith("resnet")

    @property
    def multiple(self) -> int:
        """What the sides of a picture must be a multiple of."""
        return {"unet_256": 256, "unet_128": 128}.get(self.kind, 4)

    def check_side(self, side: int) -> None:
        """Raises `UserError` where pictures of `side` pixels do not suit it."""
        if side % self.multiple:
            raise UserError(
                f"--netG {self.kind} needs a --crop_size that is a multiple of {self.multiple}, and {side} is"
                " not"
            )

    def __post_init__(self) -> None:
        one_of("netG", self.kind, PUBLISHED)
        one_of("norm", self.norm, NORMS)
        one_of("upsample", self.upsample, UPSAMPLINGS)
        if self.filters < 1:
            raise UserError("--ngf must be at least 1")
        if self.composite and self.input_nc != self.output_nc:
            raise UserError("--composite needs --input_nc and --output_nc alike, since it blends in and out")


@dataclass(frozen=True, slots=True)
class ResidualUnetSettings:
    """The residual U-Net of Mask2Face; pictures of any size.

    Attributes:
        input_nc, output_nc: channels in and out.
        filters, kernels: channels and kernel size of each level, the finest first.
        norm: one of `NORMS`.
        composite: also predict where to change the picture; the rest stays what it was.
        refine: a second network of full resolution mends what the first one made.
    """

    input_nc: int = 3
    output_nc: int = 3
    filters: tuple[int, ...] = (64, 128, 128, 256, 256, 512)
    kernels: tuple[int, ...] = (7, 7, 7, 3, 3, 3)
    norm: str = "instance"
    composite: bool = False
    refine: bool = False
    kind: ClassVar[str] = RESIDUAL_UNET
    multiple: ClassVar[int] = 1
    dropout: ClassVar[bool] = False
    balanced: ClassVar[bool] = True
    exports_any_size: ClassVar[bool] = False

    def __post_init__(self) -> None:
        one_of("norm", self.norm, NORMS)
        if len(self.filters) != len(self.kernels) or not self.filters:
            raise UserError("--filters and --kernels need as many numbers, one for each level of the U-Net")
        if min(self.filters) < 1 or any(size < 1 or size % 2 == 0 for size in self.kernels):
            raise UserError(
                "--filters must be at least 1 and --kernels odd: such as --filters 32 64 --kernels 7 3"
            )
        if self.composite and self.input_nc != self.output_nc:
            raise UserError("--composite needs --input_nc and --output_nc alike, since it blends in and out")

    def check_side(self, side: int) -> None:
        """Raises `UserError` where pictures of `side` pixels leave the deepest level a single one."""
        least = 2 ** len(self.filters) + 1
        if side < least:
            raise UserError(
                f"--crop_size {side} leaves the deepest of {len(self.filters)} levels a single pixel: at"
                f" least {least}, or fewer --filters and --kernels"
            )


@dataclass(frozen=True, slots=True)
class IseeSettings:
    """The network of iSee: six 3×3 convolutions, linear in the middle; pictures of any size.

    Attributes:
        input_nc, output_nc: channels in and out; the published one sees grey.
        filters: channels of every layer but the last.
    """

    input_nc: int = 1
    output_nc: int = 1
    filters: int = 90
    kind: ClassVar[str] = "isee"
    norm: ClassVar[str] = "none"
    dropout: ClassVar[bool] = False
    multiple: ClassVar[int] = 1
    balanced: ClassVar[bool] = True
    exports_any_size: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.filters < 1:
            raise UserError("--filters must be at least 1")

    def check_side(self, side: int) -> None:
        """Pictures of every size suit it."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """A network that reads attributes off an aligned face.

    Attributes:
        size: side of its input in pixels; a multiple of 2 for each stage.
        channels: after each stage, which halves the sides.
        features: numbers that the heads read.
        classes: that the glasses head tells apart.
        dropout: share of the code that is dropped in training.
    """

    size: int = 64
    channels: tuple[int, ...] = (32, 64, 96, 128)
    features: int = 128
    classes: int = 4
    dropout: float = 0.2
    kind: ClassVar[str] = "facelyzr"

    def __post_init__(self) -> None:
        if not self.channels or min(self.channels) < 1 or self.features < 1:
            raise UserError("--channels and --features must be at least 1")
        if self.size < 1 or self.size % (1 << len(self.channels)):
            multiple = 1 << len(self.channels)
            raise UserError(
                f"--crop_size {self.size} must be a multiple of {multiple} for {len(self.channels)} stages"
            )
        if not 0 <= self.dropout < 1:
            raise UserError(f"--dropout_share {self.dropout:g} is not possible: 0 or more, below 1")


@dataclass(frozen=True, slots=True)
class AutoencoderSettings:
    """A variational autoencoder of aligned faces.

    Attributes:
        size: side of a face in pixels; a multiple of `multiple_of_side`.
        channels: of the convolutions: over patches of 4 pixels, then after each stage, which halves the
            sides.
        latent: numbers in a code.
    """

    size: int = 64
    channels: tuple[int, ...] = (32, 64, 64)
    latent: int = 256
    patch: ClassVar[int] = 4
    kind: ClassVar[str] = "facemath"
    input_nc: ClassVar[int] = 3
    output_nc: ClassVar[int] = 3
    exports_any_size: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.channels or min(self.channels) < 1 or self.latent < 1:
            raise UserError("--channels and --latent must be at least 1")
        if self.size < 1 or self.size % self.multiple_of_side:
            raise UserError(
                f"--crop_size {self.size} must be a multiple of {self.multiple_of_side}"
                f" for {len(self.channels)} stages"
            )

    @property
    def multiple_of_side(self) -> int:
        """How often smaller the sides are after the last stage."""
        return self.patch << (len(self.channels) - 1)

    def check_side(self, side: int) -> None:
        """Pictures of every size suit it, since an editor resizes what it shows it."""


@dataclass(frozen=True, slots=True)
class DiscriminatorSettings:
    """A discriminator of patches.

    Attributes:
        kind: one of `PATCHES`: `basic` scores patches of 70×70 pixels, `pixel` single pixels.
        input_nc: channels in.
        filters: channels after the first layer.
        layers: strided convolutions of `n_layers`; `basic` has 3.
        norm: one of `NORMS`.
    """

    kind: str = "basic"
    input_nc: int = 3
    filters: int = 64
    layers: int = 3
    norm: str = "instance"

    @property
    def strides(self) -> int:
        """How many times it halves a picture."""
        return {"pixel": 0, "basic": 3}.get(self.kind, self.layers)

    @property
    def smallest(self) -> int:
        """The shortest side of a picture that leaves it something to score."""
        return 2 if self.kind == "pixel" else 3 * 2**self.strides

    def __post_init__(self) -> None:
        one_of("netD", self.kind, PATCHES)
        one_of("norm", self.norm, NORMS)
        if self.filters < 1 or self.layers < 1:
            raise UserError("--ndf and --n_layers_D must be at least 1")


AnyGeneratorSettings = GeneratorSettings | ResidualUnetSettings | IseeSettings
"""What the settings of every generator say, each as a field or once for its class: `kind`, its name in
`networks/registry.py`; `input_nc`, `output_nc`; `norm` and `dropout`; `multiple`, of what the sides of a
picture must be one, and `check_side`; `balanced`, that its weights start by `networks.weights.balance`, not
by `InitSettings`; `exports_any_size`, that an export takes other sizes than it was traced with."""

GENERATORS: dict[str, type[GeneratorSettings | ResidualUnetSettings]] = {
    **dict.fromkeys(PUBLISHED, GeneratorSettings),
    RESIDUAL_UNET: ResidualUnetSettings,
}
"""The settings of each generator that `--netG` offers."""

DISCRIMINATORS: dict[str, type[DiscriminatorSettings]] = {**dict.fromkeys(PATCHES, DiscriminatorSettings)}
"""The settings of each discriminator that `--netD` offers; all say `kind`, `input_nc`, `norm`, `smallest`."""


@dataclass(frozen=True, slots=True)
class InitSettings:
    """How weights start: `kind` one of `INITS`, `gain` its scale (the standard deviation for `normal`)."""

    kind: str = "normal"
    gain: float = 0.02

    def __post_init__(self) -> None:
        one_of("init_type", self.kind, INITS)


def check_side(side: int, generator: AnyGeneratorSettings, discriminator: DiscriminatorSettings) -> None:
    """Whether square pictures of `side` pixels suit both networks.

    Raises:
        UserError: they do not; says which sides do.
    """
    generator.check_side(side)
    if side < discriminator.smallest:
        raise UserError(
            f"--crop_size {side} leaves --netD {discriminator.kind} nothing to judge: at least"
            f" {discriminator.smallest}, or --netD pixel"
        )
