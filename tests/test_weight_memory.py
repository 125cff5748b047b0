"""A small file of weights must not take the memory of the machine, nor run anything."""

from __future__ import annotations

import io
import pickle
import resource
import sys
import zipfile
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.attributes.weights import read_weights, write_weights
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.trained_models import save_model
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.weight_files import load_network_weights, load_tensors
from cyclegan_glasses.zip_files import open_zip
from tests.editing.test_package import tiny_model

WEIGHTS = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(2, dtype=torch.float16)}
GIGABYTE = 1_000_000_000


class _Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function: Any, *values: Any) -> None:
        self.call = function, values

    def __reduce__(self) -> Any:
        return self.call


def deflated(path: Path, state: Any) -> None:
    """A file of `torch.save` whose members are packed."""
    plain = io.BytesIO()
    torch.save(state, plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            after.writestr(info.filename, before.read(info))


def with_pickle(path: Path, data: bytes) -> None:
    """A file of `torch.save` with another pickle."""
    plain = io.BytesIO()
    torch.save(WEIGHTS, plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(path, "w") as after:
        for info in before.infolist():
            after.writestr(info.filename, data if info.filename.endswith(".pkl") else before.read(info))


@pytest.mark.parametrize(
    "write",
    [
        lambda path: torch.save({"a": torch.zeros(1).expand(GIGABYTE)}, path),
        lambda path: torch.save({"a": torch.zeros(9).as_strided((3, 3, 9), (0, 0, 1))}, path),
        lambda path: torch.save({"a": torch.zeros(9, device="meta")}, path),
        lambda path: torch.save({"a": torch.zeros(9).to_sparse()}, path),
        lambda path: torch.save({str(i): torch.zeros(1000).view(-1) for i in range(3)} | views(), path),
        lambda path: deflated(path, {"a": torch.zeros(1_000_000)}),
        lambda path: with_pickle(path, pickle.dumps({"a": _Calls(bytearray, 4 * GIGABYTE)}, 2)),
        lambda path: with_pickle(path, pickle.dumps({"a": _Calls(eval, "1")}, 2)),
        lambda path: with_pickle(path, pickle.dumps({"a": _Calls(eval, "1")}, 4)),
        lambda path: torch.save(
            {"a": torch.zeros(1).expand(10**6)}, path, _use_new_zipfile_serialization=False
        ),
        lambda path: path.write_bytes(pickle.dumps(_Calls(bytearray, 4 * GIGABYTE), 2)),
    ],
)
def test_a_file_that_would_take_more_than_its_size_is_refused(tmp_path, write):
    write(tmp_path / "x.pt")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="not trusted"):
        load_tensors(tmp_path / "x.pt")
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kB"


def views() -> dict[str, torch.Tensor]:
    """As many tensors of what is stored once as would be gigabytes when each is made float32 of its own."""
    stored = torch.zeros(100_000)
    return {f"view {i}": stored.view(-1) for i in range(20)}


@pytest.mark.parametrize("zipped", [True, False])
def test_weights_of_every_age_load_as_they_were(tmp_path, zipped):
    """Files from before torch 1.6 are no zips."""
    state = OrderedDict(WEIGHTS, shared=WEIGHTS["a"], parameter=torch.nn.Parameter(torch.ones(2)))
    torch.save(state, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    loaded = load_network_weights(tmp_path / "x.pth")
    assert loaded.keys() == state.keys() and all(torch.equal(loaded[key], state[key]) for key in state)


def test_a_zip_of_too_many_members_is_refused_before_they_are_listed():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as members:
        for number in range(20):
            members.writestr(f"{number}", b"x" * number)
    with open_zip(file, 20) as members:
        assert members.read("7") == b"x" * 7
    with pytest.raises(zipfile.BadZipFile, match="more than 19"):
        open_zip(file, 19)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 16 << 20},
        {"channels": [10**9, 10**9]},
        {"channels": [1] * 10**6},
        {"features": 10**12},
        {"channels": "x"},
        {"size": None},
        {"unknown": 1},
    ],
)
def test_settings_that_do_not_fit_the_weights_build_nothing(tmp_path, change):
    settings = ReaderSettings(16, (4, 6), 8)
    write_weights(tmp_path / "x.pt", Facelyzr(settings), Calibration())
    assert read_weights(tmp_path / "x.pt")[0].settings == settings
    content = torch.load(tmp_path / "x.pt")
    content["settings"] = asdict(settings) | {"channels": [4, 6]} | change
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(UserError):
        read_weights(tmp_path / "x.pt")


FRAMING = {"eye_height": 0.4, "eye_distance": 0.36}
WRONG_FACES: tuple[dict[str, Any], ...] = (
    {"size": 10**9}, {"size": -1}, {"size": "x"}, {"framing": {"eye_height": "x"}}, {"framing": None},
    {"framing": FRAMING | {"eye_distance": 0.0}}, {"passes": 10**9}, {"passes": "x"},
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"faces": {"AtoB": {"size": 64, "framing": FRAMING, "passes": 1} | wrong}}
            for wrong in WRONG_FACES
        ),
        {"faces": {}},
        {"faces": None},
        {"generators": {"sideways": {}}},
        {"generators": {"AtoB": {}}},
        {"generators": {"AtoB": {"model.1.weight": 3}}},
        {"generators": []},
        {"version": None},
        {"version": "x"},
        {"facts": None},
    ],
)
def test_a_package_with_other_values_is_one_line(tmp_path, change):
    save_model(tiny_model(), tmp_path / "x.pt")
    content = torch.load(tmp_path / "x.pt")
    torch.save({**content, **change}, tmp_path / "x.pt")
    with pytest.raises(UserError, match=r"x\.pt|direction|passes|pixels|damaged"):
        load_model(tmp_path / "x.pt", torch.device("cpu"))
