"""The training step against numbers that the reference implementation produced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings import CycleGANSettings

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def trajectory(shared: Path) -> dict[str, np.ndarray]:
    path = shared / "ref" / "cyclegan_vanilla_trajectory.npz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with np.load(path) as archive:
        return dict(archive)


def weights(trajectory: dict[str, np.ndarray], moment: str) -> dict[str, dict[str, torch.Tensor]]:
    nets: dict[str, dict[str, torch.Tensor]] = {}
    for key, value in trajectory.items():
        if key.startswith(f"vanilla/{moment}/"):
            _, _, net, name = key.split("/")
            nets.setdefault(net, {})[name] = torch.from_numpy(value)
    return nets


def test_five_steps_agree_with_the_reference(trajectory: dict[str, np.ndarray], one_thread: None) -> None:
    """Losses within 1e-4 relative and final weights within 1e-5: our users' recipes mean the same here."""
    settings = CycleGANSettings(
        generator=GeneratorSettings(kind="resnet_6blocks", filters=8),
        discriminator=DiscriminatorSettings(filters=8),
        gan_mode="vanilla",
        pool_size=0,
        plain=True,
    )
    model = CycleGAN(settings, CPU, Precision("fp32", CPU))
    model.load_weights(weights(trajectory, "init"))
    names = [str(name) for name in trajectory["loss_names"]]
    for step in range(5):
        batch = {side: torch.from_numpy(trajectory[f"input/{step}/{side}"]) for side in "AB"}
        losses = model.step(batch)
        np.testing.assert_allclose(
            [losses[name].item() for name in names], trajectory["vanilla/losses"][step], rtol=1e-4
        )
    for net, tensors in weights(trajectory, "final").items():
        ours = model.weights()[net].state_dict()
        assert ours.keys() == tensors.keys()
        for name, value in tensors.items():
            torch.testing.assert_close(ours[name], value, rtol=0, atol=1e-5)
