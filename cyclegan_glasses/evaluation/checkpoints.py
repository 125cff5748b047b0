"""Which models and checkpoints are evaluated, and at which size. Free of torch until it opens a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.evaluation.settings import PROTOCOLS, Protocol
from cyclegan_glasses.training.run_folder import read_options


def find_model(name: str, runs: Path) -> Path:
    """The run `name` in the folder `runs`, or the folder or file that is called so.

    Raises:
        UserError: there is none.
    """
    for path in (runs / name, Path(name)):
        if path.exists():
            return path
    raise UserError(f"there is no run {runs / name}: check --name and --checkpoints_dir")


def checkpoint_labels(path: Path, asked: Sequence[str], direction: str) -> list[str]:
    """The checkpoints of a run that were asked for, in order; `all` is every one with a number.

    A file has one, without a label.

    Raises:
        UserError: `asked` does not suit a file, or there are no numbers.
    """
    if not path.is_dir():
        if list(asked) != ["latest"]:
            raise UserError(f"{path} is one model: leave --epoch out")
        return [""]
    if list(asked) != ["all"]:
        return list(dict.fromkeys(asked))
    from cyclegan_glasses.editing.models import saved_labels

    numbered = sorted(filter(str.isdecimal, saved_labels(path, direction)), key=int)
    if not numbered:
        raise UserError(f"{path} has no numbered checkpoints: leave --epoch all out")
    return numbered


def choose_protocol(model: Path, name: str = "", crop_size: int = 0) -> Protocol:
    """The published protocol `name`; without one the way in which the model was trained.

    Args:
        model: folder of a run, or a file of weights.
        crop_size: side of the pictures, instead of the model's; 0 for that.

    Raises:
        UserError: there is no such protocol, or it fixes the size.
    """
    if name:
        one_of("protocol", name, PROTOCOLS)
        if crop_size:
            raise UserError("--protocol fixes the size: leave --crop_size out")
        return PROTOCOLS[name]
    if model.is_dir():
        saved = read_options(model)
    else:
        import torch

        from cyclegan_glasses.editing.package import load_model

        saved = {"crop_size": load_model(model, torch.device("cpu")).size}
    size = crop_size or int(saved.get("crop_size", 256))
    return Protocol("", str(saved.get("preprocess", "resize_and_crop")), size, size)
