"""Every model that `--model` knows. A new one is a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.facelyzr import FacelyzrObjective
from cyclegan_glasses.objectives.facemath import FacemathObjective
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.objectives.supervised import Supervised

#: Called with settings, precision, seed and the processes that train together.
OBJECTIVES: dict[str, Callable[[Any, Precision, int, DistributedContext], Objective]] = {
    "cyclegan": CycleGAN,
    "facelyzr": FacelyzrObjective,
    "facemath": FacemathObjective,
    "mask2face": Supervised,
    "isee": Supervised,
}


def build_objective(
    model: str, settings: Any, precision: Precision, seed: int, distributed: DistributedContext = ALONE
) -> Objective:
    """A new model on the device of `precision`.

    Where several processes train together they begin with the same weights, and their random numbers differ.
    """
    torch.manual_seed(seed)
    objective = OBJECTIVES[model](settings, precision, seed + 1000 * distributed.rank, distributed)
    if distributed.rank:
        torch.manual_seed(seed + distributed.rank)
    return objective
