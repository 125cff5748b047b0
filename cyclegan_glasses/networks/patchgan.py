"""Discriminators that score patches (PatchGAN, arXiv 1611.07004, §3.2.2) or single pixels."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from cyclegan_glasses.networks.layers import make_norm
from cyclegan_glasses.networks.settings import DiscriminatorSettings


class PatchDiscriminator(nn.Module):
    """Scores overlapping patches: (N, input_nc, H, W) → (N, 1, h, w), raw scores without a sigmoid.

    Three layers see 70×70 pixels.
    """

    def __init__(self, settings: DiscriminatorSettings) -> None:
        super().__init__()
        norm, bias = make_norm(settings.norm)
        n = settings.filters
        modules: list[nn.Module] = [
            nn.Conv2d(settings.input_nc, n, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        layers = settings.strides
        widths = [n * min(2**i, 8) for i in range(layers + 1)]
        for level, (inputs, outputs) in enumerate(pairwise(widths), 1):
            modules += [
                nn.Conv2d(inputs, outputs, 4, stride=2 if level < layers else 1, padding=1, bias=bias),
                norm(outputs),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        modules.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.model = nn.Sequential(*modules)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class PixelDiscriminator(nn.Module):
    """Scores every pixel by itself: (N, input_nc, H, W) → (N, 1, H, W), raw scores."""

    def __init__(self, settings: DiscriminatorSettings) -> None:
        super().__init__()
        norm, bias = make_norm(settings.norm)
        n = settings.filters
        self.net = nn.Sequential(
            nn.Conv2d(settings.input_nc, n, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(n, 2 * n, 1, bias=bias),
            norm(2 * n),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * n, 1, 1, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)
