"""The folder of a run holds one configuration. Free of torch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import cache_folder, make_folder, read_json, real_path, write_json, write_text
from cyclegan_glasses.photo import MANIFEST, manifest_hash
from cyclegan_glasses.records import checked

OPTIONS_FILE = "train_opt.json"
Value = TypeVar("Value")
LONG_MANIFEST = 4 << 20  # bytes


def check_folder(
    folder: Path,
    saved: Mapping[str, Any],
    values: Mapping[str, Any],
    continue_train: bool,
    free: Collection[str],
    shape: Collection[str],
) -> list[str]:
    """Refuse to mix two configurations in one folder; writes nothing.

    Args:
        saved, values: options of the run in `folder` (empty if there is none) and those asked for.
        free: options that may always differ.
        shape: options that may not differ even when the run goes on.

    Returns:
        What changes in a run that goes on, an option a line.

    Raises:
        UserError: the folder holds a run that this one would overwrite or cannot go on with.
    """
    changed = {
        name: f"{name} {json.dumps(saved[name])} -> {json.dumps(values[name])}"
        for name in values
        if name in saved and name not in free and json.loads(json.dumps(values[name])) != saved[name]
    }
    if not continue_train:
        if not any(folder.glob("*.pt")) and not any(folder.glob("*_net_*.pth")):
            return []
        difference = f" with other options ({', '.join(changed.values())})" if changed else ""
        raise UserError(
            f"{folder} already holds a run{difference}: take another --name, add --continue_train with that"
            " run's options to go on with it, or remove the folder"
        )
    if wrong := [line for name, line in changed.items() if name in shape]:
        raise UserError(
            f"{folder} cannot go on with other networks ({', '.join(wrong)}): take another --name"
        )
    return list(changed.values())


Plain = bool | int | float | str | None
Saved = Plain | list[Plain]
"""What the value of an option may be."""


def read_options(folder: Path) -> dict[str, Any]:
    """The options that the run in `folder` was started with; empty if it has none.

    Raises:
        UserError: the file is there but cannot be read.
    """
    path = folder / OPTIONS_FILE
    try:
        return dict(checked(dict[str, Saved], read_json(path), "the table of options"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        advice = "remove it and give the options again"
        raise UserError(f"{path} cannot be read ({reason_of(error)}): {advice}") from error


def saved_option(options: Mapping[str, Any], name: str, kind: type[Value], default: Value) -> Value:
    """An option of `read_options`.

    Raises:
        UserError: it is of another type than `kind`.
    """
    try:
        value: Value = checked(kind, options.get(name, default), f"its {name}")
        return value
    except ValueError as error:
        raise UserError(f"{OPTIONS_FILE} is not of a run ({error}): mend it or remove it") from None


def name_data(dataroot: str, paired_dataroot: str = "", unpaired_dataroot: str = "") -> dict[str, str]:
    """The hashes of the manifests there, as options to write down; nothing where there is no manifest.

    They name the photos that a run was trained on (`photo.manifest_hash`).
    """
    roots = {
        "manifest_hash": dataroot,
        "paired_manifest_hash": paired_dataroot,
        "unpaired_manifest_hash": unpaired_dataroot,
    }
    return {
        name: _hash_of(Path(root))
        for name, root in roots.items()
        if root and (Path(root) / MANIFEST).is_file()
    }


def _hash_of(folder: Path) -> str:
    """`manifest_hash`; that of a long manifest takes seconds, so it is remembered until the file changes."""
    manifest = real_path(folder / MANIFEST)
    found = manifest.stat()
    if found.st_size < LONG_MANIFEST:
        return manifest_hash(folder)
    stamp = f"{manifest} {found.st_size} {found.st_mtime_ns}".encode("utf-8", "surrogateescape")
    kept = cache_folder() / "manifests" / f"{hashlib.sha256(stamp).hexdigest()[:32]}.txt"
    try:
        if re.fullmatch("[0-9a-f]{64}", known := kept.read_text(encoding="ascii")):
            return known
    except (OSError, ValueError):
        pass
    value = manifest_hash(folder)
    with suppress(UserError, OSError):  # a home that cannot be written to
        make_folder(kept.parent)
        write_text(kept, value)
    return value


def write_options(folder: Path, values: Mapping[str, Any]) -> None:
    """Write the options twice: `train_opt.json` to reuse, `train_opt.txt` to read."""
    make_folder(folder)
    write_json(folder / OPTIONS_FILE, dict(values))
    write_text(folder / "train_opt.txt", describe_options(values) + "\n")


def describe_options(values: Mapping[str, Any]) -> str:
    """One option a line, sorted, to read."""
    width = max(len(name) for name in values)
    return "\n".join(f"{name:>{width}}: {value}" for name, value in sorted(values.items()))
