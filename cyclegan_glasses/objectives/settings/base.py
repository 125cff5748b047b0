"""What the settings of all models have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import DISCRIMINATOR_SETTINGS, DiscriminatorSettings
from cyclegan_glasses.option import check, option, variants

COMPILING = ("auto", "on", "off")
EXECUTION = "time and memory"


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


def discriminator_option() -> DiscriminatorSettings:
    """A field that holds the discriminator that `--netD` chooses."""
    made: DiscriminatorSettings = variants(
        DISCRIMINATOR_SETTINGS,
        "basic",
        "architecture",
        flag="netD",
        group=DiscriminatorSettings.GROUP,
        resume="fixed",
    )
    return made


def _micro_batch(values: Mapping[str, Any]) -> int:
    accumulate, pictures = values["accumulate"], values["batch_size"]
    if accumulate < 1:
        raise UserError(f"--accumulate {accumulate} is invalid: must be at least 1")
    return int(pictures) if accumulate > 1 else 0


def micro_batch_option() -> int:
    """A field that holds how many pictures pass at once, 0 for a whole batch; `--accumulate` says it."""
    return option(
        0,
        "batches that make a step; the same as a batch so much larger",
        flag="accumulate",
        group=EXECUTION,
        cli_default=1,
        read=_micro_batch,
    )


def recompute_option() -> bool:
    """A field that holds whether activations are computed again for the backward pass."""
    return option(
        False,
        "keep less for the backward pass and compute it again: slower, the same result",
        group=EXECUTION,
        resume="free",
    )


def compile_option() -> str:
    """A field that holds one of `COMPILING`: whether networks pass through torch.compile."""
    return option(
        "off",
        "compile the networks, which takes a minute or more at the start; auto does so on a GPU",
        group=EXECUTION,
        choices=COMPILING,
        cli_default="auto",
        resume="free",
    )


def check_execution(micro_batch: int, recompute: bool, norm: str) -> None:
    """Raises `UserError` where the options of time and memory do not suit the networks."""
    if micro_batch < 0:
        raise UserError("--accumulate must be at least 1")
    if recompute and norm in ("batch", "syncbatch"):
        raise UserError(f"--recompute counts the statistics of --norm {norm} twice: take --norm instance")
