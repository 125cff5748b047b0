"""What the settings of all models have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    DISCRIMINATOR_SETTINGS,
    AnyGeneratorSettings,
    DiscriminatorSettings,
)
from cyclegan_glasses.option import Settings, option, variants

COMPILING = ("auto", "on", "off")
LAYOUTS = ("auto", "channels_last", "contiguous")
EXECUTION = "time and memory"
FOR_PAIRS = ("crop_height", "camera", "bare_share")
"""Options on request of models that make images."""


@dataclass(frozen=True, slots=True)
class ObjectiveSettings(Settings):
    """What the settings of every model say.

    Attributes:
        DEFAULTS: of options, by flag, where this model's differ from those that were declared.
        USES: fields whose options are there on request alone.
        ANY_SIZE: whether its networks take pictures of any size; else sides are multiples of 4.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {}
    USES: ClassVar[tuple[str, ...]] = ()
    ANY_SIZE: ClassVar[bool] = False

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` where pictures are read in a way that does not suit the model."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AdamSettings(Settings):
    """Adam (arXiv 1412.6980), and the norm that gradients are clipped to."""

    GROUP = "training"

    lr: float = option(0.0002, "learning rate of Adam", above=0)
    beta1: float = option(0.5, "first moment of Adam", least=0, below=1)
    beta2: float = option(0.999, "second moment of Adam; 0.99 adapts sooner", least=0, below=1)
    clip: float = option(0.0, "largest norm of a gradient; 0: no limit", flag="clip_grad", least=0)


discriminator_option = partial(
    variants, DISCRIMINATOR_SETTINGS, "basic", "architecture",
    flag="netD", group=DiscriminatorSettings.GROUP, resume="fixed",
)  # fmt: skip
"""A field that holds the discriminator that `--netD` chooses."""


def _micro_batch(values: Mapping[str, Any]) -> int:
    accumulate, pictures = values["accumulate"], values["batch_size"]
    if accumulate < 1:
        raise UserError(f"--accumulate {accumulate} is invalid: must be at least 1")
    return int(pictures) if accumulate > 1 else 0


_execution = partial(option, group=EXECUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(ObjectiveSettings):
    """What models that make images have in common: what a step takes of time and memory.

    Attributes:
        micro_batch: images of a batch that pass at once, their gradients added up; 0 for all.
        compile: one of `COMPILING`: whether networks pass through torch.compile.
        layout: one of `LAYOUTS`: whether the channels of a pixel lie side by side, on a CPU.
        winograd: one of `COMPILING`: whether wide convolutions go by `networks.cpu.winograd`.
    """

    micro_batch: int = _execution(
        0, "batches that make a step; the same as a batch so much larger",
        flag="accumulate", cli_default=1, read=_micro_batch,
    )  # fmt: skip
    recompute: bool = _execution(
        False, "keep less for the backward pass and compute it again: slower, the same result", resume="free"
    )
    compile: str = _execution(
        "off", "compile the networks, which takes a minute or more at the start; auto does so on a GPU, and"
        " in a long run on a CPU where it is measured to pay",
        choices=COMPILING, cli_default="auto", resume="free",
    )  # fmt: skip
    layout: str = _execution(
        "auto", "order of numbers in memory on a CPU: the channels of a pixel side by side, or the pixels of"
        " a channel; auto measures",
        choices=LAYOUTS, resume="reported",
    )  # fmt: skip
    winograd: str = _execution(
        "auto", "wide 3x3 convolutions by Winograd's algorithm, on a CPU in float32 and channels_last; auto"
        " measures",
        choices=COMPILING, resume="reported",
    )  # fmt: skip

    @property
    def fixed(self) -> bool:
        """Whether everything is computed in one way, which no option changes."""
        return False

    def prefers_channels_last(self, precision: str) -> bool:
        """What `layout` is where nobody says, on a CPU, with networks in `precision`."""
        raise NotImplementedError

    def allows_channels_last(self, precision: str) -> bool:
        """Whether it may be `channels_last` there."""
        # In bfloat16 a batch of one would get wrong gradients: the library's instance norm before its
        # transposed convolution, in this layout.
        return precision == "fp32" or self.generator.norm != "instance"  # type: ignore[attr-defined]

    def channels_last(self, precision: str) -> bool:
        """Whether the channels of a pixel lie side by side on a CPU, with networks in `precision`."""
        if self.layout == "auto":
            return self.prefers_channels_last(precision)
        if self.layout == "channels_last" and not self.allows_channels_last(precision):
            raise UserError(
                f"--layout channels_last gives wrong gradients with {precision} and an instance norm:"
                " leave it out"
            )
        return self.layout == "channels_last"

    def check_channels(self, generator: AnyGeneratorSettings, data: DataSettings) -> None:
        """Raises `UserError` where a generator that is of colours alone is to take grey."""
        if {data.input_nc, data.output_nc} - {generator.picture_nc, generator.output_nc}:
            raise UserError(f"--netG {generator.kind} is of colours: leave out --input_nc and --output_nc")

    def check_execution(self, norm: str) -> None:
        """Raises `UserError` where the options of time and memory do not suit networks with that norm."""
        if self.micro_batch < 0:
            raise UserError("--accumulate must be at least 1")
        if self.winograd == "on" and self.layout == "contiguous":
            raise UserError("--winograd on needs --layout channels_last")
        if self.recompute and norm in ("batch", "syncbatch"):
            raise UserError(f"--recompute counts the statistics of --norm {norm} twice: take --norm instance")
