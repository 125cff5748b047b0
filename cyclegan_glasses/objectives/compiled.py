"""Networks as a step calls them: compiled where that was asked for and works."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cyclegan_glasses.devices import full_precision
from cyclegan_glasses.errors import first_line

log = logging.getLogger(__name__)

Call = Callable[[Tensor], Tensor]
WARM_UPS = 3  # CUDA graphs warm up, are recorded, and are played back


class CompiledNetworks:
    """Networks by name: `compiled["G_A"](images)`. Weights and their keys stay those of the networks.

    On a GPU what is compiled becomes a CUDA graph, and its results lie in memory that the next pass uses
    again: `detached` copies what is to outlive it, and gradients are added up in place (`clear`).

    Args:
        networks: all of them, on `device`.
        compiled: the names of those to compile, with `torch.compile`.
        device: where they are.
    """

    def __init__(
        self, networks: Mapping[str, nn.Module], compiled: Collection[str], device: torch.device
    ) -> None:
        self._networks, self._calls = networks, dict[str, Call](networks)
        self._graphs, self._waiting = bool(compiled) and device.type == "cuda", bool(compiled)
        for name in compiled:
            mode = "reduce-overhead" if self._graphs else None
            self._calls[name] = torch.compile(networks[name], dynamic=False, mode=mode)

    def __getitem__(self, name: str) -> Call:
        return self._calls[name]

    def begin(self, work: Callable[[], None]) -> None:
        """A step begins; before the first one compile for it, so that a failure costs nothing but time.

        Args:
            work: the forward and backward passes of a step, without its optimizers.
        """
        if self._waiting:
            self._waiting = False
            self._warm_up(work)
        if self._graphs:
            torch.compiler.cudagraph_mark_step_begin()

    def detached(self, images: Tensor) -> Tensor:
        """`images` without their graph, in float32, for longer than a pass."""
        images = full_precision(images.detach())
        return images.clone() if self._graphs else images

    def clear(self, optimizer: Optimizer) -> None:
        """Forget the gradients of the weights of `optimizer`."""
        optimizer.zero_grad(set_to_none=not self._graphs)
        for weight in (
            (w for group in optimizer.param_groups for w in group["params"]) if self._graphs else ()
        ):
            weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad

    def _warm_up(self, work: Callable[[], None]) -> None:
        log.warning("compiling the networks takes a minute or more; --compile off begins at once")
        buffers = [buffer for network in self._networks.values() for buffer in network.buffers()]
        before = [buffer.clone() for buffer in buffers]
        try:
            with torch.random.fork_rng():
                for _ in range(WARM_UPS if self._graphs else 1):
                    work()
        except Exception as error:  # compilers fail in every way
            log.warning("the networks run uncompiled, since compiling failed: %s", first_line(error))
            self._calls, self._graphs = dict(self._networks), False
        for buffer, value in zip(buffers, before, strict=True):
            buffer.copy_(value)
        for network in self._networks.values():
            network.zero_grad(set_to_none=True)


def wants_compiling(word: str, device: torch.device) -> bool:
    """Whether `auto`, `on` or `off` means to compile: `auto` does so on GPUs of CUDA (docs/speed.md)."""
    return word == "on" or (word == "auto" and device.type == "cuda")
