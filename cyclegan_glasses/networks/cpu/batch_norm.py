"""Batch normalisation over the batches of several processes."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class SyncBatchNorm(nn.SyncBatchNorm):
    """`nn.SyncBatchNorm`, which knows GPUs alone, on CPUs too: (N, C, H, W) → the same.

    The statistics are those of the batches of all processes together, as if one process had them all.
    """

    def forward(self, input: Tensor) -> Tensor:
        several = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        if input.device.type != "cpu" or not self.training or not several:
            return super().forward(input)
        count = input.numel() // input.shape[1] * dist.get_world_size()
        mean = _Summed.apply(input.mean((0, 2, 3))) / dist.get_world_size()
        centred = input - mean.view(1, -1, 1, 1)
        variance = _Summed.apply(centred.square().mean((0, 2, 3))) / dist.get_world_size()
        self._remember(mean.detach(), variance.detach() * (count / max(1, count - 1)))
        scale = self.weight * (variance + self.eps).rsqrt()
        return centred * scale.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Summed(torch.autograd.Function):
    """A sum over all processes; each one's gradient is the sum of what arrives at all."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total
