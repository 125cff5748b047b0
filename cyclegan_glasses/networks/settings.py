"""What each network is made of, and what else there is to know of it. Free of torch.

`networks/registry.py` says by which module each is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, option, shared

PUBLISHED = ("resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128")
"""The generators of pytorch-CycleGAN-and-pix2pix."""
PATCHES = ("basic", "n_layers", "pixel")
"""Its discriminators."""
NORMS = ("instance", "batch", "none", "syncbatch")
INITS = ("normal", "xavier", "kaiming", "orthogonal")
UPSAMPLINGS = ("transpose", "resize")
RESIDUAL_UNET = "residual_unet"
COARSE_TO_FINE = "coarse_to_fine"
EYE_REGION = (80, 160)
"""Height and width, in pixels, of what the frame reader sees."""
STAGES = 12
"""Most stages or levels of a network: each halves the sides."""


_norm = partial(option, "instance", "normalisation, of the discriminator too", choices=NORMS)
_composite = partial(option, False, "also predict where to change; the rest stays")


@dataclass(frozen=True, slots=True)
class AnyGeneratorSettings(Settings):
    """What the settings of every generator say, each as a field or once for its class.

    Attributes:
        kind: its name in `networks/registry.py`.
        balanced: its weights start by `networks.weights.balance`, not by `InitSettings`.
        exports_any_size: an export takes other sizes than it was traced with.
        conditioned: it takes a second picture behind the first, and a composite blends into that one.
        locates_frame: it also says how much of each pixel the frame takes.
    """

    GROUP, RESUME = "generator", "fixed"
    kind, norm = "", "none"
    input_nc = output_nc = 3
    dropout, composite, balanced, locates_frame = False, False, True, False

    @property
    def exports_any_size(self) -> bool:
        return False

    @property
    def conditioned(self) -> bool:
        return self.input_nc == 2 * self.output_nc

    @property
    def picture_nc(self) -> int:
        """Channels of one picture that it takes."""
        return self.input_nc // 2 if self.conditioned else self.input_nc

    def __post_init__(self) -> None:
        check(self)
        if self.composite and self.input_nc != self.output_nc and not self.conditioned:
            raise UserError("--composite needs --input_nc and --output_nc alike, since it blends in and out")

    def check_side(self, side: int) -> None:
        """Raises `UserError` where pictures of `side` pixels do not suit it; most take any."""


@dataclass(frozen=True, slots=True)
class GeneratorSettings(AnyGeneratorSettings):
    """A generator of the reference implementation.

    Attributes:
        dropout: one half, inside the residual blocks or the U-Net's middle.
        upsample: `transpose` for transposed convolutions, `resize` for nearest neighbour and a convolution
            (Odena et al. 2016).
    """

    kind: str = shared("resnet_9blocks", "netG", choices=PUBLISHED)
    input_nc: int = shared(3, "input_nc")
    output_nc: int = shared(3, "output_nc")
    filters: int = option(64, "filters after the first layer", flag="ngf", least=1)
    norm: str = _norm()
    dropout: bool = option(False, "with dropout", negatable=True)
    upsample: str = option(
        "transpose", "how sides are doubled; resize draws no checkerboards", choices=UPSAMPLINGS
    )
    composite: bool = _composite()
    balanced = False

    @property
    def exports_any_size(self) -> bool:
        """A U-Net compares the sides with what it takes, which a trace keeps as numbers."""
        return self.kind.startswith("resnet")

    @property
    def multiple(self) -> int:
        """What the sides of a ResNet's pictures must be multiples of, and what a U-Net pads them to."""
        return {"unet_256": 256, "unet_128": 128}.get(self.kind, 4)

    def check_side(self, side: int) -> None:
        """Raises `UserError` where pictures of `side` pixels do not suit it."""
        if self.kind.startswith("resnet") and side % self.multiple:
            raise UserError(
                f"--netG {self.kind} needs a --crop_size that is a multiple of {self.multiple}, and {side} is"
                " not"
            )


@dataclass(frozen=True, slots=True)
class ResidualUnetSettings(AnyGeneratorSettings):
    """The residual U-Net of Mask2Face; pictures of any size."""

    input_nc: int = shared(3, "input_nc")
    output_nc: int = shared(3, "output_nc")
    filters: tuple[int, ...] = option(
        (64, 128, 128, 256, 256, 512), "filters of each level of a residual U-Net, finest first", least=1
    )
    kernels: tuple[int, ...] = option(
        (7, 7, 7, 3, 3, 3), "kernel size of each level of a residual U-Net; odd", least=1
    )
    norm: str = _norm()
    composite: bool = _composite()
    refine: bool = option(False, "a second network mends the first one's result", on_request=True)
    kind = RESIDUAL_UNET

    def __post_init__(self) -> None:
        AnyGeneratorSettings.__post_init__(self)
        check_levels(self.filters, self.kernels)

    def check_side(self, side: int) -> None:
        """Raises `UserError` where pictures of `side` pixels leave the deepest level a single one."""
        least = 2 ** len(self.filters) + 1
        if side < least:
            raise UserError(
                f"--crop_size {side} leaves the deepest of {len(self.filters)} levels a single pixel: at"
                f" least {least}, or fewer --filters and --kernels"
            )


@dataclass(frozen=True, slots=True)
class CoarseToFineSettings(AnyGeneratorSettings):
    """A residual U-Net that is shown what a smaller one makes of the picture at a lower resolution.

    Attributes:
        filters, kernels: of the fine network, which is trained.
        coarse_size, size: the coarse network sees the picture shrunk by `coarse_size / size`.
        passes: how often the coarse network goes over the picture.
    """

    filters: tuple[int, ...] = option(
        (16, 48, 96, 128, 160),
        "filters of each level of the fine network of --netG coarse_to_fine, finest first",
        flag="fine_filters",
        least=1,
    )
    kernels: tuple[int, ...] = option(
        (3, 3, 3, 3, 3), "kernel size of each of its levels; odd", flag="fine_kernels", least=1
    )
    coarse_filters: tuple[int, ...] = option((16, 32, 48, 64), "filters of the coarse network", least=1)
    coarse_kernels: tuple[int, ...] = option((7, 5, 3, 3), "kernel sizes of the coarse network", least=1)
    coarse_size: int = option(100, "the coarse network sees faces of so many pixels", least=1)
    size: int = option(224, "where the fine one sees so many", flag="fine_size", least=1)
    passes: int = option(2, "how often the coarse network goes over a face", flag="coarse_passes", least=1)
    kind = COARSE_TO_FINE
    composite, locates_frame = True, True

    def __post_init__(self) -> None:
        check(self)
        check_levels(self.filters, self.kernels)
        check_levels(self.coarse_filters, self.coarse_kernels)

    @property
    def coarse(self) -> ResidualUnetSettings:
        """Of the coarse network."""
        return ResidualUnetSettings(
            filters=self.coarse_filters, kernels=self.coarse_kernels, composite=True, norm="instance"
        )


@dataclass(frozen=True, slots=True)
class IseeSettings(AnyGeneratorSettings):
    """The network of iSee: six 3×3 convolutions, linear in the middle; pictures of any size."""

    input_nc: int = shared(1, "input_nc")
    output_nc: int = shared(1, "output_nc")
    filters: int = option(90, "filters of each of its layers", least=1)
    kind = "isee"
    exports_any_size = True


@dataclass(frozen=True, slots=True)
class ReaderSettings(Settings):
    """A network that reads attributes off an aligned face.

    Attributes:
        size: side of its input in pixels; a multiple of 2 for each stage, which halves the sides.
        classes: that the glasses head tells apart.
    """

    GROUP, RESUME = "reader", "fixed"

    size: int = shared(64, "crop_size", least=1)
    channels: tuple[int, ...] = option((32, 64, 96, 128), "channels after each stage", least=1)
    features: int = option(128, "values that the heads read", least=1)
    classes: int = 4
    dropout: float = option(
        0.2, "dropout of the code, in training", flag="dropout_share", least=0, below=1, resume="reported"
    )
    kind = "facelyzr"

    def __post_init__(self) -> None:
        check(self)
        _check_stages(self.channels, self.size, 1 << len(self.channels))


@dataclass(frozen=True, slots=True)
class AutoencoderSettings(AnyGeneratorSettings):
    """A variational autoencoder of aligned faces.

    Attributes:
        size: side of a face in pixels; a multiple of `multiple_of_side`.
        channels: of the convolutions: over patches of 4 pixels, then after each stage, which halves the
            sides.
    """

    GROUP = "autoencoder"

    size: int = shared(64, "crop_size", least=1)
    channels: tuple[int, ...] = option((32, 64, 64), "channels after each stage", least=1)
    latent: int = option(256, "values in a code", least=1)
    patch = 4
    kind = "facemath"

    def __post_init__(self) -> None:
        check(self)
        _check_stages(self.channels, self.size, self.multiple_of_side)

    @property
    def multiple_of_side(self) -> int:
        """How often smaller the sides are after the last stage."""
        return self.patch << (len(self.channels) - 1)


@dataclass(frozen=True, slots=True)
class DiscriminatorSettings(Settings):
    """A discriminator of patches: `basic` scores 70×70 pixels and has 3 layers, `pixel` single pixels."""

    GROUP, RESUME = "discriminator and initialisation", "fixed"

    kind: str = shared("basic", "netD", choices=PATCHES)
    input_nc: int = shared(3, "output_nc")
    filters: int = option(64, "filters after the first layer", flag="ndf", least=1)
    layers: int = option(3, "layers of --netD n_layers", flag="n_layers_D", least=1)
    norm: str = shared("instance", "norm", choices=NORMS)

    @property
    def strides(self) -> int:
        """How many times it halves a picture."""
        return {"pixel": 0, "basic": 3}.get(self.kind, self.layers)

    @property
    def smallest(self) -> int:
        """The shortest side of a picture that leaves it something to score."""
        return 2 if self.kind == "pixel" else 3 * 2**self.strides

    def check_side(self, side: int) -> None:
        """Raises `UserError` where pictures of `side` pixels leave it nothing to score."""
        if side < self.smallest:
            raise UserError(
                f"--crop_size {side} leaves --netD {self.kind} nothing to score: at least {self.smallest}, or"
                " --netD pixel"
            )


GENERATOR_SETTINGS: dict[str, type[AnyGeneratorSettings]] = {
    **dict.fromkeys(PUBLISHED, GeneratorSettings),
    RESIDUAL_UNET: ResidualUnetSettings,
    COARSE_TO_FINE: CoarseToFineSettings,
}
"""The settings of each generator that `--netG` offers."""

DISCRIMINATOR_SETTINGS: dict[str, type[DiscriminatorSettings]] = dict.fromkeys(PATCHES, DiscriminatorSettings)
"""The settings of each discriminator of `--netD`; all say `kind`, `input_nc`, `norm`, `check_side`."""


@dataclass(frozen=True, slots=True)
class InitSettings(Settings):
    """How weights start; the scale of `normal` is the standard deviation."""

    GROUP = "discriminator and initialisation"

    kind: str = option("normal", "how weights start", flag="init_type", choices=INITS)
    gain: float = option(0.02, "scale of normal, xavier and orthogonal", flag="init_gain")


def check_levels(filters: tuple[int, ...], kernels: tuple[int, ...]) -> None:
    """Raises `UserError` where these are not the levels of a residual U-Net."""
    if len(filters) != len(kernels) or not 0 < len(filters) <= STAGES:
        raise UserError(f"--filters and --kernels need as many numbers, one for each of 1 to {STAGES} levels")
    if any(size % 2 == 0 for size in kernels):
        raise UserError("--kernels must be odd: such as --filters 32 64 --kernels 7 3")


def _check_stages(channels: tuple[int, ...], size: int, multiple: int) -> None:
    if not 0 < len(channels) <= STAGES:
        raise UserError(f"--channels must name 1 to {STAGES} stages")
    if size % multiple:
        raise UserError(f"--crop_size {size} must be a multiple of {multiple} for {len(channels)} stages")
