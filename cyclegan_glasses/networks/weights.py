"""How the weights of a network start, and how saved ones are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import init
from torch.overrides import TorchFunctionMode

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import InitSettings

Network = TypeVar("Network", bound=nn.Module)


def initialise(network: nn.Module, settings: InitSettings) -> nn.Module:
    """Draw new weights for every convolution and norm of `network` from torch's random state; return it.

    Biases start at zero; the scale of batch norm is normal around 1.
    """
    gain = settings.gain
    draw: dict[str, Callable[[Tensor], Tensor]] = {
        "normal": partial(init.normal_, std=gain),
        "xavier": partial(init.xavier_normal_, gain=gain),
        "kaiming": init.kaiming_normal_,
        "orthogonal": partial(init.orthogonal_, gain=gain),
    }
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            draw[settings.kind](module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm):
            init.normal_(module.weight, 1.0, gain)
            init.zeros_(module.bias)
    return network


def balance(network: nn.Module) -> nn.Module:
    """Draw weights that keep the size of signals through rectified layers (He et al., arXiv 1502.01852).

    A layer named `out`, which proposes the picture, begins at a tenth: near grey, far from saturation.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            init.kaiming_normal_(module.weight, nonlinearity="relu")
            if name.endswith("out"):
                module.weight.data.mul_(0.1)
            if module.bias is not None:
                init.zeros_(module.bias)
    return network


class _Undrawn(TorchFunctionMode):
    """Weights that are made are not drawn: without memory there is nothing to draw, and for `normal_` torch
    would load its compiler, which takes seconds."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


def network_from(build: Callable[[], Network], weights: Mapping[str, Tensor], name: str) -> Network:
    """The network that `build` makes, with `weights`; without memory for any that they are not for.

    Raises:
        UserError: see `load_weights`.
    """
    with torch.device("meta"), _Undrawn():
        network = build()
    load_weights(network, weights, name)
    return network


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], name: str) -> None:
    """Load weights into `network`, passing over the running statistics that old files keep of instance norm.

    Those of its coarse network alone, of a network that has one, go there.

    Raises:
        UserError: the weights are of another architecture; `name` says whose they are.
    """
    coarse = getattr(network, "coarse", None)
    if isinstance(coarse, nn.Module) and coarse.state_dict().keys() <= weights.keys():
        network = coarse
    wanted = network.state_dict()
    stale = re.compile(r"\.(running_mean|running_var|num_batches_tracked)$")
    weights = {key: value for key, value in weights.items() if key in wanted or not stale.search(key)}
    missing = [key for key in wanted if key not in weights]
    strange = [key for key in weights if key not in wanted]
    shapes = [key for key in wanted if key in weights and wanted[key].shape != weights[key].shape]
    if missing or strange or shapes:
        first = (shapes or missing or strange)[0]
        raise UserError(
            f"{name} holds another architecture ({len(missing)} weights missing, {len(strange)} unknown,"
            f" {len(shapes)} of another shape, first {first}): check --netG, --ngf, --netD, --ndf, --norm"
        )
    if any(value.is_meta for value in wanted.values()):
        weights = {key: value.to(wanted[key].dtype).contiguous() for key, value in weights.items()}
        network.load_state_dict(weights, assign=True)
    else:
        network.load_state_dict(weights)
