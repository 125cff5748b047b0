"""The short way through 3×3 convolutions against the library's, in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from cyclegan_glasses.networks.cpu import winograd
from cyclegan_glasses.networks.cpu.winograd import Conv2d


def picture(*shape: int) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return x.contiguous(memory_format=torch.channels_last)


def pair(inputs: int, outputs: int, **words: int | bool) -> tuple[Conv2d, nn.Conv2d]:
    torch.manual_seed(0)
    ours = Conv2d(inputs, outputs, 3, **words).to(memory_format=torch.channels_last)  # type: ignore[arg-type]
    theirs = nn.Conv2d(inputs, outputs, 3, **words).double()  # type: ignore[arg-type]
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("size", [(34, 34), (33, 39), (36, 35)], ids=str)
@pytest.mark.parametrize("words", [{}, {"padding": 1}, {"bias": False}], ids=str)
def test_results_and_gradients_are_the_librarys(
    size: tuple[int, int], words: dict[str, int], float64: None
) -> None:
    """Sides that are no multiple of four too: a wrong edge would teach a frame around every picture."""
    ours, theirs = pair(64, 72, **words)
    x = picture(2, 64, *size).requires_grad_()
    assert ours._short(x)
    found, wished = ours(x), theirs(x)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, wished, rtol=0, atol=1e-12)
    arriving = picture(*found.shape)
    found.backward(arriving)
    slope, x.grad = x.grad, None
    wished.backward(arriving)
    torch.testing.assert_close(slope, x.grad, rtol=0, atol=1e-12)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert mine.grad is not None and other.grad is not None
        torch.testing.assert_close(mine.grad, other.grad, rtol=0, atol=1e-10)


def test_the_error_stays_within_a_few_roundings() -> None:
    """Larger tiles would be quicker still, and no longer float32."""
    ours, theirs = pair(128, 128)
    x = picture(1, 128, 26, 26)
    with torch.no_grad():
        exact = theirs(x.double())
        error, usual = (f(x).double().sub(exact).abs().max() for f in (ours, nn.Conv2d.forward.__get__(ours)))
    assert 0 < error < 12 * usual


def test_gradients_can_be_differentiated(float64: None) -> None:
    seconds = []
    for network in pair(64, 64):
        x = picture(1, 64, 26, 26).requires_grad_()
        (slope,) = torch.autograd.grad(network(x).pow(2).mean(), x, create_graph=True)
        seconds.append(torch.autograd.grad(slope.pow(2).sum(), x)[0])
    torch.testing.assert_close(*seconds, rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize(
    "words, x",
    [
        ({"stride": 2}, picture(2, 64, 34, 34)),
        ({}, picture(2, 64, 34, 34).contiguous()),
        ({}, picture(1, 64, 10, 10)),
        ({}, picture(2, 64, 34, 34).bfloat16()),
    ],
    ids=["stride", "layout", "few tiles", "bfloat16"],
)
def test_all_else_goes_to_the_library(words: dict[str, int], x: Tensor) -> None:
    ours = pair(64, 64, **words)[0].to(x.dtype)
    assert torch.equal(ours(x), nn.Conv2d.forward(ours, x))


def test_few_channels_go_to_the_library() -> None:
    ours = pair(winograd.FEWEST_CHANNELS - 1, 64)[0]
    assert not ours._short(picture(2, winograd.FEWEST_CHANNELS - 1, 34, 34))
