"""The residual U-Net of Mask2Face: residual blocks down and up, skips, an optional refinement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.networks.cpu.layers import Conv2d
from cyclegan_glasses.networks.layers import blend, checkpointed, is_composite, make_norm
from cyclegan_glasses.networks.settings import ResidualUnetSettings

_REFINED = 32
"""Filters of the refinement network."""


class UnetBody(nn.Module):
    """Levels of residual blocks down and up with skips: (N, inputs, H, W) → (N, outputs, H, W), not bounded.

    Each level halves the picture and doubles it again; a level of odd size comes back to its own.

    Args:
        filters, kernels: of each level, finest first.
        norm: see `layers.make_norm`.
    """

    def __init__(
        self, inputs: int, outputs: int, filters: Sequence[int], kernels: Sequence[int], norm: str
    ) -> None:
        super().__init__()
        skips = (inputs, *filters[:-1])
        self.down = nn.ModuleList(
            Block(i, o, k, norm, stride=2) for i, o, k in zip(skips, filters, kernels, strict=True)
        )
        above = (filters[0], *filters[:-1])
        self.up = nn.ModuleList(
            Block(deep + skip, out, k, norm)
            for deep, skip, out, k in zip(filters, skips, above, kernels, strict=True)
        )
        self.out = nn.Conv2d(filters[0], outputs, 3, padding=1)

    def propose(self, x: Tensor) -> Tensor:
        """The values of the last layer."""
        skips = []
        for block in self.down:
            skips.append(x)
            x = block(x)
        for block, skip in zip(reversed(self.up), reversed(skips), strict=True):
            x = F.interpolate(x, size=skip.shape[-2:], mode="nearest")
            x = block(torch.cat([x, skip.to(x.dtype)], dim=1))
        values: Tensor = self.out(x)
        return values

    def forward(self, x: Tensor) -> Tensor:
        return self.propose(x)


class ResidualUnet(UnetBody):
    """(N, C, H, W) in [-1, 1] → the same: the picture without glasses."""

    def __init__(self, settings: ResidualUnetSettings) -> None:
        s = settings
        super().__init__(s.input_nc, s.output_nc + s.composite, s.filters, s.kernels, s.norm)
        self.composite = s.composite
        self.refiner = Refiner(s.input_nc, s.output_nc, s.norm) if s.refine else None

    def forward(self, picture: Tensor) -> Tensor:
        output = blend(self.propose(picture), picture, self.composite)
        return output if self.refiner is None else self.refiner(picture, output)


class Block(nn.Module):
    """Two convolutions around a shortcut (He et al., arXiv 1512.03385, fig. 2), the first with the stride.

    The shortcut leaves pixels out before its convolution, which is the same as a stride: the library's own
    1×1 convolution with a stride writes past its memory where three channels lie last (AVX2, torch 2.14).
    """

    recompute = False

    def __init__(self, inputs: int, outputs: int, kernel: int, norm: str, stride: int = 1) -> None:
        super().__init__()
        layer, bias = make_norm(norm)
        self.first = Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
        self.second = Conv2d(outputs, outputs, kernel, 1, kernel // 2, bias=bias)
        self.norms = nn.ModuleList([layer(outputs), layer(outputs)])
        self.shortcut, self.stride = nn.Conv2d(inputs, outputs, 1), stride

    def forward(self, x: Tensor) -> Tensor:
        return checkpointed(self._compute, x, self.recompute)

    def _compute(self, x: Tensor) -> Tensor:
        inner = self.norms[1](self.second(F.relu(self.norms[0](self.first(x)))))
        return F.relu(inner + self.shortcut(x[..., :: self.stride, :: self.stride]))


class Refiner(nn.Module):
    """Adds a correction of full resolution, seen from the input and what the U-Net made of it."""

    def __init__(self, inputs: int, outputs: int, norm: str) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            Block(inputs + outputs, _REFINED, 3, norm), Block(_REFINED, _REFINED, 3, norm)
        )
        self.out = nn.Conv2d(_REFINED, outputs, 3, padding=1)

    def forward(self, picture: Tensor, output: Tensor) -> Tensor:
        correction = self.out(self.blocks(torch.cat([picture, output], dim=1)))
        return (output + correction.to(output.dtype)).clamp(-1, 1)


def infer_residual_unet(weights: Mapping[str, Tensor]) -> ResidualUnetSettings:
    """The settings of the network that `weights` belong to; raises LookupError for another's."""
    levels = len({key.split(".")[1] for key in weights if key.startswith("down.")})
    first = [weights[f"down.{level}.first.weight"] for level in range(levels)]
    out, refine = weights["out.weight"], "refiner.out.weight" in weights
    inputs = first[0].shape[1]
    # without a refiner a composite shows by one channel more than it has to blend with
    outputs = weights["refiner.out.weight"].shape[0] if refine else inputs
    composite = is_composite(outputs, out.shape[0])
    biased, parametric = "down.0.first.bias" in weights, "down.0.norms.0.weight" in weights
    return ResidualUnetSettings(
        input_nc=inputs,
        output_nc=out.shape[0] - composite,
        filters=tuple(weight.shape[0] for weight in first),
        kernels=tuple(weight.shape[2] for weight in first),
        norm="batch" if parametric else "instance" if biased else "none",
        composite=composite,
        refine=refine,
    )
