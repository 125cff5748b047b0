"""The processes that train one model together, as `torchrun` starts them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from cyclegan_glasses.errors import UserError, first_line

WAIT = timedelta(minutes=30)


class DistributedContext:
    """This process among those that train together; `ALONE` where there is no other.

    Tensors of the training go over NCCL between GPUs and over gloo otherwise; small numbers and states go
    over gloo, so that a GPU is not waited for.

    Attributes:
        rank: of this process, from 0.
        size: how many processes there are.
    """

    def __init__(self, rank: int = 0, size: int = 1, control: Any = None) -> None:
        self.rank, self.size, self._control = rank, size, control

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that logs, saves and shows."""
        return self.rank == 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes into each of `tensors`, which all lie on the processes' devices."""
        self._in_place(tensors, dist.all_reduce, self.size)

    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Put the values of the first process into those of all."""
        self._in_place(tensors, lambda flat: dist.broadcast(flat, 0))

    @torch.no_grad()
    def _in_place(
        self, tensors: Sequence[Tensor], exchange: Callable[[Tensor], object], divisor: int = 1
    ) -> None:
        """Exchange the values of all `tensors` at once."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _explained():
            exchange(flat)
        flat /= divisor
        blocks = flat.split([tensor.numel() for tensor in tensors])
        for tensor, block in zip(tensors, blocks, strict=True):
            tensor.copy_(block.view(tensor.shape))

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes of values on the CPU."""
        return values if self.size == 1 else self._reduced(values, dist.ReduceOp.SUM) / self.size

    def max(self, number: int) -> int:
        """The largest that any process gives."""
        return number if self.size == 1 else int(self._reduced(torch.tensor(number), dist.ReduceOp.MAX))

    def _reduced(self, values: Tensor, operation: dist.ReduceOp.RedOpType) -> Tensor:
        values = values.clone()
        with _explained():
            dist.all_reduce(values, operation, group=self._control)
        return values

    def gather(self, state: Any) -> list[Any]:
        """What each process gives, in their order, for the first one; nothing for the others."""
        if self.size == 1:
            return [state]
        states = [None] * self.size if self.is_main else None
        with _explained():
            dist.gather_object(state, states, 0, group=self._control)
        return states or []

    def broadcast(self, state: Any) -> Any:
        """What the first process gives."""
        if self.size == 1:
            return state
        states = [state]
        with _explained():
            dist.broadcast_object_list(states, 0, group=self._control)
        return states[0]


ALONE = DistributedContext()


def local_rank() -> int:
    """The number of this process on its machine, from 0, and so of its GPU."""
    return int(os.environ.get("LOCAL_RANK", 0))


@contextmanager
def join(device: torch.device) -> Iterator[DistributedContext]:
    """Meet the other processes that `torchrun` started, and part from them at the end.

    Args:
        device: of this process; see `devices.choose_device`.

    Raises:
        UserError: the device cannot work with others, or they cannot be reached.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        yield ALONE
        return
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"several processes cannot train on {device.type}: use --device cpu or cuda")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        store, rank, size = next(dist.rendezvous("env://", timeout=WAIT))
        # torchrun's store outlives a restart, and with it the addresses of processes that are gone
        store = dist.PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=WAIT)
        control = dist.new_group(backend="gloo", timeout=WAIT)
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"the processes do not find each other ({first_line(error)}): start with torchrun"
        ) from error
    if dist.get_rank():
        logging.disable(logging.WARNING)  # the first process says it
    try:
        yield DistributedContext(dist.get_rank(), size, control)
    finally:
        dist.destroy_process_group()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what a lost process causes into a `UserError` of one line."""
    try:
        yield
    except RuntimeError as error:
        raise UserError(
            f"another process of this run has ended ({first_line(error)}): the last saved state is whole, go"
            " on from it with the same command and --continue_train"
        ) from error
