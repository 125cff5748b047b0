"""Generators out of a run's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cyclegan_glasses import shipped
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.editing.models import EditingModel
from cyclegan_glasses.editing.trained import find_generators, load_generator, module_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import GeneratorSettings

FP32 = Precision("fp32", torch.device("cpu"))


def save(path: Path, settings: GeneratorSettings) -> torch.nn.Module:
    network = build_generator(settings)
    torch.save(network.state_dict(), path)
    return network.eval()


def test_the_same_network_comes_back_ready_to_use(tmp_path: Path) -> None:
    settings = GeneratorSettings("resnet_6blocks", filters=2, norm="batch", dropout=True)
    network = save(tmp_path / "x.pth", settings)
    found = load_generator(tmp_path / "x.pth", FP32, {"filters": 2, "norm": "syncbatch"})
    loaded = module_of(found)
    assert found.settings == settings
    assert not loaded.training
    x = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(x), network(x))


@pytest.mark.parametrize(
    "asked", [{"filters": 4}, {"norm": "none"}, {"composite": True}, {"kind": "unet_128"}]
)
def test_what_a_person_insists_on_is_held(asked: dict[str, object], tmp_path: Path) -> None:
    save(tmp_path / "x.pth", GeneratorSettings("resnet_6blocks", filters=2))
    with pytest.raises(UserError, match="holds another architecture") as error:
        load_generator(tmp_path / "x.pth", FP32, asked)
    (name, value) = next(iter(asked.items()))
    assert f"{name} is " in str(error.value) and f"not {value!r}" in str(error.value)


def test_which_file_goes_which_way(tmp_path: Path) -> None:
    for name in ("G_A", "G_B"):
        (tmp_path / f"latest_net_{name}.pth").touch()
    remover, adder = tmp_path / "latest_net_G_A.pth", tmp_path / "latest_net_G_B.pth"
    assert find_generators(tmp_path, "latest", "AtoB") == (remover, adder)
    assert find_generators(tmp_path, "latest", "BtoA") == (adder, remover)
    remover.unlink()
    assert find_generators(tmp_path, "latest", "BtoA") == (adder, None)
    with pytest.raises(UserError, match="has not saved a generator yet"):
        find_generators(tmp_path, "latest", "AtoB")
    with pytest.raises(UserError, match="--epoch can be latest"):
        find_generators(tmp_path, "9", "BtoA")
    with pytest.raises(UserError, match="there is no run"):
        find_generators(tmp_path / "none", "latest", "AtoB")


def test_another_model_that_ships_is_another_model_in_a_journal(tmp_path: Path, monkeypatch) -> None:
    """After an update `remove` would call the results of the model before its own."""
    monkeypatch.setattr(shipped, "generator_file", lambda direction: tmp_path / direction)
    model, known = EditingModel({}, str(shipped.SHIPPED)), set()
    for remover in (b"one", b"other"):
        (tmp_path / "AtoB").write_bytes(remover)
        (tmp_path / "BtoA").write_bytes(b"adder")
        shipped.shipped_digest.cache_clear()
        known.add(model.identity)
    shipped.shipped_digest.cache_clear()
    assert len(known) == 2 and str(shipped.SHIPPED) not in known
    assert EditingModel({}, "my.pt").identity == "my.pt"
