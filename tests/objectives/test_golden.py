"""The training step against numbers that the reference implementation produced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

CPU = torch.device("cpu")
Weights = dict[str, dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def trajectory(shared: Path) -> dict[str, np.ndarray]:
    path = shared / "ref" / "cyclegan_vanilla_trajectory.npz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with np.load(path) as archive:
        return dict(archive)


def weights(trajectory: dict[str, np.ndarray], moment: str) -> Weights:
    nets: Weights = {}
    for key, value in trajectory.items():
        if key.startswith(f"vanilla/{moment}/"):
            _, _, net, name = key.split("/")
            nets.setdefault(net, {})[name] = torch.from_numpy(value)
    return nets


def five_steps(trajectory: dict[str, np.ndarray], library: bool) -> tuple[np.ndarray, Weights]:
    """Losses (5, 8) and final weights from the reference's start, with oneDNN's convolutions or without."""
    settings = CycleGANSettings(
        generator=GeneratorSettings(kind="resnet_6blocks", filters=8),
        discriminator=DiscriminatorSettings(filters=8),
        gan_mode="vanilla",
        pool_size=0,
        plain=True,
    )
    model = CycleGAN(settings, Precision("fp32", CPU))
    model.load_weights(weights(trajectory, "init"))
    losses = []
    with torch.backends.mkldnn.flags(enabled=library):
        for step in range(5):
            batch = {side: torch.from_numpy(trajectory[f"input/{step}/{side}"]) for side in "AB"}
            found = model.step(batch)
            losses.append([found[str(name)].item() for name in trajectory["loss_names"]])
    return np.array(losses), {net: dict(network.state_dict()) for net, network in model.weights.items()}


def test_five_steps_agree_with_the_reference(trajectory: dict[str, np.ndarray], one_thread: None) -> None:
    """Our users' recipes mean the same here: losses within 1e-4 relative, final weights within 1e-5.

    Where the processor rounds as the reference's did (AVX-512), all agree to the last bit. Elsewhere rounding
    grows from step to step, since Adam takes a full step along a gradient however small: from the third step
    on, the reference may be as far as two correct convolutions of this machine are from each other.
    """
    losses, final = five_steps(trajectory, library=True)
    other_losses, other_final = five_steps(trajectory, library=False)
    wanted = trajectory["vanilla/losses"]
    apart = np.abs(losses / wanted - 1).max(axis=1)
    rounding = np.abs(losses / other_losses - 1).max(axis=1)
    assert (apart[:2] < 1e-4).all()
    assert (apart < np.maximum(1e-4, rounding)).all()
    for net, tensors in weights(trajectory, "final").items():
        assert final[net].keys() == tensors.keys()
        for name, value in tensors.items():
            spread = (final[net][name] - other_final[net][name]).abs().max().item()
            assert (final[net][name] - value).abs().max().item() <= max(1e-5, 2 * spread), f"{net} {name}"
