"""Instance normalisation (Ulyanov et al., arXiv 1607.08022) that is quick in the channels-last layout."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F


def normalise(x: Tensor, eps: float) -> Tensor:
    """Every channel of every picture with mean 0 and variance 1, where it lies.

    (N, C, H, W), channels last → the same. It differs from the library by rounding alone. Second
    derivatives, which a gradient penalty needs, come from the library too.
    """
    normalised: Tensor = _Normalise.apply(x, eps)
    return normalised


class _Context(FunctionCtx):
    saved_tensors: tuple[Tensor, ...]
    eps: float


class _Normalise(torch.autograd.Function):
    """Means over the pixels as products with a row of ones, which the matrix library does fastest."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, eps: float) -> Tensor:
        rows = _to_rows(x)
        mean = _mean(rows)
        centred = rows - mean
        scale = _mean(centred.square()).add_(eps).rsqrt_()
        ctx.save_for_backward(x, mean, scale)
        ctx.eps = eps
        return _to_picture(centred.mul_(scale), x)

    @staticmethod
    def backward(ctx: _Context, gradient: Tensor) -> tuple[Tensor, None]:
        x, mean, scale = ctx.saved_tensors
        if torch.is_grad_enabled():  # the gradient is to be differentiated once more
            normalised = F.instance_norm(x, eps=ctx.eps)
            return torch.autograd.grad(normalised, x, gradient, create_graph=True)[0], None
        # with y the normalised x and g the gradient: scale · (g − mean(g) − y · mean(y · g))
        normalised = (_to_rows(x) - mean).mul_(scale)
        rows = _to_rows(gradient)
        along = _mean(normalised * rows)
        result = normalised.mul_(-along).add_(rows).sub_(_mean(rows)).mul_(scale)
        return _to_picture(result, x), None


def _to_rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N, H·W, C), without a copy where it lies channels last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _to_picture(rows: Tensor, like: Tensor) -> Tensor:
    """(N, H·W, C) as (N, C, H, W), channels last, of the shape of `like`."""
    n, channels, height, width = like.shape
    return rows.view(n, height, width, channels).permute(0, 3, 1, 2).detach()


def _mean(rows: Tensor) -> Tensor:
    """(N, P, C) → (N, 1, C), the mean over P."""
    n, pixels, _ = rows.shape
    return torch.bmm(rows.new_full((1, 1, 1), 1 / pixels).expand(n, 1, pixels), rows)
