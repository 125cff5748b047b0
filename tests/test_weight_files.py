"""Files of weights: those made before still load, and one that holds something else is told from them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cyclegan_glasses import weight_files
from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.attributes.weights import read_weights, write_weights
from cyclegan_glasses.editing.facemath import FaceMath, load_facemath, save_facemath
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.settings import AutoencoderSettings, ReaderSettings
from cyclegan_glasses.training.checkpoint import load_checkpoint, save_checkpoint
from cyclegan_glasses.weight_files import WeightFormat
from tests.training.helpers import OneNumber

KIND = WeightFormat("kind", 3, "thing", "make another", oldest=2)


def halves(weights: dict[str, Any]) -> dict[str, Any]:
    return {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}


def equal(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_an_attribute_classifier_of_the_layout_without_a_format_loads(tmp_path):
    settings = ReaderSettings(16, (4, 6), 8)
    network, calibration = Facelyzr(settings), Calibration(glasses=2.0, sure=0.3)
    weights = {name: value for name, value in network.state_dict().items() if "decoder." not in name}
    content = {
        "version": 2,
        "settings": asdict(settings) | {"channels": [4, 6]},
        "calibration": asdict(calibration),
        "network": halves(weights),
    }
    torch.save(content, tmp_path / "old.pt")
    write_weights(tmp_path / "new.pt", network, calibration)
    (old, before), (new, after) = read_weights(tmp_path / "old.pt"), read_weights(tmp_path / "new.pt")
    assert before == after == calibration and equal(old.state_dict(), new.state_dict())


def test_an_algebra_of_faces_of_the_layout_without_a_format_loads(tmp_path):
    settings = AutoencoderSettings(16, (4, 6), 3)
    network, vector = FaceAutoencoder(settings), np.arange(3, dtype=np.float32)
    content = {
        "version": 2,
        "settings": asdict(settings) | {"channels": [4, 6]},
        "network": halves(network.state_dict()),
        "mean": torch.from_numpy(vector),
        "deviation": torch.ones(3),
        "directions": {"glasses": torch.ones(3)},
        "removal": None,
    }
    torch.save(content, tmp_path / "old.pt")
    save_facemath(
        tmp_path / "new.pt",
        FaceMath(network, vector, np.ones(3, np.float32), {"glasses": np.ones(3, np.float32)}),
    )
    old, new = load_facemath(tmp_path / "old.pt"), load_facemath(tmp_path / "new.pt")
    assert equal(old.network.state_dict(), new.network.state_dict()) and (old.mean == vector).all()
    assert (old.step("glasses") == new.step("glasses")).all() and old.removal is None


def test_a_state_of_the_layout_without_a_format_loads(tmp_path):
    objective, loop = OneNumber(), {"epoch": 2}
    save_checkpoint(tmp_path, "latest", objective, loop)
    state = torch.load(tmp_path / "latest.pt", weights_only=True)
    old = {name: state[name] for name in ("version", "objective", "loop", "random")}
    torch.save(old, tmp_path / "latest.pt")
    other, found = OneNumber(), {}
    assert load_checkpoint(tmp_path, "latest", other, found.update) == 1
    assert torch.equal(other.network.weight, objective.network.weight) and found == loop


@pytest.mark.parametrize(
    "content, message",
    [
        ({"format": "other", "version": 3}, "holds no thing: make another"),
        ({"format": "kind", "version": 4}, "is of version 4, this toolkit reads up to 3: update it"),
        ({"version": 1}, "is of version 1, this toolkit reads from 2 on: make another"),
        ({"version": 3}, r"is not whole, or holds no thing \('a'\): make another"),
        ({"version": "x"}, "is not whole"),
        ({}, "is not whole"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(tmp_path: Path, content, message):
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(UserError, match=rf"x\.pt {message}"):
        weight_files.load(tmp_path / "x.pt", KIND, lambda state: state["a"])


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_weights_of_wrapped_networks_are_those_of_the_network(tmp_path: Path, prefix: str):
    """DataParallel and torch.compile write their names before all keys; a layer called so keeps its name."""
    weights = {"module.model.1.weight": torch.ones(2), "model.1.bias": torch.zeros(1)}
    torch.save({prefix + name: value for name, value in weights.items()}, tmp_path / "x.pth")
    assert equal(weight_files.load_network_weights(tmp_path / "x.pth"), weights)


def test_what_is_saved_is_loaded(tmp_path: Path):
    """In half precision where that is asked for; counts stay whole."""
    weights = {"w": torch.tensor([0.1, 1e-3]), "n": torch.tensor(70_000)}
    weight_files.save(tmp_path / "new" / "x.pt", KIND, {"a": weight_files.half(weights)})
    loaded = weight_files.full(weight_files.load(tmp_path / "new" / "x.pt", KIND, lambda state: state["a"]))
    assert equal(loaded, {"w": weights["w"].half().float(), "n": weights["n"]})
