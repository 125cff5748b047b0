"""A run in its folder: where it starts, and what it leaves behind."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.checkpoint import PACKED, state_path
from cyclegan_glasses.training.early_stopping import EarlyStopping
from cyclegan_glasses.training.run_folder import write_options
from cyclegan_glasses.weight_files import half, write_tensors
from tests.commands import files
from tests.training.helpers import Notes, OneNumber, differences, make_training


def test_a_run_leaves_its_options_and_its_state(tmp_path: Path) -> None:
    notes, folder = Notes(), tmp_path / "runs" / "x"
    training = make_training(folder, save_epoch_freq=1)
    assert not folder.exists()
    outcome = training.run(notes, "x", {"lr": 0.1})
    assert outcome.step == 10
    names = {path.name for path in folder.iterdir()}
    states = {"latest.pt", "epoch_1.pt", "epoch_2.pt"}
    weights = {"latest_net_G_A.pth", "1_net_G_A.pth", "2_net_G_A.pth"}
    assert names == states | weights | {"train_opt.json", "train_opt.txt"}
    (run,) = notes.runs
    assert (run.name, run.options, run.epochs, run.resumed, run.step) == ("x", {"lr": 0.1}, 2, False, 0)
    assert notes.closed == 1


def test_monitors_are_closed_when_a_run_fails(tmp_path: Path) -> None:
    """A progress bar or a server connection that stays open keeps the terminal or the process."""
    notes = Notes()
    with pytest.raises(UserError):
        make_training(tmp_path, OneNumber(lambda step: (0.0, float("nan")))).run(notes, "x", {"lr": 0.1})
    assert notes.closed == 1


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    make_training(tmp_path, max_steps=7).run(Notes(), "x", {"lr": 0.1})
    notes, training = Notes(), make_training(tmp_path)
    assert training.resume("latest") == "going on from latest.pt: epoch 2, step 7"
    assert training.run(notes, "x", {"lr": 0.1}, resumed=True).step == 10
    assert (notes.runs[0].resumed, notes.runs[0].step) == (True, 7)


def test_an_earlier_epoch_can_be_gone_on_from(tmp_path: Path) -> None:
    make_training(tmp_path, epochs=3, save_epoch_freq=1).run(Notes(), "x", {"lr": 0.1})
    training = make_training(tmp_path, epochs=3)
    assert training.resume("1") == "going on from epoch_1.pt: epoch 2, step 5"


def test_a_run_can_start_from_others(tmp_path: Path) -> None:
    """A remover and an adder that learnt from pairs are where CycleGAN begins."""
    for name in ("one", "two"):
        objective = OneNumber()
        torch.nn.init.constant_(objective.network.weight, 1.0 + (name == "two"))
        make_training(tmp_path / name, objective, max_steps=1).run(Notes(), name, {"lr": 0.1})
    objective = OneNumber()
    training = make_training(tmp_path / "new", objective)
    said = training.start_from([tmp_path / "one", tmp_path / "two"])
    assert said == f"starting with G_A of {tmp_path / 'two'}"
    kept = torch.load(tmp_path / "two" / "latest_net_G_A.pth", weights_only=True)
    assert torch.equal(objective.network.weight, kept["weight"])
    assert (training.loop.epoch, training.loop.step) == (1, 0)
    with pytest.raises(UserError, match="name the folder of a run"):
        training.start_from([tmp_path / "one", tmp_path / "nothing"])


def test_a_run_can_start_from_a_packed_model(tmp_path: Path) -> None:
    """What ships is one, and holds an adder that a remover's run has no place for."""
    network, path = OneNumber().network, tmp_path / "packed.pt"
    weights = half(network.state_dict())
    write_tensors({path: PACKED.stamp({"generators": {"AtoB": weights, "BtoA": {}}})})
    objective = OneNumber()
    torch.nn.init.constant_(objective.network.weight, 3.0)
    training = make_training(tmp_path / "new", objective)
    assert training.start_from([path]) == f"starting with G_A of {path}"
    assert torch.equal(objective.network.weight, weights["weight"].float())
    assert objective.network.weight.dtype == torch.float32
    write_tensors({path: PACKED.stamp({"generators": {"BtoA": {}}})})
    with pytest.raises(UserError, match="or a packed model"):
        training.start_from([path])
    path.write_bytes(b"no model")
    with pytest.raises(UserError):
        training.start_from([path])


def test_weights_alone_are_a_start(tmp_path: Path) -> None:
    """What people bring from the reference implementation is just these files."""
    network = OneNumber().network
    torch.save(network.state_dict(), tmp_path / "20_net_G_A.pth")
    objective = OneNumber()
    training = make_training(tmp_path, objective)
    assert training.resume("20").startswith("starting from the weights of G_A alone")
    assert torch.equal(objective.network.weight, network.weight)
    assert (training.loop.epoch, training.loop.step) == (1, 0)


def test_an_epoch_can_be_named(tmp_path: Path) -> None:
    training = make_training(tmp_path, epochs=4)
    assert training.start_at(3) == "starting with epoch 3, as asked"
    assert training.run(Notes(), "x", {"lr": 0.1}).step == 10
    for epoch in (0, 5):
        with pytest.raises(UserError, match="--epoch_count"):
            training.start_at(epoch)


def test_a_run_that_was_killed_before_its_first_save_begins_anew(tmp_path: Path) -> None:
    write_options(tmp_path, {"lr": 0.1})
    training = make_training(tmp_path)
    assert "begins anew" in training.resume("latest")
    assert training.run(Notes(), "x", {"lr": 0.1}, resumed=True).step == 10


class Killed(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("place", (0, 1, 2, 7, 12, 17, 23))
def test_a_kill_at_any_file_of_any_save_changes_nothing_in_the_end(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """States of epochs, of the best one, of every save, and `latest`: bit for bit those of a whole run."""
    frequent = {"save_latest_freq": 4, "save_epoch_freq": 1, "save_by_iter": True}

    def train(folder: Path) -> None:
        torch.manual_seed(1)
        training = make_training(folder, epochs=3, **frequent)
        losses = {1: 3.0, 2: 2.0, 3: 2.5}
        loop = training.loop
        loop._early_stopping = EarlyStopping(lambda: losses[loop.epoch - 1], 5)
        resumed = state_path(folder, "latest").exists()
        training.begin(label="latest" if resumed else None)
        training.run(Notes(), "x", {"lr": 0.1}, resumed)

    replace, left = Path.replace, [place]

    def kill(self: Path, target: Path) -> Path:
        left[0] -= Path(target).suffix.startswith(".pt")
        if left[0] < 0:
            raise Killed
        return replace(self, target)

    train(tmp_path / "whole")
    with monkeypatch.context() as killing:
        killing.setattr(Path, "replace", kill)
        with pytest.raises(Killed):
            train(tmp_path / "killed")
    train(tmp_path / "killed")
    killed, whole = files(tmp_path / "killed"), files(tmp_path / "whole")
    assert killed.keys() == whole.keys()
    for name in whole:
        if name.endswith(".pt"):
            states = [torch.load(io.BytesIO(run[name]), weights_only=True) for run in (killed, whole)]
            assert differences(*states) == [], name
        else:
            assert killed[name] == whole[name], name


def test_nothing_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has nothing named 'latest' to go on with"):
        make_training(tmp_path / "none").resume("latest")
    assert not (tmp_path / "none").exists()
