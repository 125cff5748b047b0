"""Layers that compute faster, or at all, on CPUs: the one door to the kernels of this folder.

Each is the library's layer, with its parameters and, to rounding, its results. It goes to the library
wherever the kernel is not the quicker way; docs/results/speed.md has what each is worth.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from cyclegan_glasses.networks.cpu import instance_norm, winograd


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, (N, C, H, W) → (N, K, H', W'), by `winograd` where that needs less time.

    Attributes:
        winograd: whether that is allowed.
    """

    winograd = True

    def forward(self, x: Tensor) -> Tensor:
        simple = self.stride == self.dilation == (1, 1) and self.groups == 1 and self.padding_mode == "zeros"
        simple = simple and self.padding in ((0, 0), (1, 1)) and x.ndim == 4 and self.winograd
        if not (simple and _is_suited(x) and winograd.pays(x, self.weight)):
            return super().forward(x)
        if self.padding == (1, 1):
            x = nn.functional.pad(x, (1, 1, 1, 1))
        return winograd.convolve(x, self.weight, self.bias)


def allow_winograd(network: nn.Module, allowed: bool) -> None:
    """Let the convolutions of `network` go by `winograd`, or not."""
    for module in network.modules():
        if isinstance(module, Conv2d):
            module.winograd = allowed


def uses_winograd(network: nn.Module) -> bool:
    """Whether a convolution of `network` is wide enough for `winograd`."""
    convolutions = (module for module in network.modules() if isinstance(module, Conv2d))
    return any(winograd.is_wide(convolution.weight) for convolution in convolutions)


class InstanceNorm2d(nn.InstanceNorm2d):
    """`nn.InstanceNorm2d` without parameters and statistics: (N, C, H, W) → the same.

    The library's own turns a channels-last picture around on its way in and out.
    """

    def forward(self, x: Tensor) -> Tensor:
        return instance_norm.normalise(x, self.eps) if _is_suited(x) else super().forward(x)


class SyncBatchNorm(nn.SyncBatchNorm):
    """`nn.SyncBatchNorm`, which knows GPUs alone, on CPUs too: (N, C, H, W) → the same."""

    def forward(self, input: Tensor) -> Tensor:
        several = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        if input.device.type != "cpu" or not self.training or not several:
            return super().forward(input)
        size = dist.get_world_size()
        mean = _Sum.apply(input.mean((0, 2, 3))) / size
        centred = input - mean.view(1, -1, 1, 1)
        variance = _Sum.apply(centred.square().mean((0, 2, 3))) / size
        count = input.numel() // input.shape[1] * size
        self._track(mean.detach(), variance.detach() * (count / max(1, count - 1)))
        scale = self.weight * (variance + self.eps).rsqrt()
        return centred * scale.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics, of this layer in evaluation, towards `mean` and `variance` (C,)."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)


class _Sum(torch.autograd.Function):
    """A sum over all processes; each one's gradient is the sum of what arrives at all."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        total: Tensor = _Sum.apply(gradient)
        return total


def _is_suited(x: Tensor) -> bool:
    """Whether the kernels know `x`: float32 or float64, channels last, on a CPU, and not being compiled."""
    channels_last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    suited = channels_last and x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)
    return suited and not torch.compiler.is_compiling()
