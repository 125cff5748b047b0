"""A folder holds one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo, manifest_hash, write_manifest
from cyclegan_glasses.training import run_folder
from cyclegan_glasses.training.run_folder import (
    check_folder,
    describe_options,
    name_data,
    read_options,
    write_options,
)

SAVED = {"lr": 0.0002, "netG": "resnet_9blocks", "print_freq": 100, "lambda_decay": [1.0]}
FREE, SHAPE = {"print_freq"}, {"netG"}


def check(folder: Path, continue_train: bool = False, **changes: object) -> list[str]:
    return check_folder(folder, read_options(folder), SAVED | changes, continue_train, FREE, SHAPE)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_options(tmp_path, SAVED)
    (tmp_path / "latest.pt").touch()
    return tmp_path


def test_options_are_written_to_reuse_and_to_read(run: Path) -> None:
    assert read_options(run) == SAVED
    assert (run / "train_opt.txt").read_text() == describe_options(SAVED) + "\n"
    assert "        netG: resnet_9blocks" in (run / "train_opt.txt").read_text().splitlines()


def test_a_new_folder_is_free(tmp_path: Path) -> None:
    assert check(tmp_path / "new") == []
    assert not (tmp_path / "new").exists()


def test_a_run_that_saved_nothing_may_start_again(tmp_path: Path) -> None:
    write_options(tmp_path, SAVED)
    assert check(tmp_path, lr=0.1) == []


@pytest.mark.parametrize("name", ["latest.pt", "epoch_5.pt", "latest_net_G_A.pth"])
def test_a_trained_run_is_not_overwritten(name: str, tmp_path: Path) -> None:
    """Also one of the reference implementation, which has no options file of ours."""
    (tmp_path / name).touch()
    with pytest.raises(UserError, match="already holds a run: take another --name, add --continue_train"):
        check(tmp_path)


def test_another_configuration_is_refused_with_the_difference(run: Path) -> None:
    with pytest.raises(UserError) as error:
        check(run, lr=0.1, netG="unet_256", print_freq=5, lambda_decay=[0.5])
    assert "lr 0.0002 -> 0.1" in str(error.value)
    assert 'netG "resnet_9blocks" -> "unet_256"' in str(error.value)
    assert "lambda_decay [1.0] -> [0.5]" in str(error.value)
    assert "print_freq" not in str(error.value)


def test_a_run_that_goes_on_may_change_what_is_no_network(run: Path) -> None:
    assert check(run, continue_train=True) == []
    assert check(run, continue_train=True, lr=0.1, print_freq=5) == ["lr 0.0002 -> 0.1"]
    with pytest.raises(UserError, match="cannot go on with other networks") as error:
        check(run, continue_train=True, netG="unet_256", lr=0.1)
    assert "lr" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\x00"])
def test_a_damaged_options_file_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "train_opt.json").write_text(text)
    with pytest.raises(UserError, match="remove it and give the options again") as error:
        read_options(tmp_path)
    assert "\n" not in str(error.value)


def test_a_run_names_the_photos_that_it_was_trained_on(tmp_path: Path) -> None:
    """Without it nobody can say later which data a checkpoint has seen."""
    assert name_data(str(tmp_path)) == {}
    write_manifest(tmp_path, [Photo("trainA/1.png", label="glasses")])
    assert name_data(str(tmp_path)) == {"manifest_hash": manifest_hash(tmp_path)}
    first = name_data(str(tmp_path))
    write_manifest(tmp_path, [Photo("trainA/2.png", label="glasses")])
    assert name_data(str(tmp_path)) not in (first, {})


def test_the_hash_of_a_long_manifest_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a run of 200,000 photos begins with seconds of reading what it has read before."""
    taken = []

    def counted(folder: Path) -> str:
        taken.append(folder)
        return manifest_hash(folder)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(run_folder, "LONG_MANIFEST", 1)
    monkeypatch.setattr(run_folder, "manifest_hash", counted)
    write_manifest(tmp_path, [Photo("trainA/1.png", label="glasses")])
    expected = {"manifest_hash": manifest_hash(tmp_path)}
    assert name_data(str(tmp_path)) == name_data(str(tmp_path)) == expected and len(taken) == 1
    (kept,) = (tmp_path / "home").rglob("*.txt")
    kept.write_text("cut of")
    assert name_data(str(tmp_path)) == expected and len(taken) == 2
    write_manifest(tmp_path, [Photo("trainA/2.png", label="glasses")])
    assert name_data(str(tmp_path)) != expected and len(taken) == 3
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert name_data(str(tmp_path)) == name_data(str(tmp_path)) != {} and len(taken) == 5
