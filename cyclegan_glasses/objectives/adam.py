"""The optimizer that all objectives use (Kingma and Ba, arXiv 1412.6980)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from cyclegan_glasses.objectives.settings import AdamSettings


def make_adam(
    networks: Iterable[nn.Module], settings: AdamSettings, device: torch.device, fused: bool = True
) -> torch.optim.Adam:
    """Adam over all weights of `networks`.

    Args:
        networks: on `device`.
        settings: rate and moments.
        device: CPUs and GPUs of CUDA have a kernel that updates a weight in one go.
        fused: use it.
    """
    weights: list[Tensor] = [weight for network in networks for weight in network.parameters()]
    return torch.optim.Adam(
        weights,
        lr=settings.lr,
        betas=(settings.beta1, settings.beta2),
        fused=True if fused and device.type in ("cpu", "cuda") else None,
    )
