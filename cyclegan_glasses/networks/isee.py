"""The network of iSee: a small convolutional network that is linear in its middle."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from cyclegan_glasses.networks.settings import IseeSettings

LAYERS = 6


class IseeNetwork(nn.Module):
    """(N, C, H, W) → the same size; six 3×3 convolutions, rectified but for the third and the last.

    The last one is linear too, so values can lie a little beyond [-1, 1].
    """

    def __init__(self, settings: IseeSettings) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(LAYERS - 1):
            inputs = settings.filters if index else settings.input_nc
            layers.append(nn.Conv2d(inputs, settings.filters, 3, padding=1))
            layers.append(nn.Identity() if index == LAYERS // 2 - 1 else nn.ReLU())
        self.layers = nn.Sequential(*layers)
        self.out = nn.Conv2d(settings.filters, settings.output_nc, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        return self.out(self.layers(picture)).to(picture.dtype)


def infer_isee(weights: Mapping[str, Tensor]) -> IseeSettings:
    """The settings of the network that `weights` belong to; raises LookupError for another's."""
    first, last = weights["layers.0.weight"], weights["out.weight"]
    return IseeSettings(first.shape[1], last.shape[0], first.shape[0])
