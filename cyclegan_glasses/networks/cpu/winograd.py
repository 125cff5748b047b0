"""3×3 convolutions with a quarter of the products (Lavin and Gray, arXiv 1509.09308, §4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Below these a call spends its time on turning tiles around (benchmarks/winograd.py).
FEWEST_CHANNELS, FEWEST_TILES = 64, 32

# F(4, 3): an output of 4 from 6 inputs and 3 weights, by way of the points 0, ±1, ±2 and infinity.
_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_WEIGHT = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


class Conv2d(nn.Conv2d):
    """`nn.Conv2d` that takes the short way where it is one: (N, C, H, W) → (N, K, H', W').

    Float32 (and float64) pictures that lie channels last on a CPU go the short way through 3×3 weights
    without a stride; all else goes to the library. The two differ by rounding, the short way's error being
    about four times the library's.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self._short(x):
            return super().forward(x)
        if self.padding == (1, 1):
            x = F.pad(x, (1, 1, 1, 1))
        result: Tensor = _Winograd.apply(x, self.weight, self.bias)
        return result

    def _short(self, x: Tensor) -> bool:
        same = self.kernel_size == (3, 3) and self.stride == self.dilation == (1, 1) and self.groups == 1
        if not same or self.padding_mode != "zeros" or self.padding not in ((0, 0), (1, 1)) or x.ndim != 4:
            return False
        many = min(self.in_channels, self.out_channels) >= FEWEST_CHANNELS
        many = many and x.numel() >= FEWEST_TILES * 16 * self.in_channels
        channels_last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
        plain = x.device.type == "cpu" and x.dtype == self.weight.dtype in (torch.float32, torch.float64)
        return many and channels_last and plain and not torch.compiler.is_compiling()


class _Winograd(torch.autograd.Function):
    """Tiles of 6×6, 4 apart, and weights become 36 numbers each; these are multiplied and turned back.

    The weights' numbers are made six at a time, used, and made again in the backward pass: all of them would
    leave the cache, and are four times as large as the weights.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight, bias)
        n, _, height, width = x.shape
        down, across = -(-(height - 2) // 4), -(-(width - 2) // 4)
        tiles = _of_input(x, down, across)
        products = tiles.new_empty(36, tiles.shape[1], len(weight))
        for six, numbers in _of_weight(weight):
            torch.bmm(tiles[six], numbers.transpose(1, 2), out=products[six])
        tiles = (_matrix(_OUTPUT, x.dtype) @ products.flatten(1)).view(4, 4, n, down, across, len(weight))
        picture = tiles.permute(2, 3, 0, 4, 1, 5).reshape(n, 4 * down, 4 * across, len(weight))
        return _cut(picture if bias is None else picture.add_(bias), height - 2, width - 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias = ctx.saved_tensors
        wanted = [
            given for given, needed in zip((x, weight, bias), ctx.needs_input_grad, strict=True) if needed
        ]
        if torch.is_grad_enabled():  # the gradient is to be differentiated once more
            found = iter(torch.autograd.grad(F.conv2d(x, weight, bias), wanted, gradient, create_graph=True))
            return tuple(next(found) if needed else None for needed in ctx.needs_input_grad)
        n, channels, height, width = x.shape
        down, across = -(-(height - 2) // 4), -(-(width - 2) // 4)
        rows = _whole(gradient, 4 * down, 4 * across).view(n, down, 4, across, 4, len(weight))
        tiles = rows.permute(2, 4, 0, 1, 3, 5).reshape(16, -1)
        arriving = (_matrix(_OUTPUT, x.dtype).t() @ tiles).view(36, -1, len(weight))
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[1]:
            of_weight = _weight_gradient(arriving, _of_input(x, down, across))
        if ctx.needs_input_grad[0]:
            turned = arriving.new_empty(36, arriving.shape[1], channels)
            for six, numbers in _of_weight(weight):
                torch.bmm(arriving[six], numbers, out=turned[six])
            tiles = (_matrix(_INPUT, x.dtype).t() @ turned.flatten(1)).view(6, 6, n, down, across, channels)
            of_x = _cut(_overlaid(tiles), height, width)
        if ctx.needs_input_grad[2]:
            of_bias = gradient.sum((0, 2, 3))
        return of_x, of_weight, of_bias


def _of_input(x: Tensor, down: int, across: int) -> Tensor:
    """(N, C, H, W) → (36, N · tiles, C)."""
    rows = _whole(x, 4 * down + 2, 4 * across + 2)
    of_n, of_row, of_column, of_channel = rows.stride()
    shape = (6, 6, len(x), down, across, x.shape[1])
    tiles = rows.as_strided(shape, (of_row, of_column, of_n, 4 * of_row, 4 * of_column, of_channel))
    return (_matrix(_INPUT, x.dtype) @ tiles.reshape(36, -1)).view(36, -1, x.shape[1])


def _of_weight(weight: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """(K, C, 3, 3) → (36, K, C), six at a time in the same place."""
    nine = weight.permute(2, 3, 0, 1).reshape(9, -1)
    numbers = nine.new_empty(6, nine.shape[1])
    for first in range(0, 36, 6):
        six = slice(first, first + 6)
        torch.mm(_matrix(_WEIGHT, weight.dtype)[six], nine, out=numbers)
        yield six, numbers.view(6, *weight.shape[:2])


def _weight_gradient(arriving: Tensor, tiles: Tensor) -> Tensor:
    """(36, P, K) and (36, P, C) → (K, C, 3, 3)."""
    outputs, inputs = arriving.shape[2], tiles.shape[2]
    nine = tiles.new_zeros(9, outputs * inputs)
    numbers = tiles.new_empty(6, outputs, inputs)
    for first in range(0, 36, 6):
        six = slice(first, first + 6)
        torch.bmm(arriving[six].transpose(1, 2), tiles[six], out=numbers)
        nine.addmm_(_matrix(_WEIGHT, tiles.dtype)[six].t(), numbers.flatten(1))
    return nine.view(3, 3, outputs, inputs).permute(2, 3, 0, 1)


def _overlaid(tiles: Tensor) -> Tensor:
    """(6, 6, N, down, across, C), 4 apart → their sum (N, 4 · down + 4, 4 · across + 4, C)."""
    _, _, n, down, across, channels = tiles.shape
    found = tiles.new_zeros(n, down + 1, 4, across + 1, 4, channels)
    for i, rows in ((0, slice(0, 4)), (1, slice(4, 6))):
        for j, columns in ((0, slice(0, 4)), (1, slice(4, 6))):
            part = tiles[rows, columns].permute(2, 3, 0, 4, 1, 5)
            found[:, i : i + down, : part.shape[2], j : j + across, : part.shape[4]] += part
    return found.view(n, 4 * down + 4, 4 * across + 4, channels)


def _whole(x: Tensor, height: int, width: int) -> Tensor:
    """(N, C, H, W) as (N, height, width, C), with zeros below and to the right."""
    rows = x.permute(0, 2, 3, 1)
    if rows.shape[1:3] != (height, width):
        rows = F.pad(rows, (0, 0, 0, width - rows.shape[2], 0, height - rows.shape[1]))
    return rows.contiguous()


def _cut(rows: Tensor, height: int, width: int) -> Tensor:
    """(N, H, W, C) as (N, C, height, width), channels last."""
    return rows[:, :height, :width].contiguous().permute(0, 3, 1, 2)


@cache
def _matrix(rows: tuple[tuple[float, ...], ...], dtype: torch.dtype) -> Tensor:
    """A transform of one axis as that of two: (6, 6) → (36, 36)."""
    one = torch.tensor(rows, dtype=torch.float64)
    return torch.kron(one, one).to(dtype)
