"""The residual generator of Johnson et al. (arXiv 1603.08155), as in CycleGAN (arXiv 1703.10593, §7.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from cyclegan_glasses.networks.cpu.layers import Conv2d
from cyclegan_glasses.networks.layers import Norm, checkpointed, make_norm, make_upsampling, paint
from cyclegan_glasses.networks.settings import GeneratorSettings


class ResnetBlock(nn.Module):
    """Two 3×3 convolutions and the input added: (N, C, H, W) → (N, C, H, W)."""

    recompute = False

    def __init__(self, channels: int, norm: Norm, bias: bool, dropout: bool) -> None:
        super().__init__()
        layers = [
            nn.ReflectionPad2d(1),
            Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
        ]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        if self.recompute and torch.is_grad_enabled():
            return x + checkpointed(self.conv_block, x)
        return x + self.conv_block(x)


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
        n = settings.filters
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(settings.input_nc, n, 7, bias=bias),
            norm(n),
            nn.ReLU(inplace=True),
        ]
        for channels in (n, 2 * n):
            layers += [
                nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=bias),
                norm(2 * channels),
                nn.ReLU(inplace=True),
            ]
        layers += [ResnetBlock(4 * n, norm, bias, settings.dropout) for _ in range(blocks)]
        for channels in (4 * n, 2 * n):
            layers += [
                make_upsampling(settings.upsample, channels, channels // 2, 3, bias),
                norm(channels // 2),
                nn.ReLU(inplace=True),
            ]
        outputs = settings.output_nc + settings.composite
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(n, outputs, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return paint(self.model, x, self.composite, self.recompute)


def infer_resnet(weights: Mapping[str, Tensor]) -> GeneratorSettings:
    """The settings of the network that `weights` belong to; raises LookupError or UserError for another's."""
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
