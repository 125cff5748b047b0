"""How a training step is computed. What is computed is the objective's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.errors import first_line
from cyclegan_glasses.machine import trim_memory
from cyclegan_glasses.networks.cpu.layers import allow_winograd
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.objectives.settings.base import AdamSettings

log = logging.getLogger(__name__)

Tensors = dict[str, Tensor]
#: Scalar losses by name and images by label that share one graph.
Graph = tuple[Tensors, Tensors]
#: From a batch, or a piece of it, to the graphs of its losses, each made after the backward pass of the last.
MakeGraphs = Callable[[Tensors], Iterable[Graph]]
#: From so many pixels of a batch on memory is short; below, handing it back costs a tenth of a step.
LARGE = 256 * 256
WARM_UPS = 3  # CUDA graphs warm up, are recorded, and are played back


class Execution:
    """The networks of an objective, their optimizers, and the way in which a step runs them.

    An objective calls networks through `run` and hands the graphs of its losses to `minimize`. Precision,
    memory layout, compiling, shared passes, micro-batches, the mean over processes, clipping and the return
    of freed memory are seen to here; none of them changes what is computed, but for rounding. On a GPU what
    is compiled becomes a CUDA graph, and its results lie in memory that the next pass uses again.

    Args:
        networks: by name; they are moved to the device of `precision`.
        optimizers: by name, the names of the networks and the settings of Adam (arXiv 1412.6980). Weights
            that need no gradient when they come stay as they are.
        precision: of the networks; losses are made of float32.
        distributed: the processes that train together. Each step takes the mean of their gradients, here and
            not by wrapping every network: a step has several backward passes, and networks rest in turn.
        memory_format: of networks and inputs; as they come by default.
        winograd: wide convolutions may go by `networks.cpu.winograd`.
        compiled: names of networks to compile, with `torch.compile`; weights and their keys stay.
        merge: inputs of `run_together` share a pass. Exact where norms work within an image.
        micro_batch: images of a batch that pass at once, their gradients added up; 0 for all.
        trim: hand freed memory of large batches back to the system, on a CPU.
        fused: update weights by one kernel.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        optimizers: Mapping[str, tuple[Collection[str], AdamSettings]],
        precision: Precision,
        distributed: DistributedContext = ALONE,
        *,
        memory_format: torch.memory_format = torch.preserve_format,
        winograd: bool = True,
        compiled: Collection[str] = (),
        merge: bool = False,
        micro_batch: int = 0,
        trim: bool = False,
        fused: bool = True,
    ) -> None:
        self.precision, self.device, self.distributed = precision, precision.device, distributed
        self.merge, self._micro_batch = merge, micro_batch
        self.memory_format = memory_format
        self.networks = {
            name: network.to(self.device).to(memory_format=memory_format)
            for name, network in networks.items()
        }
        for network in self.networks.values():
            allow_winograd(network, winograd)
        self._weights = {
            name: [w for member in members for w in self.networks[member].parameters() if w.requires_grad]
            for name, (members, _) in optimizers.items()
        }
        self.optimizers: Mapping[str, Optimizer] = {
            name: torch.optim.Adam(
                self._weights[name],
                lr=adam.lr,
                betas=(adam.beta1, adam.beta2),
                fused=True if fused and self.device.type in ("cpu", "cuda") else None,
            )
            for name, (_, adam) in optimizers.items()
        }
        self._clips = {name: settings.clip for name, (_, settings) in optimizers.items()}
        self._trim = trim and self.device.type == "cpu"
        self._calls: dict[str, Callable[..., Tensor]] = dict(self.networks)
        self._cold, self._cuda_graphs = bool(compiled), bool(compiled) and self.device.type == "cuda"
        for name in compiled:
            mode = "reduce-overhead" if self._cuda_graphs else None
            self._calls[name] = torch.compile(self.networks[name], dynamic=False, mode=mode)

    def begin(self, batch: Mapping[str, Tensor], warm_up: Callable[[Tensors], None]) -> Tensors:
        """A step begins: `batch` on the device in the right layout, and networks that train.

        Before the first one networks are compiled, so that a failure costs nothing but time.

        Args:
            batch: (N, …) each, all with the same N.
            warm_up: calls `gradients` for all that is compiled, with a piece of a batch.
        """
        inputs = {
            name: images.to(self.device, memory_format=self.memory_format) for name, images in batch.items()
        }
        for network in self.networks.values():
            network.train()
        if self._cold:
            self._cold = False
            first, _ = next(micro_batches(inputs, self._micro_batch))
            self._compile(partial(warm_up, first))
        if self._cuda_graphs:
            torch.compiler.cudagraph_mark_step_begin()
        return inputs

    def _compile(self, warm_up: Callable[[], None]) -> None:
        """Run `warm_up`, which compiles; where that fails, networks are called as they are."""
        log.warning("compiling the networks takes a minute or more; --compile off begins at once")
        buffers = [buffer for network in self.networks.values() for buffer in network.buffers()]
        before = [buffer.clone() for buffer in buffers]
        try:
            with torch.random.fork_rng():
                for _ in range(WARM_UPS if self._cuda_graphs else 1):
                    warm_up()
        except Exception as error:  # compilers fail in every way
            log.warning("the networks run uncompiled, since compiling failed: %s", first_line(error))
            self._calls, self._cuda_graphs = dict(self.networks), False
        for buffer, value in zip(buffers, before, strict=True):
            buffer.copy_(value)
        for network in self.networks.values():
            network.zero_grad(set_to_none=True)

    def run(self, name: str, images: Tensor, **how: bool) -> Tensor:
        """What network `name` makes of `images`, in float32; `how` are further arguments of its call."""
        with self.precision.autocast():
            return full_precision(self._calls[name](images, **how))

    def run_together(self, name: str, *inputs: Tensor) -> list[Tensor]:
        """What network `name` makes of each of `inputs`, in one pass where that is exact."""
        if not self.merge or len(inputs) == 1:
            return [self.run(name, images) for images in inputs]
        return list(self.run(name, torch.cat(inputs)).split([len(images) for images in inputs]))

    def minimize(
        self,
        optimizer: str,
        graphs: MakeGraphs,
        inputs: Tensors,
        *,
        update: bool = True,
        at_once: bool = False,
    ) -> Graph:
        """Take a step of an optimizer that lowers the sum of all losses.

        Args:
            optimizer: its name.
            graphs: of the losses.
            inputs: a batch, (N, …) each.
            update: otherwise losses and images are made and nothing is learnt.
            at_once: one backward pass through all graphs instead of one for each.

        Returns:
            Losses, detached means over the batch, and images, detached.
        """
        with torch.set_grad_enabled(update):
            losses, images = self.gradients(optimizer, graphs, inputs, at_once=at_once)
        if update:
            self.distributed.average([w.grad for w in self._weights[optimizer] if w.grad is not None])
            self.precision.step(self.optimizers[optimizer], self._clips[optimizer])
        return losses, images

    def gradients(
        self, optimizer: str, graphs: MakeGraphs, inputs: Tensors, *, at_once: bool = False
    ) -> Graph:
        """Leave the gradients of the sum of all losses in the weights of an optimizer; see `minimize`."""
        self._clear(optimizer)
        pixels = next(iter(inputs.values()))[:, 0].numel()
        losses: Tensors = {}
        pieces: dict[str, list[Tensor]] = {}
        with self._only(optimizer):
            for micro_batch, weight in micro_batches(inputs, self._micro_batch):
                made = graphs(micro_batch)
                for terms, images in [joined(made)] if at_once else made:
                    # Add the gradients, and let go of what the graph kept for them.
                    if torch.is_grad_enabled():
                        self.precision.backward(torch.stack(list(terms.values())).sum() * weight)
                        if self._trim and pixels >= LARGE:
                            trim_memory()
                    # Losses are means over the batch, images are those of all pieces.
                    for name, term in terms.items():
                        losses[name] = losses.get(name, 0) + term.detach() * weight
                    for label, image in images.items():
                        kept = full_precision(image.detach())
                        pieces.setdefault(label, []).append(kept.clone() if self._cuda_graphs else kept)
        return losses, {label: torch.cat(images) for label, images in pieces.items()}

    def _clear(self, optimizer: str) -> None:
        """Forget the gradients; those of CUDA graphs are added up in place."""
        self.optimizers[optimizer].zero_grad(set_to_none=not self._cuda_graphs)
        for weight in self._weights[optimizer] if self._cuda_graphs else ():
            weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad

    @contextmanager
    def _only(self, optimizer: str) -> Iterator[None]:
        """The weights of other optimizers gather no gradients."""
        others = [w for name, weights in self._weights.items() if name != optimizer for w in weights]
        for weight in others:
            weight.requires_grad_(False)
        yield
        for weight in others:
            weight.requires_grad_(True)

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimizers and the scale of the loss."""
        return {
            "networks": {name: network.state_dict() for name, network in self.networks.items()},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        for name, network in self.networks.items():
            load_weights(network, state["networks"][name], f"net_{name} of the state file")
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.precision.load_state_dict(state["precision"])

    def state_of_one(self) -> dict[str, Any]:
        """The same for the only network and its optimizer."""
        state, (name,) = self.state_dict(), self.networks
        return {
            "network": state["networks"][name],
            "optimizer": state["optimizers"][name],
            "precision": state["precision"],
        }

    def load_state_of_one(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_of_one` gave."""
        (name,) = self.networks
        named = {"networks": {name: state["network"]}, "optimizers": {name: state["optimizer"]}}
        self.load_state_dict({**state, **named})


def micro_batches(inputs: Mapping[str, Tensor], size: int) -> Iterator[tuple[Tensors, float]]:
    """Pieces of at most `size` images (0: the whole batch), each with its fraction of the batch.

    The sum of the gradients of their mean losses, each times its fraction, is that of the batch.

    Args:
        inputs: (N, …), all with the same N.
    """
    count = len(next(iter(inputs.values())))
    for first in range(0, count, size or count):
        piece = {name: values[first : first + (size or count)] for name, values in inputs.items()}
        yield piece, len(next(iter(piece.values()))) / count


def wants_compiling(word: str, device: torch.device) -> bool:
    """Whether `auto`, `on` or `off` means to compile: `auto` does so on CUDA (docs/results/speed.md)."""
    return word == "on" or (word == "auto" and device.type == "cuda")


def joined(graphs: Iterable[Graph]) -> Graph:
    """All graphs as one."""
    terms: Tensors = {}
    images: Tensors = {}
    for more_terms, more_images in graphs:
        terms |= more_terms
        images |= more_images
    return terms, images
