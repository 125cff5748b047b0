"""What an editor needs of a model: the one that ships, or one of a person's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.models import EditingModel
from cyclegan_glasses.editing.shipped_model import check_shipped, load_shipped
from cyclegan_glasses.shipped import is_shipped

if TYPE_CHECKING:
    import torch


def load_model(
    where: str | Path | None,
    device: str | torch.device = "auto",
    direction: str = REMOVE,
    runs: Path = Path("checkpoints"),
    label: str = "latest",
    asked: Mapping[str, Any] | None = None,
    size: int | None = None,
    precision: str = "fp32",
) -> EditingModel:
    """Load a model. The one that ships runs on the CPU by onnxruntime; others, and on a GPU or in another
    precision this one too, by torch.

    Args:
        where: a packed model or an algebra of faces (`.pt`), a bare generator of ours or of
            pytorch-CycleGAN-and-pix2pix (`.pth`), the folder of a run or the name of one below `runs`; None
            and `shipped` are the model that ships.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`; `auto` is the CPU for the model that ships.
        direction: which way a bare generator goes, unless its name says so (`…_G_A.pth` removes).
        label: the saved epoch of a run.
        asked: fields of `GeneratorSettings` that a person insists on; the rest is read off the weights.
        size: of the aligned faces, if the run does not say it or not rightly; 256 for a bare generator.
        precision: `fp32`, `bf16`, `fp16`, or `auto` for what the device is fastest in.

    Raises:
        UserError: there is no such model, device or precision, or the model cannot be read.
    """
    if is_shipped(where, runs) and str(device) in ("auto", "cpu") and precision in ("auto", "fp32"):
        check_shipped(label, asked, size)
        return load_shipped()
    from cyclegan_glasses.editing.trained_models import load_model as load_trained

    return load_trained(where, device, direction, runs, label, asked, size, precision)
