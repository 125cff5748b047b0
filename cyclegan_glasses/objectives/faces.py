"""What `facelyzr` and `facemath` are shown."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from cyclegan_glasses.objectives.protocol import Batch


def gather_faces(batch: Batch, size: int, device: torch.device) -> Tensor:
    """The faces of both domains, A first, as (N, 3, size, size) on `device`."""
    faces = torch.cat([batch[side] for side in "AB" if side in batch]).to(device)
    if faces.shape[2:] == (size, size):
        return faces
    return F.interpolate(faces, (size, size), mode="bilinear", antialias=True)


def corrupt(values: Tensor, kind: str, level: float, rng: torch.Generator) -> Tensor:
    """`values` (N, C, H, W) with noise that an autoencoder is to undo (Vincent et al., JMLR 11, 2010, §3.3).

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
    return values * F.interpolate(keep, (height, width))
