"""3×3 convolutions with a quarter of the products (Lavin and Gray, arXiv 1509.09308, §4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F
from torch.nn.grad import conv2d_input, conv2d_weight

#: Below these the transforms take longer than the products that they save (benchmarks/winograd.py).
LEAST_CHANNELS, LEAST_TILES = 128, 32

# F(4, 3): 4 outputs from 6 inputs and 3 weights, by way of the points 0, ±1, ±2 and infinity.
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


def pays(x: Tensor, weight: Tensor) -> bool:
    """Whether `convolve` can take `weight` (K, C, h, w) over `x` (N, C, H, W) and is the quicker way."""
    enough = is_wide(weight) and x.numel() >= LEAST_TILES * 16 * weight.shape[1]
    return enough and weight.dtype == x.dtype


def is_wide(weight: Tensor) -> bool:
    """Whether a kernel (K, C, h, w) is 3×3 and between enough channels."""
    return min(weight.shape[:2]) >= LEAST_CHANNELS and weight.shape[2:] == (3, 3)


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`F.conv2d` without padding: (N, C, H, W) and (K, C, 3, 3) → (N, K, H − 2, W − 2), channels last.

    In float32 the two differ by rounding, the error here being about four times the library's. Second
    derivatives come from the library.
    """
    result: Tensor = _Convolve.apply(x, weight, bias)
    return result


class _Context(FunctionCtx):
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]


class _Convolve(torch.autograd.Function):
    """Tiles of 6×6 pixels, 4 apart, and 3×3 weights are both transformed to 36 values, and multiplied there.

    The weights are transformed six values at a time, used, and transformed again in the backward pass: all
    36 would leave the cache, and are four times as large as the weights.
    """

    @staticmethod
    def forward(ctx: _Context, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        n, _, height, width = x.shape
        down, across = _count_tiles(height), _count_tiles(width)
        # Transform the tiles: (36, N · tiles, C).
        tiles = _transform_input(x, down, across)
        # A product over the channels for each of the 36 values: (36, N · tiles, K).
        products = tiles.new_empty(36, tiles.shape[1], len(weight))
        for six, transformed in _transform_weight(weight):
            torch.bmm(tiles[six], transformed.transpose(1, 2), out=products[six])
        # Transform back to 4×4 outputs a tile.
        outputs = _both_axes(_OUTPUT, x.dtype) @ products.flatten(1)
        outputs = outputs.view(4, 4, n, down, across, len(weight))
        # Lay the tiles side by side, and cut off what lies beyond the picture.
        rows = outputs.permute(2, 3, 0, 4, 1, 5).reshape(n, 4 * down, 4 * across, len(weight))
        return _crop(rows if bias is None else rows.add_(bias), height - 2, width - 2)

    @staticmethod
    def backward(ctx: _Context, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        needs_x, needs_weight, needs_bias = ctx.needs_input_grad
        x_gradient = weight_gradient = None
        bias_gradient = gradient.sum((0, 2, 3)) if needs_bias else None
        if torch.is_grad_enabled():  # the gradient is to be differentiated once more
            x_gradient = conv2d_input(x.shape, weight, gradient) if needs_x else None
            weight_gradient = conv2d_weight(x, weight.shape, gradient) if needs_weight else None
            return x_gradient, weight_gradient, bias_gradient
        n, channels, height, width = x.shape
        down, across = _count_tiles(height), _count_tiles(width)
        # Cut the gradient into the 4×4 outputs of each tile: (16, N · tiles · K).
        rows = _extend(gradient, 4 * down, 4 * across).view(n, down, 4, across, 4, len(weight))
        outputs = rows.permute(2, 4, 0, 1, 3, 5).reshape(16, -1)
        # Through the transform back: the gradient of the products, (36, N · tiles, K).
        products = (_both_axes(_OUTPUT, x.dtype).t() @ outputs).view(36, -1, len(weight))
        if needs_weight:
            weight_gradient = _weight_gradient(products, _transform_input(x, down, across))
        if needs_x:
            # Through the products, and through the transform of the tiles; these overlap.
            tiles = products.new_empty(36, products.shape[1], channels)
            for six, transformed in _transform_weight(weight):
                torch.bmm(products[six], transformed, out=tiles[six])
            pixels = _both_axes(_INPUT, x.dtype).t() @ tiles.flatten(1)
            pixels = pixels.view(6, 6, n, down, across, channels)
            x_gradient = _crop(_overlap_add(pixels), height, width)
        return x_gradient, weight_gradient, bias_gradient


def _count_tiles(side: int) -> int:
    """How many tiles of 4 outputs cover the `side − 2` of a convolution."""
    return -(-(side - 2) // 4)


def _transform_input(x: Tensor, down: int, across: int) -> Tensor:
    """(N, C, H, W) → (36, N · down · across, C)."""
    rows = _extend(x, 4 * down + 2, 4 * across + 2)
    picture_stride, row_stride, column_stride, channel_stride = rows.stride()
    tiles = rows.as_strided(
        (6, 6, len(x), down, across, x.shape[1]),
        (row_stride, column_stride, picture_stride, 4 * row_stride, 4 * column_stride, channel_stride),
    )
    return (_both_axes(_INPUT, x.dtype) @ tiles.reshape(36, -1)).view(36, -1, x.shape[1])


def _transform_weight(weight: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """(K, C, 3, 3) → (36, K, C), six at a time in the same memory."""
    nine = weight.permute(2, 3, 0, 1).reshape(9, -1)
    transformed = nine.new_empty(6, nine.shape[1])
    for first in range(0, 36, 6):
        six = slice(first, first + 6)
        torch.mm(_both_axes(_WEIGHT, weight.dtype)[six], nine, out=transformed)
        yield six, transformed.view(6, *weight.shape[:2])


def _weight_gradient(products: Tensor, tiles: Tensor) -> Tensor:
    """The gradient (K, C, 3, 3), from that of the products (36, P, K) and the tiles (36, P, C)."""
    outputs, inputs = products.shape[2], tiles.shape[2]
    nine = tiles.new_zeros(9, outputs * inputs)
    transformed = tiles.new_empty(6, outputs, inputs)
    for first in range(0, 36, 6):
        six = slice(first, first + 6)
        torch.bmm(products[six].transpose(1, 2), tiles[six], out=transformed)
        nine.addmm_(_both_axes(_WEIGHT, tiles.dtype)[six].t(), transformed.flatten(1))
    return nine.view(3, 3, outputs, inputs).permute(2, 3, 0, 1)


def _overlap_add(tiles: Tensor) -> Tensor:
    """(6, 6, N, down, across, C), 4 apart → their sum (N, 4 · down + 4, 4 · across + 4, C)."""
    _, _, n, down, across, channels = tiles.shape
    total = tiles.new_zeros(n, down + 1, 4, across + 1, 4, channels)
    # The first 4 rows of a tile lie in its own place, the last 2 in that of the tile below; columns likewise.
    for i, rows in ((0, slice(0, 4)), (1, slice(4, 6))):
        for j, columns in ((0, slice(0, 4)), (1, slice(4, 6))):
            corner = tiles[rows, columns].permute(2, 3, 0, 4, 1, 5)
            total[:, i : i + down, : corner.shape[2], j : j + across, : corner.shape[4]] += corner
    return total.view(n, 4 * down + 4, 4 * across + 4, channels)


def _extend(x: Tensor, height: int, width: int) -> Tensor:
    """(N, C, H, W) as (N, height, width, C), with zeros below and to the right."""
    rows = x.permute(0, 2, 3, 1)
    if rows.shape[1:3] != (height, width):
        rows = F.pad(rows, (0, 0, 0, width - rows.shape[2], 0, height - rows.shape[1]))
    return rows.contiguous()


def _crop(rows: Tensor, height: int, width: int) -> Tensor:
    """(N, H, W, C) as (N, C, height, width), channels last."""
    return rows[:, :height, :width].contiguous().permute(0, 3, 1, 2)


@cache
def _both_axes(rows: tuple[tuple[float, ...], ...], dtype: torch.dtype) -> Tensor:
    """A transform of one axis as that of two: (6, 6) → (36, 36)."""
    one = torch.tensor(rows, dtype=torch.float64)
    return torch.kron(one, one).to(dtype)
