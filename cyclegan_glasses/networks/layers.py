"""Layers that generators and discriminators share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from cyclegan_glasses.networks.cpu.layers import Conv2d, InstanceNorm2d, SyncBatchNorm

Norm = Callable[[int], nn.Module]
NORMS: dict[str, Norm] = {
    "instance": InstanceNorm2d,
    "batch": nn.BatchNorm2d,
    "syncbatch": SyncBatchNorm,
    "none": nn.Identity,
}

# A composite generator begins by changing 5 % of every pixel, close to the identity. Begun at one half, it
# spends its first hundreds of steps on giving the picture back (docs/results/training.md).
CLOSED = 3.0


def make_norm(name: str) -> tuple[Norm, bool]:
    """The normalisation layer of that name, and whether convolutions before it carry a bias.

    Instance norm is without parameters and statistics (Ulyanov et al. 2016), so its convolutions have biases;
    the others have none, as in the published weights.
    """
    return NORMS[name], name == "instance"


def make_upsampling(kind: str, inputs: int, outputs: int, kernel: int, bias: bool) -> nn.Module:
    """A layer (N, inputs, H, W) → (N, outputs, 2H, 2W).

    Args:
        kind: `transpose` or `resize`.
        kernel: of the transposed convolution, 3 or 4; the resize-convolution always has 3.
    """
    if kind == "transpose":
        return nn.ConvTranspose2d(inputs, outputs, kernel, 2, 1, output_padding=kernel % 2, bias=bias)
    return nn.Sequential(
        nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), Conv2d(inputs, outputs, 3, bias=bias)
    )


def pad_to_multiple(x: Tensor, multiple: int) -> tuple[Tensor, tuple[int, int]]:
    """Pictures (N, C, H, W) whose sides are padded by reflection, on both sides alike, to multiples.

    A picture that is smaller than its padding is reflected several times.

    Returns:
        The padded pictures, and where the first row and column of the given ones lie in them.
    """
    corner = []
    for axis in (-2, -1):
        last, missing = x.shape[axis] - 1, -x.shape[axis] % multiple
        corner.append(missing // 2)
        if missing:
            place = torch.arange(-(missing // 2), last + 1 + missing - missing // 2, device=x.device)
            x = x.index_select(axis, last - (place % max(1, 2 * last) - last).abs())
    return x, (corner[0], corner[1])


def recompute_activations(network: nn.Module) -> None:
    """Let `network` keep less for its backward pass and compute the rest again.

    Chen et al., arXiv 1604.06174, §3. The results are the same. Norms that count statistics over batches
    would count each twice.
    """
    for module in network.modules():
        if hasattr(module, "recompute"):
            module.recompute = True  # type: ignore[assignment]


def run(modules: Iterable[nn.Module], x: Tensor, recompute: bool) -> Tensor:
    """Run `modules` one after the other; with `recompute` keep the input of each stretch up to a ReLU alone.

    Modules that have a `recompute` of their own see to themselves.
    """
    if not recompute or not torch.is_grad_enabled():
        return nn.Sequential(*modules)(x)
    stretch: list[nn.Module] = []
    for module in modules:
        if hasattr(module, "recompute"):
            x, stretch = module(checkpointed(nn.Sequential(*stretch), x) if stretch else x), []
            continue
        stretch.append(module)
        if isinstance(module, nn.ReLU):
            x, stretch = checkpointed(nn.Sequential(*stretch), x), []
    return checkpointed(nn.Sequential(*stretch), x) if stretch else x


def checkpointed(compute: Callable[[Tensor], Tensor], x: Tensor, recompute: bool = True) -> Tensor:
    """What `compute` makes of `x`; with `recompute` all between is computed again in the backward pass."""
    if not recompute or not torch.is_grad_enabled():
        return compute(x)
    result: Tensor = checkpoint(compute, x, use_reentrant=False)
    return result


def paint(layers: Iterable[nn.Module], picture: Tensor, composite: bool, recompute: bool = False) -> Tensor:
    """Run a generator's layers, of which the last is a tanh, on `picture`; see `run` and `blend`."""
    *layers, _ = layers
    return blend(run(layers, picture, recompute), picture, composite)


def blend(proposal: Tensor, picture: Tensor, composite: bool) -> Tensor:
    """The picture that a generator makes of its last layer's values, in the precision of its input.

    In bfloat16 a tanh has steps of one level in 255 near its ends, and no gradient beyond ±3.

    Args:
        proposal: (N, C, H, W), not bounded; of a composite (N, C + 1, H, W), where the sigmoid of the last
            channel less `CLOSED` is a mask: 0 to keep, 1 to change.
        picture: in [-1, 1], the input (N, C, H, W); of a conditioned generator (N, 2 C, H, W), of which the
            second half is kept.

    Returns:
        (N, C, H, W) in [-1, 1]: tanh(proposal); of a composite, mask · tanh(proposal) + (1 − mask) · picture.
    """
    proposal = proposal.to(picture.dtype)
    if not composite:
        return torch.tanh(proposal)
    kept = picture[:, 1 - proposal.shape[1] :]
    return torch.lerp(kept, torch.tanh(proposal[:, :-1]), torch.sigmoid(proposal[:, -1:] - CLOSED))


def is_composite(inputs: int, outputs: int) -> bool:
    """Whether a network from `inputs` to `outputs` channels is a composite: it has a mask to give as well.

    An even number of inputs belongs to two pictures, see `AnyGeneratorSettings.conditioned`.
    """
    return outputs == (inputs if inputs % 2 else inputs // 2) + 1
