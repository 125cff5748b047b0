"""train.py with pairs beside the two domains: `--paired_dataroot`, `--lambda_pair`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from cyclegan_glasses.photo import Photo, manifest_hash, write_manifest
from tests.commands import run, train, two_domains
from tests.data.drawing import cut_off, fill
from tests.test_train_command import go_on, state
from tests.training.helpers import differences

pytestmark = pytest.mark.slow

WATCHED_BY_NOBODY = "--device cpu --precision fp32 --num_threads 0 --display_id 0 --no_html".split()
EPOCHS = ("--n_epochs", "1", "--n_epochs_decay", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two domains, and four pairs below `pairs`."""
    folder = two_domains(tmp_path_factory.mktemp("data"))
    for name in "AB":
        fill(folder / "pairs" / f"train{name}", 4)
    return folder


@pytest.mark.parametrize("threads", ["0", "2"])
def test_a_run_with_pairs_goes_on_bit_for_bit(data: Path, tmp_path: Path, threads: str) -> None:
    """Which pair comes with which sample is as fixed as everything else."""
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    args = (*EPOCHS, "--paired_dataroot", data / "pairs", "--lambda_pair", "5")
    assert train(data, whole, *args).code == 0
    assert train(data, resumed, *args, "--max_steps", "4", "--num_threads", threads).code == 0
    assert go_on(resumed).code == 0
    assert differences(state(whole), state(resumed)) == []
    without = tmp_path / "without"
    assert train(data, without, *EPOCHS).code == 0
    assert differences(state(whole), state(without)) != []


def test_cyclegan_starts_from_what_was_learnt_from_pairs(data: Path, tmp_path: Path) -> None:
    """A remover and an adder learn in minutes what the unpaired game takes hours for."""
    network = "--filters 2 3 --kernels 3 3 --composite --load_size 18 --crop_size 16 --max_steps 1".split()
    common = ("--checkpoints_dir", tmp_path, *WATCHED_BY_NOBODY, *network)
    pairs = ("--model", "mask2face", "--dataroot", data / "pairs", *common)
    assert run("train.py", *pairs, "--name", "remover").code == 0
    assert run("train.py", *pairs, "--name", "adder", "--direction", "BtoA").code == 0
    small = "--netG residual_unet --netD pixel --ndf 2 --lr 1e-30".split()
    both = ("--start_from", tmp_path / "remover", tmp_path / "adder")
    done = run("train.py", "--dataroot", data, *common, *small, *both, "--name", "x")
    assert f"starting with G_A of {tmp_path / 'remover'}, G_B of {tmp_path / 'adder'}" in done.out
    for run_of, network in (("remover", "G_A"), ("adder", "G_B")):
        first, kept = (
            torch.load(tmp_path / name / f"latest_net_{network}.pth", weights_only=True)
            for name in (run_of, "x")
        )
        assert differences(first, kept) == []


def test_the_pairs_are_named_by_their_hash(data: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs"
    for name in "AB":
        fill(pairs / f"train{name}", 2)
    write_manifest(pairs, [Photo("trainA/000.png")])
    args = ("--paired_dataroot", pairs, "--lambda_pair", "5", "--max_steps", "1")
    assert train(data, tmp_path, *args).code == 0
    saved = json.loads((tmp_path / "x" / "train_opt.json").read_text())
    assert saved["paired_manifest_hash"] == manifest_hash(pairs)


def test_an_unreadable_pair_costs_a_line(data: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs"
    for name in "AB":
        fill(pairs / f"train{name}", 12)
    cut_off(pairs / "trainA" / "003.png")
    done = train(data, tmp_path, *EPOCHS, "--paired_dataroot", pairs, "--lambda_pair", "5", "--seed", "3")
    assert done.code == 0 and done.err.count("skipped") <= 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--paired_dataroot", "{data}/pairs"), "--lambda_pair 10"),
        (("--lambda_pair", "5"), "go together"),
        (("--paired_dataroot", "{data}/gone", "--lambda_pair", "5"), "there is no --paired_dataroot"),
        (("--paired_dataroot", "{data}", "--lambda_pair", "5"), "has a partner of the same name"),
        (("--paired_dataroot", "{data}/pairs", "--lambda_pair", "-1"), "must be at least 0"),
    ],
)
def test_pairs_that_cannot_be(data: Path, tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    done = train(data, tmp_path, *(word.format(data=data) for word in args))
    assert message in done.complaint
    assert not (tmp_path / "x").exists()
