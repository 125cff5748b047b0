"""The residual generator of Johnson et al. (arXiv 1603.08155), as in CycleGAN (arXiv 1703.10593, §7.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from cyclegan_glasses.networks.cpu.layers import Conv2d
from cyclegan_glasses.networks.layers import (
    Norm,
    checkpointed,
    is_composite,
    make_norm,
    make_upsampling,
    paint,
)
from cyclegan_glasses.networks.settings import GeneratorSettings


class ResnetBlock(nn.Module):
    """Two 3×3 convolutions and the input added: (N, C, H, W) → (N, C, H, W)."""

    recompute = False

    def __init__(self, channels: int, norm: Norm, bias: bool, dropout: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + checkpointed(self.conv_block, x, self.recompute)


class ResnetGenerator(nn.Module):
    """Two strided convolutions, residual blocks, two upsamplings.

    (N, input_nc, H, W) in [-1, 1] → (N, output_nc, H, W) in [-1, 1]; H and W multiples of 4. The indices of
    `model` are those of the published weights.
    """

    recompute = False

    def __init__(self, settings: GeneratorSettings, blocks: int) -> None:
        super().__init__()
        self.composite = settings.composite
        norm, bias = make_norm(settings.norm)
        n, up = settings.filters, settings.upsample

        def rectified(convolution: nn.Module, channels: int) -> list[nn.Module]:
            return [convolution, norm(channels), nn.ReLU(inplace=True)]

        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            *rectified(nn.Conv2d(settings.input_nc, n, 7, bias=bias), n),
            *rectified(nn.Conv2d(n, 2 * n, 3, stride=2, padding=1, bias=bias), 2 * n),
            *rectified(nn.Conv2d(2 * n, 4 * n, 3, stride=2, padding=1, bias=bias), 4 * n),
            *(ResnetBlock(4 * n, norm, bias, settings.dropout) for _ in range(blocks)),
            *rectified(make_upsampling(up, 4 * n, 2 * n, 3, bias), 2 * n),
            *rectified(make_upsampling(up, 2 * n, n, 3, bias), n),
            nn.ReflectionPad2d(3),
            nn.Conv2d(n, settings.output_nc + settings.composite, 7),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return paint(self.model, x, self.composite, self.recompute)


def infer_resnet(weights: Mapping[str, Tensor]) -> GeneratorSettings:
    """The settings of the network that `weights` belong to; raises LookupError or UserError for another's."""
    blocks = {int(m[1]) for key in weights if (m := re.match(r"model\.(\d+)\.conv_block\.", key))}
    after = 10 + len(blocks)  # the index behind the last block
    first, last = weights["model.1.weight"], weights[f"model.{after + 7}.weight"]
    composite = is_composite(first.shape[1], last.shape[0])
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
