"""Winograd's convolution against the library's: what it computes, its rounding, and when it is taken."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.networks.cpu import winograd
from cyclegan_glasses.networks.cpu.layers import Conv2d

C = winograd.LEAST_CHANNELS


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def layer(**settings: int | bool) -> Conv2d:
    torch.manual_seed(0)
    return Conv2d(C, C, 3, **settings).to(memory_format=torch.channels_last)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(10, 10), (9, 15), (12, 11), (3, 4)], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_results_and_gradients_are_the_librarys(size: tuple[int, int], bias: bool) -> None:
    """Sides that are no multiple of four too: a wrong edge would teach a frame around every picture."""
    inputs = [draw(2, 5, *size), draw(7, 5, 3, 3), *([draw(7)] if bias else [])]
    results = []
    for convolve in (winograd.convolve, F.conv2d):
        x, weight, *rest = leaves = [value.clone().requires_grad_() for value in inputs]
        output = convolve(x, weight, *(rest or [None]))
        assert output.is_contiguous(memory_format=torch.channels_last)
        results.append([output, *torch.autograd.grad(output, leaves, draw(*output.shape))])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


def test_gradients_can_be_differentiated() -> None:
    """A gradient penalty does so."""
    seconds = []
    for convolve in (winograd.convolve, F.conv2d):
        x, weight = draw(1, 5, 10, 10).requires_grad_(), draw(7, 5, 3, 3).requires_grad_()
        slopes = torch.autograd.grad(convolve(x, weight, None).pow(2).mean(), (x, weight), create_graph=True)
        penalty = torch.stack([slope.pow(2).sum() for slope in slopes]).sum()
        seconds.append(torch.autograd.grad(penalty, (x, weight)))
    for ours, theirs in zip(*seconds, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_the_error_stays_within_a_few_roundings() -> None:
    """Larger tiles would be quicker still, and no longer float32."""
    ours, x = layer(), draw(1, C, 26, 26, dtype=torch.float32)
    with torch.no_grad():
        exact = F.conv2d(x.double(), ours.weight.double(), ours.bias.double())
        error, usual = (f(x).double().sub(exact).abs().max() for f in (ours, nn.Conv2d.forward.__get__(ours)))
    assert usual < error < 12 * usual


@pytest.mark.parametrize(
    "settings, x, short",
    [
        ({}, draw(2, C, 34, 34, dtype=torch.float32), True),
        ({"padding": 1}, draw(2, C, 34, 34, dtype=torch.float32), True),
        ({"stride": 2}, draw(2, C, 34, 34, dtype=torch.float32), False),
        ({"padding": 2}, draw(2, C, 34, 34, dtype=torch.float32), False),
        ({}, draw(2, C, 34, 34, dtype=torch.float32).contiguous(), False),
        ({}, draw(1, C, 10, 10, dtype=torch.float32), False),
        ({}, draw(2, C, 34, 34, dtype=torch.bfloat16), False),
    ],
    ids=["plain", "padded", "stride", "much padded", "layout", "few tiles", "bfloat16"],
)
def test_it_is_taken_where_it_is_quicker_and_fits(
    settings: dict[str, int], x: Tensor, short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, calls = layer(**settings).to(x.dtype), []
    real = winograd.convolve
    monkeypatch.setattr(winograd, "convolve", lambda *inputs: calls.append(1) or real(*inputs))
    output, library = network(x), nn.Conv2d.forward(network, x)
    assert len(calls) == short
    if short:
        torch.testing.assert_close(output, library, rtol=1e-3, atol=1e-4)
    else:
        assert torch.equal(output, library)


def test_few_channels_go_to_the_library() -> None:
    x = draw(2, C, 34, 34, dtype=torch.float32)
    assert winograd.pays(x, draw(C, C, 3, 3, dtype=torch.float32))
    for shape in ((C - 1, C, 3, 3), (C, C, 5, 5), (C, C, 1, 1)):
        assert not winograd.pays(x, draw(*shape, dtype=torch.float32))
