"""Between pixels, uint8 levels of 0 to 255, and what networks read, float32 in [-1, 1], as tensors.

`values` does the same with arrays, bit for bit.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cyclegan_glasses.values import LEVELS, LUMINANCE


def from_levels(levels: Tensor, memory_format: torch.memory_format = torch.preserve_format) -> Tensor:
    """Levels of any shape in [0, 1] as float32: the same bits on every device."""
    values = levels.to(torch.float32, memory_format=memory_format, copy=True)
    # Divided by a tensor: a GPU takes a plain number's reciprocal and multiplies, which rounds otherwise.
    values /= torch.full((), 255.0, device=values.device)
    return values


def normalize(levels: Tensor, memory_format: torch.memory_format = torch.preserve_format) -> Tensor:
    """Levels of any shape as float32 in [-1, 1], as torchvision's `ToTensor` and `Normalize(0.5, 0.5)`."""
    return from_levels(levels, memory_format).sub_(0.5).div_(0.5)


def to_tensor(pixels: np.ndarray, device: torch.device | None = None) -> Tensor:
    """uint8 (..., height, width, channels) as float32 (..., channels, height, width) in [-1, 1]."""
    levels = torch.from_numpy(np.require(pixels, requirements=["C", "W"]))
    return normalize(levels.to(device).movedim(-1, -3), torch.contiguous_format)


def to_levels(values: Tensor) -> Tensor:
    """Values of any shape in [-1, 1] as levels, neither rounded nor clipped."""
    return (values + 1) * LEVELS


def quantize(values: Tensor) -> Tensor:
    """Values of any shape as uint8 levels, rounded; what lies beyond [-1, 1] is clipped."""
    return to_levels(values.detach().float().clamp(-1, 1)).round().byte()


def to_pixels(values: Tensor) -> np.ndarray:
    """Values (..., channels, height, width) as uint8 (..., height, width, channels), see `quantize`."""
    return quantize(values).movedim(-3, -1).contiguous().cpu().numpy()


def to_rgb(values: Tensor) -> np.ndarray:
    """One picture, (1 or 3, height, width), as uint8 RGB (height, width, 3), see `quantize`."""
    return to_pixels(values.expand(3, -1, -1))


def luminance(values: Tensor) -> Tensor:
    """Grey (N, 1, height, width) of RGB (N, 3, height, width)."""
    weights = torch.tensor(LUMINANCE, dtype=torch.float32).to(values)
    return (values * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)
