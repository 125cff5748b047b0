"""The channels-last instance norm against the library's."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cyclegan_glasses.networks.cpu.instance_norm import normalise
from cyclegan_glasses.networks.cpu.layers import InstanceNorm2d


def photo(*shape: int, offset: float = 0.0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype) + offset
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (3, 24, 5, 7), (1, 1, 4, 4)])
@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_it_computes_what_the_library_computes_and_keeps_the_layout(shape, offset):
    x = photo(*shape, offset=offset, dtype=torch.float64).requires_grad_()
    arriving = photo(*shape, dtype=torch.float64)
    ours, theirs = normalise(x, 1e-5), F.instance_norm(x, eps=1e-5)
    assert ours.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    (slope,), (expected,) = (torch.autograd.grad(output, x, arriving) for output in (ours, theirs))
    torch.testing.assert_close(slope, expected, rtol=0, atol=1e-10)


def test_a_gradient_penalty_can_be_differentiated():
    seconds = []
    for norm in (normalise, lambda x, eps: F.instance_norm(x, eps=eps)):
        x = photo(2, 4, 6, 6, dtype=torch.float64).requires_grad_()
        weight = torch.linspace(-1, 1, 36, dtype=torch.float64).view(6, 6)
        (slope,) = torch.autograd.grad((norm(x, 1e-5).pow(3) * weight).sum(), x, create_graph=True)
        seconds += torch.autograd.grad(slope.square().sum(), x)
    torch.testing.assert_close(*seconds, rtol=1e-8, atol=1e-8)


def test_an_activation_in_place_may_follow():
    x = photo(2, 4, 6, 6).requires_grad_()
    nn.Sequential(InstanceNorm2d(4), nn.ReLU(inplace=True))(x).square().sum().backward()
    ours, x.grad = x.grad, None
    nn.Sequential(nn.InstanceNorm2d(4), nn.ReLU())(x).square().sum().backward()
    torch.testing.assert_close(ours, x.grad, rtol=1e-4, atol=1e-5)


def test_rounding_is_that_of_float32():
    """Photographs with a bright ground lose their details where a mean is rounded too early."""
    x = photo(2, 24, 8, 8, offset=50.0)
    exact = nn.InstanceNorm2d(24)(x.double())
    allowed = 16 * 50 * torch.finfo(torch.float32).eps
    torch.testing.assert_close(InstanceNorm2d(24)(x).double(), exact, rtol=0, atol=allowed)


def test_other_layouts_and_precisions_go_to_the_library():
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(InstanceNorm2d(3)(x), nn.InstanceNorm2d(3)(x))
    half = photo(2, 3, 8, 8).bfloat16()
    assert torch.equal(InstanceNorm2d(3)(half), nn.InstanceNorm2d(3)(half))
