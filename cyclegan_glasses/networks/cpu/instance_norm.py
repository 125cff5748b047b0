"""Instance normalisation (Ulyanov et al., arXiv 1607.08022) that is quick in the channels-last layout."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm


class InstanceNorm2d(nn.InstanceNorm2d):
    """`nn.InstanceNorm2d` without parameters and statistics: (N, C, H, W) → (N, C, H, W).

    The library's own turns a channels-last picture around on its way in and out. Float32 (and float64)
    pictures that lie channels last on a CPU are normalised where they are; all else goes to the library.
    The two differ by rounding alone. Second derivatives, which a gradient penalty needs, come from the
    library too.
    """

    def forward(self, x: Tensor) -> Tensor:
        channels_last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
        quick = channels_last and x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)
        if quick and not torch.compiler.is_compiling():
            normalised: Tensor = _ChannelsLast.apply(x, self.eps)
            return normalised
        return super().forward(x)


class _ChannelsLast(torch.autograd.Function):
    """Means over the pixels as products with a row of ones, which the matrix library does fastest."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        rows = _rows(x)
        mean = _mean(rows)
        new = rows - mean
        scale = _mean(new.square()).add_(eps).rsqrt_()
        ctx.save_for_backward(x, mean, scale)
        ctx.eps = eps
        return _picture(new.mul_(scale), x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        x, mean, scale = ctx.saved_tensors
        if torch.is_grad_enabled():  # the gradient is to be differentiated once more
            (slope,) = torch.autograd.grad(instance_norm(x, eps=ctx.eps), x, gradient, create_graph=True)
            return slope, None
        new = (_rows(x) - mean).mul_(scale)
        arriving = _rows(gradient)
        along = _mean(new * arriving)
        slope = new.mul_(-along).add_(arriving).sub_(_mean(arriving)).mul_(scale)
        return _picture(slope, x), None


def _rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N, H·W, C), without a copy where it lies channels last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _picture(rows: Tensor, like: Tensor) -> Tensor:
    n, channels, height, width = like.shape
    return rows.view(n, height, width, channels).permute(0, 3, 1, 2).detach()


def _mean(rows: Tensor) -> Tensor:
    """(N, P, C) → (N, 1, C), the mean over P."""
    n, pixels, _ = rows.shape
    return torch.bmm(rows.new_full((1, 1, 1), 1 / pixels).expand(n, 1, pixels), rows)
