"""Which device does the work and in which precision, by what the machine has."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from cyclegan_glasses.errors import UserError, first_line
from cyclegan_glasses.machine import instructions

log = logging.getLogger(__name__)

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """How numbers are held while a network runs; parameters and optimizer states stay float32.

    An objective writes `with precision.autocast(): …`, `precision.backward(loss)` and
    `precision.step(optimizer)`, the same lines for every precision. In fp16 the loss is scaled, so that small
    gradients do not vanish, and a step with an infinite gradient is left out (Micikevicius et al., arXiv
    1710.03740, section 3.2). Several losses and several optimizers may share one `Precision`.

    Attributes:
        name: `fp32`, `bf16` or `fp16`.
        device: where it applies.
        dtype: of the products inside `autocast`.
        scaler: the loss scaler, which does something in fp16 alone.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        self.name, self.device, self.dtype = name, device, DTYPES[name]
        self.scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16")
        self._stepped = False

    def autocast(self) -> AbstractContextManager[Any]:
        """The block in which the networks run; losses belong outside it or are computed in float32."""
        if self.name == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of the scalar `loss`."""
        self._update()
        self.scaler.scale(loss).backward()

    def step(self, optimizer: Optimizer, clip: float = 0.0) -> None:
        """Take the step of `optimizer`, with the norm of all its gradients at most `clip` (0: any)."""
        self.scaler.unscale_(optimizer)
        if clip:
            weights = [p for group in optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(weights, clip)
        self.scaler.step(optimizer)
        self._stepped = True

    def state_dict(self) -> dict[str, Any]:
        """What a run that goes on must know: the loss scale; empty in fp32 and bf16."""
        self._update()
        return self.scaler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up `state`; the state of another precision is left aside."""
        self._stepped = False
        if state:
            self.scaler.load_state_dict(state)

    def _update(self) -> None:
        """Let the scale follow the steps taken, only once none of them still needs the old scale."""
        if self._stepped:
            self.scaler.update()
            self._stepped = False


def full_precision(values: Tensor) -> Tensor:
    """`values` in float32 at least, for losses; float64 stays float64."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def choose_device(
    name: str = "auto", gpu_ids: Sequence[int] | None = None, local_rank: int = 0
) -> torch.device:
    """The device that `name` and `gpu_ids` ask for.

    `auto` is the first GPU of CUDA or ROCm that works, otherwise the CPU; Apple's `mps` is taken only when
    asked for by name.

    Args:
        name: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        gpu_ids: numbers of GPUs, the first of which is taken; none or negative ones mean the CPU.
        local_rank: of this process on its machine; it takes the GPU that comes so many later.

    Raises:
        UserError: the device is not there, does not work, or `name` and `gpu_ids` contradict each other.
    """
    name, gpu_ids = name.strip().lower(), None if gpu_ids is None else [i for i in gpu_ids if i >= 0]
    if gpu_ids is not None:
        if local_rank >= len(gpu_ids) > 0:
            raise UserError(f"--gpu_ids names {len(gpu_ids)} GPUs: fewer than processes (--nproc-per-node)")
        if len(gpu_ids) > 1 and "LOCAL_RANK" not in os.environ:
            log.warning(
                "a process works on one GPU: %d is used, %s not; to train on all of them type"
                " torchrun --nproc-per-node %d train.py and the same options",
                gpu_ids[0],
                ", ".join(map(str, gpu_ids[1:])),
                len(gpu_ids),
            )
        name = _join(name, gpu_ids[local_rank:])
    if name == "auto":
        if not torch.cuda.is_available():
            return torch.device("cpu")
        if local_rank >= torch.cuda.device_count() or not (trouble := _trouble(local_rank)):
            return _gpu(local_rank)
        log.warning("the GPU does not work, so the CPU is used: %s", trouble)
        return torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"there is no device {name!r}: use auto, cpu, cuda, cuda:1 or mps") from error
    if device.type == "cuda":
        return _gpu(local_rank if device.index is None else device.index)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UserError("this machine has no Apple GPU: use --device auto or --device cpu")
    if device.type not in ("cpu", "mps"):
        raise UserError(f"the device {name!r} is not supported: use auto, cpu, cuda, cuda:1 or mps")
    return device


def choose_precision(name: str, device: torch.device) -> Precision:
    """The precision that `name` (`auto`, `fp32`, `bf16`, `fp16`) asks for on `device`.

    `auto` is bf16 where the device computes in it, fp16 on an older GPU, otherwise fp32.

    Raises:
        UserError: there is no such precision, or the device has none.
    """
    if name == "auto":
        fallback = "fp16" if device.type == "cuda" else "fp32"
        return Precision("bf16" if has_bfloat16(device) else fallback, device)
    if name not in DTYPES:
        raise UserError(f"there is no precision {name!r}: use auto, {', '.join(DTYPES)}")
    if device.type == "mps" and name != "fp32":
        raise UserError(f"{name} is not supported on mps: use --precision fp32")
    if name == "bf16" and device.type == "cuda" and not has_bfloat16(device):
        raise UserError(f"the GPU {device} has no bfloat16: use --precision fp16 or auto")
    if device.type == "cpu" and (name == "fp16" or (name == "bf16" and not has_bfloat16(device))):
        log.warning("this CPU has no fast %s: --precision auto is quicker", name)
    return Precision(name, device)


def has_bfloat16(device: torch.device) -> bool:
    """Whether `device` multiplies bfloat16 faster than float32: GPUs from Ampere on, CPUs with AMX.

    AVX512-BF16 alone is not enough: a training step takes longer there than in float32
    (docs/results/training.md).
    """
    if device.type == "cuda":
        with torch.cuda.device(device):
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    if known := instructions():
        return "amx_bf16" in known.split()
    # Not Linux: ask torch, whose names for this are not public and may go.
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())


def has_bfloat16_units() -> bool:
    """Whether this CPU multiplies bfloat16 at all, be it no faster than float32: AMX or AVX512-BF16."""
    return has_bfloat16(torch.device("cpu")) or "avx512_bf16" in instructions().split()


def _join(name: str, gpu_ids: list[int]) -> str:
    """One name for a device name and a list of GPU numbers."""
    device = f"cuda:{gpu_ids[0]}" if gpu_ids else "cpu"
    if name in ("auto", device, device.partition(":")[0]):
        return device
    ids = ",".join(map(str, gpu_ids)) or "-1"
    raise UserError(f"--device {name} and --gpu_ids {ids} contradict each other: leave one of them out")


def _gpu(index: int) -> torch.device:
    if not torch.cuda.is_available():
        raise UserError("no GPU is usable here: leave --device and --gpu_ids out, or use --device cpu")
    count = torch.cuda.device_count()
    if index >= count:
        raise UserError(f"there is no GPU {index}: this machine has {count}, numbered from 0")
    if trouble := _trouble(index):
        raise UserError(f"GPU {index} does not work ({trouble}): try --device cpu, and `doctor` for more")
    return torch.device("cuda", index)


def _trouble(index: int) -> str:
    """Why GPU `index` cannot compute, empty when it can: drivers offer GPUs that torch has no code for."""
    try:
        torch.ones(2, device=f"cuda:{index}").sum().item()
    except (RuntimeError, AssertionError) as error:
        return first_line(error)
    return ""
