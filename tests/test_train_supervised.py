"""train.py and test.py with the models that learn from pairs, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cyclegan_glasses.options.train import parse
from cyclegan_glasses.photo import Photo, manifest_hash, write_manifest
from tests.commands import Done, run
from tests.data.drawing import fill
from tests.test_train_command import go_on, state
from tests.training.helpers import differences

pytestmark = pytest.mark.slow

COMMON = "--device cpu --precision fp32 --num_threads 0 --display_id 0 --no_html".split()
MODELS = {
    "mask2face": "--load_size 18 --crop_size 17 --filters 2 3 --kernels 5 3 --refine --lambda_gan 0.1"
    " --netD pixel --ndf 2",
    "isee": "--load_size 18 --crop_size 17 --filters 3",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs for training, validation and testing, with masks for the last."""
    folder = tmp_path_factory.mktemp("pairs")
    for phase, count in (("train", 5), ("val", 2), ("test", 2)):
        for name in "AB":
            fill(folder / f"{phase}{name}", count)
    fill(folder / "testM", 2)
    return folder


def train(model: str, data: Path, runs: Path, *args: str) -> Done:
    model_args = ["--model", model, *MODELS[model].split(), *COMMON]
    return run("train.py", "--dataroot", data, "--checkpoints_dir", runs, "--name", "x", *model_args, *args)


@pytest.mark.parametrize("model", MODELS)
def test_a_stopped_run_goes_on_bit_for_bit_and_is_tested(model: str, data: Path, tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    args = ("--batch_size", "2", "--n_epochs", "2", "--patience", "5")
    done = train(model, data, whole, *args)
    assert (done.code, done.err) == (0, "") and done.out.count("validation after epoch") == 2
    assert train(model, data, resumed, *args, "--max_steps", "4").code == 0
    assert go_on(resumed).code == 0
    assert differences(state(whole), state(resumed)) == []
    results = tmp_path / "results"
    places = ("--dataroot", data, "--checkpoints_dir", whole, "--results_dir", results, "--device", "cpu")
    for epoch in ("latest", "best"):
        done = run("test.py", "--name", "x", *places, "--epoch", epoch)
        assert done.code == 0 and "PSNR inside" in done.out
        names = {path.name for path in (results / "x" / f"test_{epoch}" / "images").iterdir()}
        assert {"000_real_A.png", "000_fake_B.png", "000_real_B_truth.png", "000_mask.png"} <= names
        assert "rec_A" not in "".join(names)


def test_photos_without_a_truth_are_as_fixed_as_pairs(data: Path, tmp_path: Path) -> None:
    photos, whole, resumed = tmp_path / "photos", tmp_path / "whole", tmp_path / "resumed"
    fill(photos / "trainA", 3)
    write_manifest(photos, [Photo("trainA/000.png")])
    args = ("--batch_size", "2", "--n_epochs", "2", "--patience", "5", "--unpaired_dataroot", str(photos))
    done = train("mask2face", data, whole, *args)
    assert done.code == 0 and done.out.count("validation after epoch") == 2
    assert train("mask2face", data, resumed, *args, "--max_steps", "4").code == 0
    assert go_on(resumed).code == 0
    assert differences(state(whole), state(resumed)) == []
    saved = json.loads((whole / "x" / "train_opt.json").read_text())
    assert saved["unpaired_manifest_hash"] == manifest_hash(photos)
    without = train("mask2face", data, tmp_path, *args, "--lambda_gan", "0")
    assert "such as --lambda_gan 0.1" in without.complaint


@pytest.mark.parametrize(
    ("model", "args", "message"),
    [
        ("isee", "--dataset_mode unaligned", "learns from pairs"),
        ("mask2face", "--crop_size 4 --filters 2 --kernels 3", "at least 11"),
        ("mask2face", "--crop_size 12 --filters 2 2 2 2 --kernels 3 3 3 3", "at least 17"),
        ("mask2face", "--netD basic", "at least 24"),
        ("mask2face", "--kernels 3", "as many numbers"),
        ("isee", "--patience -1", "must be at least 0"),
    ],
)
def test_words_that_do_not_go_together(
    model: str, args: str, message: str, data: Path, tmp_path: Path
) -> None:
    done = train(model, data, tmp_path, *args.split())
    assert message in done.complaint and not (tmp_path / "x").exists()


def test_data_without_pairs_is_said(data: Path, tmp_path: Path) -> None:
    for name, first in (("A", 0), ("B", 10)):
        fill(tmp_path / "data" / f"train{name}", 2, first)
    assert "has a partner of the same name" in train("isee", tmp_path / "data", tmp_path).complaint
    for name in "AB":
        fill(tmp_path / "pairs" / f"train{name}", 2)
    done = train("isee", tmp_path / "pairs", tmp_path, "--patience", "2")
    assert "--patience needs pairs in valA and valB" in done.complaint


def test_the_published_recipes() -> None:
    """Without another word a person gets what the articles describe."""
    args = ["--dataroot", "d", "--model"]
    mask2face, isee = parse([*args, "mask2face"]), parse([*args, "isee"])
    assert mask2face.objective.generator.filters == (64, 128, 128, 256, 256, 512)
    assert (mask2face.objective.distance, mask2face.data.batch_size, mask2face.rate.epochs) == (
        "ssim_l1",
        12,
        20,
    )
    assert (isee.data.crop_size, isee.data.channels["A"], isee.objective.distance) == (66, 1, "l2")
    assert (isee.objective.generator.filters, isee.data.batch_size, isee.rate.epochs) == (90, 20, 250)
    early = parse(["--dataroot", "d", "--preset", "isee-early"])
    assert (early.model, early.objective.generator.filters) == ("isee", 70)
    assert (early.data.batch_size, early.rate.epochs, early.data.dataset_mode) == (25, 50, "aligned")
    more = parse([*args, "mask2face", "--loss", "l1", "--lambda_gan", "0.5", "--composite", "--lr", "0.1"])
    assert (more.objective.distance, more.objective.lambda_gan, more.objective.adam.lr) == ("l1", 0.5, 0.1)
    assert more.objective.generator.composite and more.data.multiple == 1
