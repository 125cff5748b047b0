"""train.py and test.py with a generator that is shown a frame, as a person runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.photo import Photo, write_manifest
from tests.commands import Done, run, train, two_domains
from tests.test_train_command import differences, go_on, state

pytestmark = pytest.mark.slow

CONDITION = ("--condition", "frame", "--composite", "--load_size", "36", "--crop_size", "32")
MARKS = [[15.0, 12.0], [25.0, 12.0], [20.0, 17.0], [16.0, 22.0], [24.0, 22.0]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with a manifest that says where their faces are; those of a test are pairs."""
    folder = two_domains(two_domains(tmp_path_factory.mktemp("data")), "test", 2, 2)
    for worn, bare in zip(sorted(folder.glob("testA/*")), sorted(folder.glob("testB/*")), strict=True):
        worn.rename(worn.with_name(bare.name))
    facts = {"face": {"landmarks": MARKS}}
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*/*.png"))]
    write_manifest(folder, [Photo(path, width=40, height=36, facts=facts) for path in paths])
    return folder


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with the run `x`, two steps old; do not change it."""
    runs = tmp_path_factory.mktemp("trained")
    assert train(data, runs, *CONDITION, "--max_steps", "2").code == 0
    return runs


def translate(data: Path, runs: Path, out: Path, *argv: str) -> Done:
    fixed = ("--checkpoints_dir", runs, "--name", "x", "--results_dir", out, "--device", "cpu")
    return run("test.py", "--dataroot", data, *fixed, *argv)


def picture(out: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(out / "x" / "test_latest" / "images" / f"{name}.png")).astype(float)


@pytest.mark.parametrize("more", [(), ("--num_threads", "2"), ("--lambda_drawn", "0", "--ema", "0.9")])
def test_stopped_in_mid_epoch_it_ends_where_the_whole_run_ends(
    data: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """The frames of the steps to come are the same, too."""
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    args = (*CONDITION, "--n_epochs", "1", "--n_epochs_decay", "1", *more)
    assert train(data, whole, *args).code == 0
    assert train(data, resumed, *args, "--max_steps", "4").code == 0
    assert go_on(resumed).code == 0
    assert differences(state(whole), state(resumed)) == []


def test_both_directions_are_translated(data: Path, trained: Path, tmp_path: Path) -> None:
    """Where frames are added the page shows which; the same seed gives the same ones."""
    assert translate(data, trained, tmp_path, "--direction", "AtoB").code == 0
    for folder in ("one", "two"):
        assert translate(data, trained, tmp_path / folder, "--direction", "BtoA").code == 0
    images = {
        folder: {
            path.stem.split("_", 1)[1] for path in (tmp_path / folder).glob("x/test_latest/images/*.png")
        }
        for folder in ("", "one")
    }
    assert images[""] == {"real_A", "fake_B", "rec_A", "real_B_truth"}
    assert images["one"] == {"real_B", "fake_A", "rec_B", "drawn_B"}, "no truth has the frame that was drawn"
    for name in ("100", "101"):
        drawn, again = (picture(tmp_path / folder, f"{name}_drawn_B") for folder in ("one", "two"))
        assert np.array_equal(drawn, again)
        made, bare = (picture(tmp_path / "one", f"{name}_{label}") for label in ("fake_A", "real_B"))
        assert np.abs(made - drawn).mean() < np.abs(made - bare).mean()
    page = (tmp_path / "one" / "x" / "test_latest" / "index.html").read_text()
    assert "images/100_drawn_B.png" in page and "frame to add" in page


def test_a_frame_can_be_chosen(data: Path, trained: Path, tmp_path: Path) -> None:
    args = ("--direction", "BtoA", "--frame", "round")
    assert translate(data, trained, tmp_path / "round", *args).code == 0
    for seed in ("0", "5"):
        assert translate(data, trained, tmp_path / seed, "--direction", "BtoA", "--seed", seed).code == 0
    drawn = [picture(tmp_path / folder, "100_drawn_B") for folder in ("round", "0", "5")]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(drawn[one] - drawn[other]).mean() > 1


@pytest.mark.parametrize(
    "args, complaint",
    [
        ("--direction BtoA --frame monocle", "unknown --frame 'monocle': choose one of round, "),
        ("--direction AtoB --frame round", "--frame is what a run with --condition frame adds"),
        ("--model test --model_suffix _B", "adds a frame that is drawn on bare faces: add --direction BtoA"),
        ("--direction BtoA --preprocess crop", "--condition frame draws on aligned faces"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    args: str, complaint: str, data: Path, trained: Path, tmp_path: Path
) -> None:
    assert complaint in translate(data, trained, tmp_path, *args.split()).complaint


def test_a_run_does_not_become_another(data: Path, trained: Path, tmp_path: Path) -> None:
    """Its generator would have to take other channels."""
    assert "cannot go on with other networks" in go_on(trained, "--condition", "none").complaint
    done = train(data, tmp_path, "--composite", "--start_from", trained / "x", "--max_steps", "1")
    assert "net_G_B" in done.complaint
