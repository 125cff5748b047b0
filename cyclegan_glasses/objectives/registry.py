"""Every model that `--model` knows. A new one is a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.facelyzr import FacelyzrObjective
from cyclegan_glasses.objectives.facemath import FacemathObjective
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.objectives.supervised import Supervised

OBJECTIVES: dict[str, Callable[[Any, torch.device, Precision, int], Objective]] = {
    "cyclegan": CycleGAN,
    "facelyzr": FacelyzrObjective,
    "facemath": FacemathObjective,
    "mask2face": Supervised,
    "isee": Supervised,
}


def build_objective(model: str, settings: Any, precision: Precision, seed: int) -> Objective:
    """A new model on the device of `precision`.

    Where several processes train together they begin with the same weights, and each has a chance of its own.
    """
    rank = precision.ranks.rank
    torch.manual_seed(seed)
    objective = OBJECTIVES[model](settings, precision.device, precision, seed + 1000 * rank)
    if rank:
        torch.manual_seed(seed + rank)
    return objective
