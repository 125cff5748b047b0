"""Every generator and discriminator. A new one is a line here, its module, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.coarse_to_fine import CoarseToFine, infer_coarse_to_fine
from cyclegan_glasses.networks.isee import IseeNetwork, infer_isee
from cyclegan_glasses.networks.patchgan import PatchDiscriminator, PixelDiscriminator
from cyclegan_glasses.networks.residual_unet import ResidualUnet, infer_residual_unet
from cyclegan_glasses.networks.resnet import ResnetGenerator, infer_resnet
from cyclegan_glasses.networks.settings import (
    AnyGeneratorSettings,
    CoarseToFineSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.networks.unet import UnetGenerator, infer_unet
from cyclegan_glasses.networks.weights import balance


class Entry(NamedTuple):
    """A network by its kind.

    Attributes:
        settings: the class of its settings, in `networks/settings.py`.
        build: the network of such settings, with torch's own initial weights.
        infer: the settings that a state dict belongs to; raises LookupError or UserError for another
            network's. None where weights do not tell, or nobody asks.
    """

    settings: type[Any]
    build: Callable[[Any], nn.Module]
    infer: Callable[[Mapping[str, Tensor]], Any] | None = None


GENERATORS: dict[str, Entry] = {
    "resnet_9blocks": Entry(GeneratorSettings, partial(ResnetGenerator, blocks=9), infer_resnet),
    "resnet_6blocks": Entry(GeneratorSettings, partial(ResnetGenerator, blocks=6), infer_resnet),
    "unet_256": Entry(GeneratorSettings, partial(UnetGenerator, downs=8), infer_unet),
    "unet_128": Entry(GeneratorSettings, partial(UnetGenerator, downs=7), infer_unet),
    "residual_unet": Entry(ResidualUnetSettings, ResidualUnet, infer_residual_unet),
    "coarse_to_fine": Entry(CoarseToFineSettings, CoarseToFine, infer_coarse_to_fine),
    "isee": Entry(IseeSettings, IseeNetwork, infer_isee),
}
DISCRIMINATORS: dict[str, Entry] = {
    "basic": Entry(DiscriminatorSettings, PatchDiscriminator),
    "n_layers": Entry(DiscriminatorSettings, PatchDiscriminator),
    "pixel": Entry(DiscriminatorSettings, PixelDiscriminator),
}


def build_generator(settings: AnyGeneratorSettings) -> nn.Module:
    """The generator that `settings` describe, with balanced weights or torch's own, as they say."""
    network = GENERATORS[settings.kind].build(settings)
    return balance(network) if settings.balanced else network


def build_discriminator(settings: DiscriminatorSettings) -> nn.Module:
    """The discriminator that `settings` describe, with torch's own initial weights."""
    return DISCRIMINATORS[settings.kind].build(settings)


def infer_generator(weights: Mapping[str, Tensor]) -> AnyGeneratorSettings | None:
    """The settings of the generator that `weights` belong to, read off its keys and shapes; None if unknown.

    Weights do not tell `syncbatch` from `batch`, nor whether a U-Net had dropout; neither matters in use.
    """
    for entry in GENERATORS.values():
        if entry.infer:
            with suppress(LookupError, ValueError, UserError):  # those of another network
                return entry.infer(weights)
    return None
