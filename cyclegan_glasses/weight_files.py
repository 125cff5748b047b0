"""Files of weights: tensors and plain values, never code, written whole. Most say their format.

What a file of others may make of memory is bounded by its size: before anything is built, its pickle is
looked through for what no writer here or in the reference implementation writes, members that unpack to
more than they take are refused, and so is a tensor that is larger than what is stored of it.
"""

from __future__ import annotations

import io
import os
import pickletools
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import torch
from torch import Tensor

from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.files import atomic_write, make_folder, open_regular
from cyclegan_glasses.zip_files import open_zip

Content = TypeVar("Content")
MEMBERS = 100_000
_PICKLE_BYTES = 64 << 20
_SHARED = 4  # tensors may share what is stored, as averages do with their networks
_KNOWN = re.compile(
    r"collections OrderedDict|torch (?:\w+Storage|Size)"
    r"|torch\._utils _rebuild_(?:tensor|tensor_v2|parameter)|torch\.nn\.parameter Parameter"
)
"""What a pickle of weights names; a pickle is a program, and these make no more than it holds."""
_NAMING = {"GLOBAL"}
_CALLING = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}
_LEGACY_PICKLES = 5  # of files from before torch 1.6: magic, protocol, system, objects, keys of the storages
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

    def explain(error: Exception) -> UserError:
        return UserError(f"{path} is not whole, or holds no {kind.label} ({error}): {kind.advice}")

    with explained(explain):
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
        file = open_regular(path)
    except FileNotFoundError:
        raise UserError(f"{path} is not there: check --name, --checkpoints_dir and --epoch") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {reason_of(error)}") from error
    untrusted = f"{path} is cut off, or holds more than weights and is not trusted: take an earlier one"
    with explained(lambda _: UserError(untrusted)), file:
        _check_container(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
        _check_tensors(state, file.seek(0, os.SEEK_END))
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


def _check_container(file: BinaryIO) -> None:
    """Raise `ValueError` where a file could take more memory than its size, or names what is not known."""
    if zipfile.is_zipfile(file):
        with open_zip(file, MEMBERS) as members:
            infos = members.infolist()
            size = file.seek(0, os.SEEK_END)
            stored = all(info.compress_type == zipfile.ZIP_STORED for info in infos)
            if not stored or sum(info.file_size for info in infos) > size:
                raise ValueError("members that unpack to more than they take")
            for info in infos:
                if info.filename.endswith(".pkl"):
                    if info.file_size > _PICKLE_BYTES:
                        raise ValueError("a pickle that is too long")
                    _check_pickle(io.BytesIO(members.read(info)))
    else:
        file.seek(0)
        for _ in range(_LEGACY_PICKLES):
            _check_pickle(file)
    file.seek(0)


def _check_pickle(file: BinaryIO) -> None:
    for opcode, argument, _ in pickletools.genops(file):
        named = opcode.name in _NAMING
        if opcode.name in _CALLING or (named and not _KNOWN.fullmatch(str(argument))):
            raise ValueError(f"a pickle with {argument if named else opcode.name}")


def _check_tensors(state: Any, size: int) -> None:
    """Raise `ValueError` for a tensor beyond what is stored of it, or for all together beyond the file."""
    total = 0
    for tensor in _tensors_in(state):
        held = tensor.numel() * tensor.element_size()
        total += held
        if tensor.layout != torch.strided or tensor.is_meta or held > tensor.untyped_storage().nbytes():
            raise ValueError(f"a tensor of {tuple(tensor.shape)} that is not stored whole")
    if total > _SHARED * size:
        raise ValueError("tensors that are larger than the file")


def _tensors_in(state: Any) -> Iterator[Tensor]:
    """Every tensor in nested containers; one that is there several times is given as often, but a container
    is looked into once."""
    waiting, seen = [state], set[int]()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Mapping | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            waiting += value.values() if isinstance(value, Mapping) else value


def half(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` on the CPU, floats in half precision: a file of half the size."""
    return {name: (x.half() if x.is_floating_point() else x).cpu() for name, x in weights.items()}


def full(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` with their floats in float32."""
    return {name: x.float() if x.is_floating_point() else x for name, x in weights.items()}
