"""The channels-last instance norm against the library's."""

import pytest
import torch
from torch import nn

from cyclegan_glasses.networks.cpu.instance_norm import InstanceNorm2d


def photo(*shape: int, offset: float = 0.0) -> torch.Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) + offset
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (3, 24, 5, 7), (1, 1, 4, 4)])
@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_it_computes_what_the_library_computes_and_keeps_the_layout(shape, offset, float64):
    x = photo(*shape, offset=offset).requires_grad_()
    arriving = photo(*shape)
    ours, theirs = InstanceNorm2d(shape[1])(x), nn.InstanceNorm2d(shape[1])(x)
    assert ours.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    (slope,) = torch.autograd.grad(ours, x, arriving)
    (wanted,) = torch.autograd.grad(theirs, x, arriving)
    torch.testing.assert_close(slope, wanted, rtol=0, atol=1e-11)


def test_an_activation_in_place_may_follow(float64):
    x = photo(2, 4, 6, 6).requires_grad_()
    nn.Sequential(InstanceNorm2d(4), nn.ReLU(inplace=True))(x).square().sum().backward()
    ours, x.grad = x.grad, None
    nn.Sequential(nn.InstanceNorm2d(4), nn.ReLU())(x).square().sum().backward()
    torch.testing.assert_close(ours, x.grad, rtol=0, atol=1e-12)


def test_a_gradient_penalty_can_be_differentiated(float64):
    def penalty(norm: nn.Module) -> torch.Tensor:
        x = photo(2, 4, 6, 6).requires_grad_()
        weight = torch.linspace(-1, 1, 36).view(6, 6)
        (slope,) = torch.autograd.grad((norm(x).pow(3) * weight).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(slope.square().sum(), x)
        return second

    ours, theirs = penalty(InstanceNorm2d(4)), penalty(nn.InstanceNorm2d(4))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_other_layouts_and_precisions_go_to_the_library():
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(InstanceNorm2d(3)(x), nn.InstanceNorm2d(3)(x))
    half = photo(2, 3, 8, 8).bfloat16()
    assert torch.equal(InstanceNorm2d(3)(half), nn.InstanceNorm2d(3)(half))
