"""A step never waits for the device: on a GPU that would leave it idle between kernels."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.networks.settings import DiscriminatorSettings, ResidualUnetSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.base import AdamSettings
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.supervised import SupervisedSettings
from cyclegan_glasses.objectives.supervised import Supervised
from cyclegan_glasses.training.health import LossLog

GENERATOR = ResidualUnetSettings(filters=(2, 2), kernels=(3, 3), composite=True)
DISCRIMINATOR = DiscriminatorSettings("pixel", filters=2)
CYCLEGAN = CycleGANSettings(
    generator=GENERATOR,
    discriminator=DISCRIMINATOR,
    adam=AdamSettings(clip=1.0),
    ema=0.9,
    pool_size=2,
    mismatched=True,
    lambda_pair=1.0,
)


@pytest.mark.parametrize(
    "settings",
    [
        CYCLEGAN,
        replace(CYCLEGAN, micro_batch=1, recompute=True),
        SupervisedSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, lambda_gan=1.0, ema=0.9),
    ],
    ids=["cyclegan", "micro-batches", "pairs"],
)
def test_a_step_reads_no_number_back(settings: CycleGANSettings | SupervisedSettings) -> None:
    """Tensors of the device `meta` have shapes and no values, so whoever asks for one gets an error."""
    meta = torch.device("meta")
    kind = CycleGAN if isinstance(settings, CycleGANSettings) else Supervised
    objective = kind(settings, Precision("fp32", meta))
    log = LossLog(objective.loss_names)
    batch = {name: torch.empty(2, 3, 16, 16, device=meta) for name in ("A", "B", "pair_A", "pair_B")}
    for _ in range(3):
        log.add(objective.step(batch))
    assert {picture.device for picture in objective.pictures.values()} == {meta}
    with pytest.raises(NotImplementedError, match="meta"):
        log.read(3)
