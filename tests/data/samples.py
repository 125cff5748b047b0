"""Samples of data sets, in tensors."""

from __future__ import annotations

from typing import Any

import torch

from cyclegan_glasses.data.datasets import Dataset
from cyclegan_glasses.data.transforms import Cut, to_values


def sample_of(dataset: Dataset, epoch: int, index: int) -> dict[str, Any]:
    """A sample with tensors in the place of its cuts."""

    def to_tensor(cut: Cut) -> torch.Tensor:
        return to_values(torch.from_numpy(cut.pixels[None].copy()), torch.tensor([cut.mirror]), cut.mask)[0]

    sample = dataset[epoch, index]
    return {name: to_tensor(value) if isinstance(value, Cut) else value for name, value in sample.items()}
