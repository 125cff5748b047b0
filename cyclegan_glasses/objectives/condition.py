"""What a conditioned generator is shown of glasses that were worn: they, made as poor as a drawing."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

FAINTEST = 0.1
"""Where no difference is larger, in the units of [-1, 1], hardly anything was taken off."""
_LARGE = 0.98
"""The quantile of the differences that counts as the largest: a highlight does not hide the rims."""
_BEGINS, _WIDTH = 0.45, 0.25
"""From which fraction of the largest difference on a pixel begins to be painted, and over how much more."""


def taken_off(real: Tensor, bare: Tensor) -> Tensor:
    """`bare` with what the remover took off `real` painted on: its place, smoothed, in its mean colour.

    A picture that holds more of `real` would let the cycle be closed by copying, whatever the remover takes
    away. This one says where it took something off and of which colour, as a drawing does; a coarse mask and
    three numbers cannot give back an eye. Mask and colour have no gradient, which would teach the remover
    to take off what is easily found here; `bare` has one.

    Args:
        real: with glasses, (N, C, H, W) in [-1, 1].
        bare: without, as the remover made it.

    Returns:
        (N, C, H, W) in [-1, 1]; `bare` outside of the mask, and all of it where nothing was taken off.
    """
    # Where: the strongest channel of the difference, as a box mean over a thirty-second of the side sees it.
    change = (real - bare).detach().abs().amax(1, keepdim=True)
    width = change.shape[-1] // 32 | 1
    coarse = F.avg_pool2d(change, width, 1, width // 2, count_include_pad=False)
    largest = coarse.flatten(1).quantile(_LARGE, dim=1).view(-1, 1, 1, 1).clamp_min(FAINTEST)
    mask = ((coarse / largest - _BEGINS) / _WIDTH).clamp(0, 1)
    # What colour: the mean of what was there, the more it differed the more it counts.
    weight = mask * change.square()
    colour = (real.detach() * weight).sum((2, 3), keepdim=True)
    colour = colour / weight.sum((2, 3), keepdim=True).clamp_min(1e-6)
    return bare.lerp(colour, mask)
