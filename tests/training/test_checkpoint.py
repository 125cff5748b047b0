"""The state of a run on disk: whole, exact, and not trusted."""

from __future__ import annotations

import errno
import os
import random
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
from cyclegan_glasses.objectives.cyclegan import CycleGAN
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.training.checkpoint import (
    STATE,
    load_checkpoint,
    save_checkpoint,
    state_path,
)
from cyclegan_glasses.weight_files import load_network_weights, load_tensors
from tests.training.helpers import OneNumber

CPU = torch.device("cpu")
LOOP = {"epoch": 2, "pictures": 4, "sums": torch.ones(2, dtype=torch.float64)}
NAMES = ["latest.pt", *(f"latest_net_{name}.pth" for name in ("D_A", "D_B", "G_A", "G_B"))]


def cyclegan(filters: int = 1, **changes: Any) -> CycleGAN:
    settings = CycleGANSettings(
        generator=GeneratorSettings("resnet_6blocks", filters=filters),
        discriminator=DiscriminatorSettings("pixel", filters=filters),
        **changes,
    )
    return CycleGAN(settings, Precision("fp32", CPU))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(folder: Path, objective: Any = None) -> str:
    """The one line that loading `latest` from `folder` ends with."""
    with pytest.raises(UserError) as error:
        load_checkpoint(folder, "latest", objective or OneNumber(), dict)
    assert "\n" not in str(error.value)
    assert str(folder / "latest.pt") in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "label, name", [("latest", "latest.pt"), ("5", "epoch_5.pt"), ("iter_2000", "iter_2000.pt")]
)
def test_names(label: str, name: str) -> None:
    assert state_path(Path("x"), label) == Path("x", name)


def test_everything_comes_back(tmp_path: Path) -> None:
    """Weights, the loop's place, and the random states of torch, numpy and Python."""
    objective, other, found = OneNumber(), OneNumber(), {}
    save_checkpoint(tmp_path / "new" / "run", "3", objective, LOOP)
    drawn = [torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()]
    load_checkpoint(tmp_path / "new" / "run", "3", other, found.update)
    assert torch.equal(other.network.weight, objective.network.weight)
    assert found["epoch"] == 2 and torch.equal(found["sums"], LOOP["sums"])
    assert [torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()] == drawn
    assert sorted(contents(tmp_path / "new" / "run")) == ["3_net_G_A.pth", "epoch_3.pt"]
    weights = load_network_weights(tmp_path / "new" / "run" / "3_net_G_A.pth")
    assert torch.equal(weights["weight"], objective.network.weight)


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 6])
def test_a_full_disk_leaves_every_earlier_file_as_it_was(
    call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file the disk has no room for, the earlier state can be gone on from."""
    save_checkpoint(tmp_path, "latest", cyclegan(), LOOP)
    before = contents(tmp_path)
    assert sorted(before) == NAMES
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError) as error:
        save_checkpoint(tmp_path, "latest", cyclegan(), LOOP)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"no space is left to write {tmp_path}/latest")
    assert contents(tmp_path) == before


def test_a_real_limit_leaves_every_earlier_file_as_it_was(tmp_path: Path) -> None:
    """The same with a limit that the system itself keeps, in the middle of the state file."""
    save_checkpoint(tmp_path, "latest", cyclegan(), LOOP)
    before = contents(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before["latest.pt"]) // 2, limits[1]))
    try:
        with pytest.raises(UserError, match=r"cannot write .*latest\.pt"):
            save_checkpoint(tmp_path, "latest", cyclegan(), LOOP)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(tmp_path) == before


def test_the_state_is_the_first_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between two files leaves no weights without the state that they belong to."""
    order: list[str] = []
    replace = Path.replace

    def note(self: Path, target: Path) -> Path:
        order.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", note)
    save_checkpoint(tmp_path, "latest", cyclegan(), LOOP)
    assert sorted(order) == NAMES
    assert order[0] == "latest.pt"


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 0.99, 1.0])
def test_a_file_that_is_cut_off_is_one_line(fraction: float, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "latest", OneNumber(), LOOP)
    for path in tmp_path.iterdir():
        whole = path.read_bytes()
        path.write_bytes(whole[: min(int(fraction * len(whole)), len(whole) - 1)])
    assert "is cut off" in refused(tmp_path)
    with pytest.raises(UserError, match=r"latest_net_G_A\.pth is cut off"):
        load_network_weights(tmp_path / "latest_net_G_A.pth")


def test_old_files_that_are_no_archives(tmp_path: Path) -> None:
    """The reference implementation wrote these before torch 1.6; people still own them."""
    path, weights = tmp_path / "old.pth", OneNumber().network.state_dict()
    torch.save(weights, path, _use_new_zipfile_serialization=False)
    assert torch.equal(load_network_weights(path)["weight"], weights["weight"])
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(UserError, match="cut off"):
        load_network_weights(path)


class Hostile:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("archive", [True, False])
def test_code_in_a_file_is_not_run(archive: bool, tmp_path: Path) -> None:
    """Checkpoints are passed around; one that runs what a stranger wrote must not open."""
    trap = tmp_path / "trapped"
    torch.save({"w": Hostile(trap)}, tmp_path / "latest.pt", _use_new_zipfile_serialization=archive)
    assert "not trusted" in refused(tmp_path)
    assert not trap.exists()


def test_a_state_of_other_networks_is_one_line(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "latest", cyclegan(), LOOP)
    with pytest.raises(UserError, match="net_G_A of the state file holds another architecture"):
        load_checkpoint(tmp_path, "latest", cyclegan(filters=2), dict)
    assert "holds no state of this model" in refused(tmp_path, OneNumber())


def test_a_state_of_a_newer_version_is_one_line(tmp_path: Path) -> None:
    torch.save({"version": STATE.version + 1}, tmp_path / "latest.pt")
    assert "update it" in refused(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"version": "one"},
        {"objective": 5},
        {"objective": {"network": {"weight": torch.zeros(1, 1)}, "steps": 1}},
        {"loop": {}},
        {"random": None},
        {"random": {"torch": torch.zeros(3), "cuda": [], "python": [3, [1], None], "numpy": []}},
        {"random": {"torch": torch.get_rng_state(), "cuda": [], "python": [3, [1], None], "numpy": []}},
    ],
)
def test_a_state_with_something_else_in_it_is_one_line(change: dict[str, Any], tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "latest", OneNumber(), LOOP)
    torch.save(load_tensors(tmp_path / "latest.pt") | change, tmp_path / "latest.pt")
    with pytest.raises(UserError) as error:
        load_checkpoint(tmp_path, "latest", OneNumber(), lambda state: state["epoch"])
    assert "holds no state of this model" in str(error.value)


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, {3: torch.zeros(1)}, torch.zeros(2)], ids=str)
def test_what_is_no_network_is_one_line(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"x\.pth (is not a plain state dict|holds no dictionary)"):
        load_network_weights(tmp_path / "x.pth")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "is not there" in refused(tmp_path)
    (tmp_path / "latest.pt").mkdir()
    assert "cannot be read" in refused(tmp_path)


def test_a_pool_and_optimizers_are_restored(tmp_path: Path) -> None:
    first, second = cyclegan(pool_size=2), cyclegan(pool_size=2)
    rng = torch.Generator().manual_seed(0)
    data = {name: torch.rand(1, 3, 8, 8, generator=rng) for name in "AB"}
    for _ in range(4):
        first.step(data)
    save_checkpoint(tmp_path, "latest", first, LOOP)
    load_checkpoint(tmp_path, "latest", second, dict)
    ours, theirs = first.step(data), second.step(data)
    assert {k: v.item() for k, v in ours.items()} == {k: v.item() for k, v in theirs.items()}
