"""The noise that a denoising autoencoder learns to undo (Vincent et al., JMLR 11, 2010, §3.3)."""

from __future__ import annotations

import torch
from torch import Tensor


def corrupt(values: Tensor, kind: str, level: float, rng: torch.Generator) -> Tensor:
    """`values` (N, C, H, W) with noise on them.

    Args:
        kind: `gaussian`, added with a standard deviation of `level` times that of the values; `mask`, a
            fraction `level` of the places set to 0; `blocks`, the same in blocks of a quarter of the side;
            `none`.
        level: 0 to 1.
        rng: source of the noise, on the CPU.
    """
    if kind == "none" or level == 0:
        return values
    count, _, height, width = values.shape
    if kind == "gaussian":
        noise = torch.randn(values.shape, generator=rng).to(values)
        return values + level * values.detach().std() * noise
    rows, columns = (height, width) if kind == "mask" else (min(4, height), min(4, width))
    keep = (torch.rand(count, 1, rows, columns, generator=rng) >= level).to(values)
    return values * torch.nn.functional.interpolate(keep, (height, width))
