"""`evaluate` and `hype` as a person types them, on tiny pictures, and the scores of a training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.measure import Instruments
from cyclegan_glasses.networks.build import build_generator
from cyclegan_glasses.networks.settings import GeneratorSettings
from cyclegan_glasses.serving import evaluating
from cyclegan_glasses.serving.cli import parse
from tests.evaluation.portraits import portrait
from tests.evaluation.test_measure import EyeBand

SIDE = 32


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """Three pairs of portraits and a run with checkpoints 1, 2 and latest that know nothing."""
    root = tmp_path_factory.mktemp("world")
    for number in range(3):
        face = portrait(number)
        for folder, values in (("testB", face.picture), ("testA", face.truth), ("testM", face.mask * 255)):
            (root / "data" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(values, np.uint8)).save(root / "data" / folder / f"{number}.png")
    run = root / "checkpoints" / "tiny"
    run.mkdir(parents=True)
    (run / "train_opt.json").write_text(json.dumps({"crop_size": SIDE, "manifest_hash": "abcdef" * 8}))
    for label in ("1", "2", "latest"):
        for name in ("G_A", "G_B"):
            network = build_generator(GeneratorSettings("resnet_6blocks", filters=2))
            torch.save(network.state_dict(), run / f"{label}_net_{name}.pth")
    return root


def run(world: Path, *words: str | Path) -> None:
    base = ["evaluate", "--name", "tiny", "--checkpoints_dir", world / "checkpoints"]
    base += ["--dataroot", world / "data", "--device", "cpu", "--no_landmarks", *words]
    assert parse([str(word) for word in base])() == 0


def test_the_table_the_files_and_the_best_checkpoint(
    world: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(evaluating, "load_judge", lambda path: None)
    run(world, "--epoch", "all", "--rivals", "untouched", "--pick", "L1", "--out", tmp_path / "out")
    said = capsys.readouterr().out
    assert "| tiny 1" in said and "tiny 2" in said and "untouched" in said and "best by L1: tiny" in said
    assert "no judge" in said and "no --inception: FID and KID are left out" in said
    assert said.rstrip().endswith("index.html")
    stored = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert stored["columns"][0]["trained_on"] == "abcdefabcdef" and len(stored["columns"][0]["weights"]) == 12
    assert stored["columns"][0]["scores"]["change of what is right"]["n"] == 3
    assert "torch " in stored["about"]["versions"] and "32" in stored["about"]["protocol"]


def test_the_other_direction_with_a_judge(world: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    pytest.importorskip("torch_fidelity")
    (tmp_path / "judge.pt").write_bytes(b"weights")
    monkeypatch.setattr(evaluating, "load_judge", lambda path: EyeBand())
    words = ("--direction", "BtoA", "--judge", tmp_path / "judge.pt", "--out", tmp_path / "out", "--num", "2")
    run(world, *words, "--rivals")
    said = capsys.readouterr().out
    assert "as asked ↑" in said and "rims on ↑" in said and "likeness (eye band) ↑" in said
    assert "eye band abababababab" in (tmp_path / "out" / "evaluation.csv").read_text()


def test_lpips_stands_beside_the_truth_where_its_weights_are_at_hand(
    world: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    class Halves:
        sha256 = "12" * 32

        def distances(self, pictures: np.ndarray, truths: np.ndarray) -> np.ndarray:
            return np.where((pictures == truths).all(axis=(1, 2, 3)), 0, 0.5)

    monkeypatch.setattr(evaluating, "find_alexnet", lambda: None)
    run(world, "--rivals", "untouched", "--out", tmp_path / "without")
    said = capsys.readouterr().out
    assert "no --lpips, and none in torch's cache: LPIPS is left out" in said and "| LPIPS" not in said
    monkeypatch.setattr(evaluating, "find_alexnet", lambda: tmp_path)
    monkeypatch.setattr(evaluating, "Lpips", lambda path: Halves())
    run(world, "--rivals", "untouched", "--out", tmp_path / "with")
    stored = json.loads((tmp_path / "with" / "evaluation.json").read_text())
    assert stored["columns"][1]["scores"]["LPIPS"] == {"mean": 0.5, "low": 0.5, "high": 0.5, "n": 3}
    assert stored["about"]["lpips"] == "12" * 6 and "| LPIPS ↓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--name", "gone"), "there is no run"),
        (("--epoch", "7"), "--epoch can be 1, 2, latest"),
        (("--pick", "beauty"), "--pick 'beauty' is no score of this evaluation: "),
        (("--protocol", "mine"), "unknown --protocol 'mine'"),
        (("--protocol", "celeba", "--crop_size", "64"), "--protocol fixes the size"),
        (("--rivals", "magic"), "unknown --rivals 'magic'"),
        (("--group", "age"), "no photo has a group 'age'"),
        (("--judge", "gone.pt"), "there is no judge gone.pt"),
        (("--inception", "gone.pth"), "--inception gone.pth is not there"),
        (("--sface", "gone.onnx"), "--sface gone.onnx is not there"),
        (("--lpips", "gone.pth"), "--lpips gone.pth is not there"),
        (("--num", "-1"), "--num -1 is below 0"),
        (("--crop_size", "8"), "must be at least 16"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(world: Path, tmp_path: Path, words, complaint) -> None:
    with pytest.raises(UserError) as caught:
        run(world, *words, "--out", tmp_path / "out")
    assert complaint in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_protocol_with_other_counts_says_so(world: Path) -> None:
    """A number under the name of a published protocol would be set beside published numbers."""
    from cyclegan_glasses.evaluation.inputs import Inputs
    from cyclegan_glasses.serving.cli import VERBS

    parser = __import__("argparse").ArgumentParser()
    VERBS["evaluate"].add_arguments(parser)
    words = ["--name", "tiny", "--checkpoints_dir", str(world / "checkpoints"), "--protocol", "celeba"]
    request = VERBS["evaluate"].request_of(parser.parse_args([*words, "--dataroot", str(world / "data")]))
    notes = evaluating._notes(Inputs(request.pictures), Instruments(), request)
    assert any("3 inputs and 3 targets, the protocol has 2672 and 37157" in note for note in notes)
