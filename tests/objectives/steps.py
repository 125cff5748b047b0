"""Takes steps of a small model and writes where they lead; run by `torchrun` or in the test's own process."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.distributed import ALONE, DistributedContext, join
from cyclegan_glasses.networks.settings import (
    AutoencoderSettings,
    DiscriminatorSettings,
    GeneratorSettings,
    IseeSettings,
    ReaderSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives.registry import build_objective
from cyclegan_glasses.objectives.settings.base import AdamSettings
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.faces import FacelyzrSettings, FacemathSettings
from cyclegan_glasses.objectives.settings.supervised import SupervisedSettings

CPU = torch.device("cpu")
STEPS = 10
SMALL = DiscriminatorSettings(filters=2)
CYCLEGAN = CycleGANSettings(
    generator=GeneratorSettings("resnet_6blocks", filters=2), discriminator=SMALL, pool_size=0, ema=0.9
)
BATCH_NORM = replace(
    CYCLEGAN,
    generator=replace(CYCLEGAN.generator, norm="syncbatch"),
    discriminator=replace(SMALL, norm="syncbatch"),
)
PAIRS = SupervisedSettings(
    ResidualUnetSettings(filters=(2, 3), kernels=(5, 3)), lambda_gan=0.5, discriminator=SMALL
)
#: Models and settings by name. The first ones are exact; the last two have batch norms, whose statistics are
#: each process's own.
CASES: dict[str, tuple[str, Any]] = {
    "cyclegan": ("cyclegan", CYCLEGAN),
    "cyclegan in parts": ("cyclegan", replace(CYCLEGAN, micro_batch=1, adam=AdamSettings(clip=0.5))),
    "cyclegan with syncbatch": ("cyclegan", BATCH_NORM),
    "mask2face": ("mask2face", PAIRS),
    "isee": ("isee", SupervisedSettings(IseeSettings(3, 3, filters=4), "l2")),
    "facelyzr": ("facelyzr", FacelyzrSettings(ReaderSettings(16, (2, 4), 4), pretraining="joint")),
    "facemath": ("facemath", FacemathSettings(AutoencoderSettings(16, (2, 4), 4))),
}
EXACT = tuple(CASES)[:5]


def batch(step: int, distributed: DistributedContext, each: int = 2) -> dict[str, torch.Tensor]:
    """Every process's share of four pictures a side; of one process, all of them."""
    rng = torch.Generator().manual_seed(step)
    mine = slice(distributed.rank, None, distributed.size)
    return {side: (torch.rand(2 * each, 3, 24, 24, generator=rng) * 2 - 1)[mine] for side in "AB"}


def run(case: str, distributed: DistributedContext = ALONE) -> dict[str, Any]:
    """The mean losses of each step, and the weights after the last."""
    model, settings = CASES[case]
    objective = build_objective(model, settings, Precision("fp32", CPU), seed=3, distributed=distributed)
    losses = []
    for step in range(STEPS):
        terms = objective.step(batch(step, distributed), step / STEPS)
        losses.append(distributed.mean(torch.stack([terms[name] for name in objective.loss_names])))
    weights = {name: network.state_dict() for name, network in objective.weights.items()}
    return {"losses": torch.stack(losses), "weights": weights}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    with join(CPU) as together:
        found = {case: run(case, together) for case in CASES}
        torch.save(found, Path(sys.argv[1]) / f"{together.rank}.pt")
