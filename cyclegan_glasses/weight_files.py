"""Files of weights: tensors and plain values, never code, written whole. Most say their format."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from cyclegan_glasses.errors import UserError, explained
from cyclegan_glasses.files import atomic_write, make_folder

Content = TypeVar("Content")
WRAPPERS = ("module.", "_orig_mod.")
"""What `DataParallel`, `DistributedDataParallel` and `torch.compile` write before the keys of a network."""


@dataclass(frozen=True, slots=True)
class WeightFormat:
    """What a versioned file of weights holds.

    Attributes:
        name: stands in the file under `format`. Files of before have none.
        version: of what is written now; newer files are refused.
        label: what the file holds, for messages.
        advice: what to do where it holds something else, for messages.
        oldest: the first version that is still read.
    """

    name: str
    version: int
    label: str
    advice: str
    oldest: int = 1

    def stamp(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """`content` with format and version."""
        return {"format": self.name, "version": self.version, **content}


def save(path: Path, kind: WeightFormat, content: Mapping[str, Any]) -> None:
    """Write tensors and plain values with format and version, for `load`.

    Raises:
        UserError: the file cannot be written.
    """
    write_tensors({path: kind.stamp(content)})


def load(path: Path, kind: WeightFormat, build: Callable[[dict[str, Any]], Content]) -> Content:
    """What `build` makes of the file in `path`, whose tensors are on the CPU.

    Raises:
        UserError: the file is not there, not whole, of another format or of a version that is not read.
    """
    state = load_tensors(path)
    try:
        if state.get("format", kind.name) != kind.name:
            raise UserError(f"{path} holds no {kind.label}: {kind.advice}")
        if (version := state["version"]) > kind.version:
            raise UserError(
                f"{path} is of version {version}, this toolkit reads up to {kind.version}: update it"
            )
        if version < kind.oldest:
            raise UserError(
                f"{path} is of version {version}, this toolkit reads from {kind.oldest} on: {kind.advice}"
            )
        return build(state)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise UserError(f"{path} is not whole, or holds no {kind.label} ({error}): {kind.advice}") from error


def write_tensors(files: Mapping[Path, Any]) -> None:
    """Write files of tensors and plain values. Nothing takes its place until all are on the disk, the last of
    `files` takes it last.

    Raises:
        UserError: no space is left, or a folder cannot be written.
    """
    with ExitStack() as written:
        for path, content in reversed(list(files.items())):
            make_folder(path.parent)
            file = written.enter_context(atomic_write(path))
            buffer = io.BytesIO()  # torch itself hides why the disk refuses
            torch.save(content, buffer)
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())


def load_tensors(path: Path) -> dict[str, Any]:
    """Read a file of tensors and plain values, never of code, onto the CPU.

    Raises:
        UserError: it is not there, cut off, or holds anything else.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UserError(f"{path} is not there: check --name, --checkpoints_dir and --epoch") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    untrusted = f"{path} is cut off, or holds more than weights and is not trusted: take an earlier one"
    with explained(lambda _: UserError(untrusted)), file:
        state = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise UserError(f"{path} holds no dictionary of weights")
    return state


def load_network_weights(path: Path) -> dict[str, Tensor]:
    """The plain state dict in `path`, ours or that of the reference implementation.

    Keys lose what DataParallel and torch.compile write before every one of them.

    Raises:
        UserError: see `load_tensors`, or a value is not a tensor.
    """
    weights = load_tensors(path)
    if not weights or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in weights.items()):
        raise UserError(f"{path} is not a plain state dict of one network")
    return without_wrappers(weights)


def without_wrappers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` without the prefixes of wrappers that all their keys have, however many there are."""
    weights = dict(weights)
    while weights and (
        prefix := next((p for p in WRAPPERS if all(key.startswith(p) for key in weights)), "")
    ):
        weights = {key.removeprefix(prefix): value for key, value in weights.items()}
    return weights


def half(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` on the CPU, floats in half precision: a file of half the size."""
    return {name: (x.half() if x.is_floating_point() else x).cpu() for name, x in weights.items()}


def full(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` with their floats in float32."""
    return {name: x.float() if x.is_floating_point() else x for name, x in weights.items()}
