"""Pictures of a program's own, as the editor works on them, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from cyclegan_glasses.editing.photograph import GREY_OR_COLOUR


def to_array(picture: Any) -> np.ndarray:
    """A PIL image, array or tensor (see `editor.GlassesEditor.edit`) as (height, width, channels).

    Raises:
        ValueError: it is another kind of picture.
    """
    if isinstance(picture, Image.Image):
        if picture.mode not in (*GREY_OR_COLOUR, "I;16"):
            kinds = ", ".join((*GREY_OR_COLOUR, "I;16"))
            raise ValueError(f"a picture of mode {picture.mode}: convert it to one of {kinds}")
        values = np.asarray(picture)
    elif isinstance(picture, torch.Tensor):
        if picture.ndim != 3:
            raise ValueError(f"a tensor of shape {tuple(picture.shape)}: give (channels, height, width)")
        values = picture.detach().cpu().permute(1, 2, 0).numpy()
    else:
        values = np.asarray(picture)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or not 1 <= values.shape[2] <= 4 or 0 in values.shape:
        raise ValueError(f"an array of shape {values.shape}: give (height, width) or (height, width, 1 to 4)")
    if np.issubdtype(values.dtype, np.floating):
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError("floats must lie between 0 and 1")
    elif values.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"an array of {values.dtype}: give uint8, uint16, or floats from 0 to 1")
    return np.ascontiguousarray(values)


def from_array(values: np.ndarray, like: Any) -> Any:
    """(height, width, channels) as what `like` was given to `to_array`."""
    if isinstance(like, Image.Image):
        picture = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
        picture.info = dict(like.info)
        return picture
    if isinstance(like, torch.Tensor):
        return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1))).to(like.device)
    return values[:, :, 0] if like.ndim == 2 else values
