"""A small network that finds what is to change, and a larger one that does it at twice the resolution."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.networks.layers import blend
from cyclegan_glasses.networks.residual_unet import ResidualUnet, UnetBody, infer_residual_unet
from cyclegan_glasses.networks.settings import CoarseToFineSettings


class CoarseToFine(nn.Module):
    """(N, 3, H, W) in [-1, 1] → the same: the picture without glasses.

    The coarse network, trained before and kept as it is, sees the picture shrunk. What it changes is enlarged
    and added to the picture, and the fine network sees both (Wang et al. 2018, pix2pixHD, arXiv 1711.11585,
    section 3.1, with pictures instead of features handed on). It is a composite, and also says how much of
    each pixel the frame takes (a second output beside the picture, as Lyu et al. 2022, arXiv 2203.10474, give
    masks of glasses and shadow to the network that removes them).
    """

    def __init__(self, settings: CoarseToFineSettings) -> None:
        super().__init__()
        s = settings
        self.coarse = ResidualUnet(s.coarse).requires_grad_(False)
        self.fine = UnetBody(6, 5, s.filters, s.kernels, "none")
        self.register_buffer("shrinking", torch.tensor([s.coarse_size, s.size, s.passes]))
        self.scale, self.passes = s.coarse_size / s.size, s.passes

    def forward(self, picture: Tensor, frame: bool = False) -> Tensor:
        """With `frame` (N, 4, H, W): the logits of `remove` behind the picture."""
        made, logits = self.remove(picture)
        return torch.cat([made, logits], 1) if frame else made

    def remove(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """The picture without glasses, and the logits (N, 1, H, W) of how much of a pixel the frame takes."""
        values = self.fine.propose(torch.cat([self.coarsely(picture), picture], 1)).to(picture.dtype)
        return blend(values[:, :-1], picture, composite=True), values[:, -1:]

    @torch.no_grad()
    def coarsely(self, picture: Tensor) -> Tensor:
        """The picture with what the coarse network changes in it, enlarged."""
        size = [max(1, round(int(side) * self.scale)) for side in picture.shape[-2:]]
        # Averaged as far as that goes, then interpolated: nothing aliases, and every exporter knows both.
        small = F.avg_pool2d(picture, max(1, int(1 / self.scale)), ceil_mode=True)
        small = F.interpolate(small, size=size, mode="bilinear", align_corners=False)
        seen = small
        for _ in range(self.passes):
            seen = self.coarse(seen).to(picture.dtype).clamp(-1, 1)
        change = F.interpolate(seen - small, size=picture.shape[-2:], mode="bilinear", align_corners=False)
        return (picture + change).clamp(-1, 1)


def infer_coarse_to_fine(weights: Mapping[str, Tensor]) -> CoarseToFineSettings:
    """The settings of the network that `weights` belong to; raises LookupError for another's."""
    coarse_size, size, passes = (int(value) for value in weights["shrinking"].tolist())
    coarse, fine = (
        infer_residual_unet(
            {key[len(part) :]: value for key, value in weights.items() if key.startswith(part)}
        )
        for part in ("coarse.", "fine.")
    )
    return CoarseToFineSettings(
        filters=fine.filters,
        kernels=fine.kernels,
        coarse_filters=coarse.filters,
        coarse_kernels=coarse.kernels,
        coarse_size=coarse_size,
        size=size,
        passes=passes,
    )
