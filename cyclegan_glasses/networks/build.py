"""Networks from settings, and settings from weights."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import init

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.isee import IseeNetwork, infer_isee
from cyclegan_glasses.networks.patchgan import PatchDiscriminator, PixelDiscriminator
from cyclegan_glasses.networks.residual_unet import ResidualUnet, infer_residual_unet
from cyclegan_glasses.networks.resnet import ResnetGenerator
from cyclegan_glasses.networks.settings import (
    AnyGeneratorSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    InitSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.networks.unet import UnetGenerator


def build_generator(settings: AnyGeneratorSettings) -> nn.Module:
    """The generator that `settings` describe: the removers that learn from pairs with balanced weights (see
    `balance`), the published ones with torch's own, for `initialise` to draw anew."""
    if isinstance(settings, ResidualUnetSettings):
        return balance(ResidualUnet(settings))
    if isinstance(settings, IseeSettings):
        return balance(IseeNetwork(settings))
    match settings.kind:
        case "resnet_9blocks":
            return ResnetGenerator(settings, blocks=9)
        case "resnet_6blocks":
            return ResnetGenerator(settings, blocks=6)
        case "unet_256":
            return UnetGenerator(settings, downs=8)
        case _:
            return UnetGenerator(settings, downs=7)


def build_discriminator(settings: DiscriminatorSettings) -> nn.Module:
    """The discriminator that `settings` describe, with torch's own initial weights."""
    if settings.kind == "pixel":
        return PixelDiscriminator(settings)
    return PatchDiscriminator(settings)


def initialise(network: nn.Module, settings: InitSettings) -> nn.Module:
    """Draw new weights for every convolution and norm of `network` from torch's random state; return it.

    Biases start at zero; the scale of batch norm is normal around 1.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            _draw(module.weight, settings)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm):
            init.normal_(module.weight, 1.0, settings.gain)
            init.zeros_(module.bias)
    return network


def balance(network: nn.Module) -> nn.Module:
    """Draw weights that keep the size of signals through rectified layers (He et al., arXiv 1502.01852).

    A layer named `out`, which proposes the picture, begins at a tenth: near grey, far from saturation.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            init.kaiming_normal_(module.weight, nonlinearity="relu")
            if name.endswith("out"):
                module.weight.data.mul_(0.1)
            if module.bias is not None:
                init.zeros_(module.bias)
    return network


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], name: str) -> None:
    """Load weights into `network`, passing over the running statistics that old files keep of instance norm.

    Raises:
        UserError: the weights are of another architecture; `name` says whose they are.
    """
    wanted = network.state_dict()
    stale = re.compile(r"\.(running_mean|running_var|num_batches_tracked)$")
    weights = {key: value for key, value in weights.items() if key in wanted or not stale.search(key)}
    missing = [key for key in wanted if key not in weights]
    strange = [key for key in weights if key not in wanted]
    shapes = [key for key in wanted if key in weights and wanted[key].shape != weights[key].shape]
    if missing or strange or shapes:
        first = (shapes or missing or strange)[0]
        raise UserError(
            f"{name} holds another architecture ({len(missing)} weights missing, {len(strange)} unknown,"
            f" {len(shapes)} of another shape, first {first}): check --netG, --ngf, --netD, --ndf, --norm"
        )
    network.load_state_dict(weights)


def infer_generator(weights: Mapping[str, Tensor]) -> AnyGeneratorSettings | None:
    """The settings of the generator that `weights` belong to, read off its keys and shapes; None if unknown.

    Weights do not tell `syncbatch` from `batch`, nor whether a U-Net had dropout; neither matters in use.
    """
    try:
        if "down.0.first.weight" in weights:
            return infer_residual_unet(weights)
        if "layers.0.weight" in weights:
            return infer_isee(weights)
        return _infer_unet(weights) if "model.model.0.weight" in weights else _infer_resnet(weights)
    except (KeyError, IndexError, UserError):
        return None


def _infer_resnet(weights: Mapping[str, Tensor]) -> GeneratorSettings:
    blocks = {int(m[1]) for key in weights if (m := re.match(r"model\.(\d+)\.conv_block\.", key))}
    after = 10 + len(blocks)  # the index behind the last block
    first, last = weights["model.1.weight"], weights[f"model.{after + 7}.weight"]
    composite = last.shape[0] == first.shape[1] + 1
    biased, parametric = "model.1.bias" in weights, "model.2.weight" in weights
    return GeneratorSettings(
        kind=f"resnet_{len(blocks)}blocks",
        input_nc=first.shape[1],
        output_nc=last.shape[0] - composite,
        filters=first.shape[0],
        norm="batch" if parametric else "instance" if biased else "none",
        dropout="model.10.conv_block.5.weight" not in weights,  # which moves the second convolution on
        upsample="resize" if f"model.{after}.2.weight" in weights else "transpose",
        composite=composite,
    )


def _infer_unet(weights: Mapping[str, Tensor]) -> GeneratorSettings:
    depth = max(key.count(".model.") for key in weights)
    resize = "model.model.3.2.weight" in weights
    first, last = weights["model.model.0.weight"], weights[f"model.model.3.{'2.' * resize}weight"]
    outputs = last.shape[0 if resize else 1]
    composite = outputs == first.shape[1] + 1
    parametric = "model.model.1.model.2.weight" in weights
    return GeneratorSettings(
        kind={8: "unet_256", 7: "unet_128"}[depth],
        input_nc=first.shape[1],
        output_nc=outputs - composite,
        filters=first.shape[0],
        norm="instance" if "model.model.0.bias" in weights else "batch" if parametric else "none",
        upsample="resize" if resize else "transpose",
        composite=composite,
    )


def _draw(weight: Tensor, settings: InitSettings) -> None:
    match settings.kind:
        case "normal":
            init.normal_(weight, 0.0, settings.gain)
        case "xavier":
            init.xavier_normal_(weight, gain=settings.gain)
        case "kaiming":
            init.kaiming_normal_(weight, a=0, mode="fan_in")
        case _:
            init.orthogonal_(weight, gain=settings.gain)
