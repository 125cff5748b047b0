"""The U-Net generator of pix2pix (arXiv 1611.07004, §6.1.1), nested from the inside out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from cyclegan_glasses.networks.layers import (
    is_composite,
    make_norm,
    make_upsampling,
    pad_to_multiple,
    paint,
    run,
)
from cyclegan_glasses.networks.settings import GeneratorSettings


class SkipBlock(nn.Module):
    """Halve, pass through `inner`, double, and put the input beside the result.

    (N, outer, H, W) → (N, 2 · outer, H, W). The skip carries the activated input, as in the published
    weights' own network, where the activation works in place.
    """

    recompute = False

    def __init__(
        self, s: GeneratorSettings, outer: int, inner: int, submodule: SkipBlock | None, dropout: bool = False
    ) -> None:
        super().__init__()
        norm, bias = make_norm(s.norm)
        self.model = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias),
            *([norm(inner), submodule] if submodule else []),
            nn.ReLU(),
            make_upsampling(s.upsample, 2 * inner if submodule else inner, outer, 4, bias),
            norm(outer),
            *([nn.Dropout(0.5)] if dropout else []),
        )

    def forward(self, x: Tensor) -> Tensor:
        activated = self.model[0](x)
        return torch.cat([activated, run(self.model[1:], activated, self.recompute)], dim=1)


class UnetGenerator(nn.Module):
    """`downs` halvings and doublings with skips: 8 for 256×256, 7 for 128×128.

    (N, input_nc, H, W) in [-1, 1] → (N, output_nc, H, W) in [-1, 1]. Sides that are no multiples of
    2 ** downs are padded by reflection, and the result is cut back.
    """

    recompute = False

    def __init__(self, settings: GeneratorSettings, downs: int) -> None:
        super().__init__()
        self.multiple = settings.multiple
        n = settings.filters
        block = SkipBlock(settings, 8 * n, 8 * n, None)
        for _ in range(downs - 5):
            block = SkipBlock(settings, 8 * n, 8 * n, block, settings.dropout)
        for channels in (4 * n, 2 * n, n):
            block = SkipBlock(settings, channels, 2 * channels, block)
        # The outermost level, from and to pictures, has no skip; its name is that of published weights.
        outer = nn.Sequential(
            nn.Conv2d(settings.input_nc, n, 4, stride=2, padding=1, bias=make_norm(settings.norm)[1]),
            block,
            nn.ReLU(),
            make_upsampling(settings.upsample, 2 * n, settings.output_nc + settings.composite, 4, bias=True),
            nn.Tanh(),
        )
        self.model, self.composite = nn.ModuleDict({"model": outer}), settings.composite

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padded, (top, left) = pad_to_multiple(x, self.multiple)
        painted = paint(self.model["model"].children(), padded, self.composite, self.recompute)
        return painted[..., top : top + height, left : left + width]


def infer_unet(weights: Mapping[str, Tensor]) -> GeneratorSettings:
    """The settings of the network that `weights` belong to; raises LookupError or UserError for another's."""
    resize = "model.model.3.2.weight" in weights
    first, last = weights["model.model.0.weight"], weights[f"model.model.3.{'2.' * resize}weight"]
    outputs = last.shape[0 if resize else 1]
    depth = max(key.count(".model.") for key in weights)
    composite = is_composite(first.shape[1], outputs)
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
