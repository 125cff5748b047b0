"""`evaluate` and `hype` as a person types them, on tiny pictures, and the scores of a training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.editing.models import EditingModel
from cyclegan_glasses.editing.trained_models import save_model
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation import run as evaluating
from cyclegan_glasses.evaluation.measure import Instruments
from cyclegan_glasses.evaluation.metrics import l1, luminance
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import GeneratorSettings, IseeSettings
from tests.editing.helpers import torch_generator
from tests.evaluation.portraits import portrait
from tests.evaluation.test_measure import EyeBand

pytestmark = pytest.mark.slow

SIDE = 32
TINY = GeneratorSettings("resnet_6blocks", filters=2)


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
            network = build_generator(TINY)
            torch.save(network.state_dict(), run / f"{label}_net_{name}.pth")
    return root


def run(world: Path, *argv: str | Path) -> None:
    base = ["evaluate", "--name", "tiny", "--checkpoints_dir", world / "checkpoints"]
    base += ["--dataroot", world / "data", "--device", "cpu", "--no_landmarks", *argv]
    assert not parse([str(word) for word in base])()


def test_the_table_the_files_and_the_best_checkpoint(
    world: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(evaluating, "load_classifier", lambda path: None)
    run(world, "--epoch", "all", "--rivals", "untouched", "--pick", "L1", "--out", tmp_path / "out")
    said = capsys.readouterr().out
    assert "| tiny 1" in said and "tiny 2" in said and "untouched" in said and "best by L1: tiny" in said
    assert "no attribute classifier" in said and "no --inception: FID and KID are left out" in said
    assert said.rstrip().endswith("index.html")
    stored = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert stored["columns"][0]["trained_on"] == "abcdefabcdef" and len(stored["columns"][0]["weights"]) == 12
    assert stored["columns"][0]["scores"]["change of what is right"]["n"] == 3
    assert "torch " in stored["about"]["versions"] and "32" in stored["about"]["protocol"]


def test_the_other_direction_with_a_classifier(world: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    pytest.importorskip("torch_fidelity")
    (tmp_path / "judge.pt").write_bytes(b"weights")
    monkeypatch.setattr(evaluating, "load_classifier", lambda path: EyeBand())
    argv = ("--direction", "BtoA", "--judge", tmp_path / "judge.pt", "--out", tmp_path / "out", "--num", "2")
    run(world, *argv, "--rivals")
    said = capsys.readouterr().out
    assert "as asked ↑" in said and "rims on ↑" in said and "likeness (judge) ↑" in said
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


def columns(folder: Path) -> dict[str, dict]:
    """The scores of each column by its name and passes."""
    stored = json.loads((folder / "evaluation.json").read_text())
    return {f"{c['name']} {c['passes']}": c["scores"] for c in stored["columns"]}


def test_a_run_of_grey_pictures_is_scored_in_luminance_and_so_is_what_stands_beside_it(
    world: Path, tmp_path: Path, capsys
) -> None:
    """iSee knows brightness alone: beside colours it would lose by what it was never asked for."""
    run_folder = world / "checkpoints" / "grey"
    run_folder.mkdir(exist_ok=True)
    network = build_generator(IseeSettings(filters=2)).eval()
    torch.save(network.state_dict(), run_folder / "latest_net_G_A.pth")
    (run_folder / "train_opt.json").write_text(json.dumps({"crop_size": SIDE}))
    argv = ("--name", "grey", "tiny", "--rivals", "untouched", "telea", "--out", tmp_path / "out")
    run(world, *argv)
    said = capsys.readouterr().out
    assert said.startswith("Evaluation, AtoB, luminance alone\n") and "are scored in luminance" in said
    assert "luminance alone" in (tmp_path / "out" / "index.html").read_text()
    found = columns(tmp_path / "out")
    assert found.keys() == {"grey 1", "tiny 1", "untouched 1", "telea 1"}
    pairs = [[luminance(np.asarray(p)) for p in pair] for pair in small_pairs(world)]
    expected = {"untouched 1": np.mean([l1(picture, truth) for picture, truth in pairs])}
    expected["grey 1"] = np.mean([l1(through(network, picture[:, :, :1]), truth) for picture, truth in pairs])
    for name, value in expected.items():
        assert found[name]["L1"]["mean"] == pytest.approx(value, rel=1e-6), name
    assert "skin hue" not in found["tiny 1"], "grey has no hue"


def through(network: torch.nn.Module, picture: np.ndarray, passes: int = 1) -> np.ndarray:
    """What a generator makes of (height, width, channels) of 0 to 255, as uint8 of three channels."""
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        for _ in range(passes):
            values = network(values).clamp(-1, 1)
    result = ((values[0].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
    return np.repeat(result, 3 // result.shape[2], axis=2)


def small_pairs(world: Path) -> list[list[Image.Image]]:
    """Input and truth of each pair, as the evaluation cuts them."""
    folders = [world / "data" / name for name in ("testA", "testB")]
    size = (SIDE, SIDE)
    return [
        [Image.open(folder / f"{n}.png").resize(size, Image.Resampling.BICUBIC) for folder in folders]
        for n in range(3)
    ]


def test_passes_are_columns_and_the_second_goes_over_the_first(world: Path, tmp_path: Path, capsys) -> None:
    run(world, "--passes", "1", "2", "--rivals", "--out", tmp_path / "out")
    assert "| tiny latest " in (said := capsys.readouterr().out) and "| tiny latest, 2 passes " in said
    found = columns(tmp_path / "out")
    network = build_generator(TINY).eval()
    network.load_state_dict(torch.load(world / "checkpoints" / "tiny" / "latest_net_G_A.pth"))
    for passes in (1, 2):
        errors = [
            l1(through(network, np.asarray(picture), passes), np.asarray(truth))
            for picture, truth in small_pairs(world)
        ]
        assert found[f"tiny {passes}"]["L1"]["mean"] == pytest.approx(np.mean(errors), rel=1e-6)


def test_the_model_that_ships_and_other_files_are_evaluated_too(world: Path, tmp_path: Path, capsys) -> None:
    both = {way: torch_generator(build_generator(TINY).eval(), TINY, SIDE) for way in ("AtoB", "BtoA")}
    packed = tmp_path / "mine.pt"
    save_model(EditingModel(both, "mine", {"manifest_hash": "feed" * 16}), packed)
    argv = ["evaluate", "--dataroot", world / "data", "--device", "cpu", "--no_landmarks", "--num", "1"]
    argv += ["--rivals", "--out", tmp_path / "out"]
    for name in ([], ["--name", packed]):
        assert not parse([str(word) for word in [*argv, *name]])()
    said = capsys.readouterr().out
    assert "| shipped " in said and "| mine " in said
    stored = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert stored["columns"][0]["trained_on"] == "feedfeedfeed"
    assert stored["columns"][0]["weights"] == sha256_of(packed)[:12]
    with pytest.raises(UserError, match="is one model: leave --epoch out"):
        parse([str(word) for word in [*argv, "--name", packed, "--epoch", "5"]])()


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("--name", "gone"), "there is no run"),
        (("--epoch", "7"), "--epoch can be 1, 2, latest"),
        (("--pick", "beauty"), "--pick 'beauty' is no score of this evaluation: "),
        (("--protocol", "mine"), "unknown --protocol 'mine'"),
        (("--protocol", "celeba", "--crop_size", "64"), "--protocol fixes the size"),
        (("--rivals", "magic"), "unknown --rivals 'magic'"),
        (("--group", "age"), "no photo has a group 'age'"),
        (("--judge", "gone.pt"), "there is no attribute classifier gone.pt"),
        (("--inception", "gone.pth"), "--inception gone.pth is not there"),
        (("--sface", "gone.onnx"), "--sface gone.onnx is not there"),
        (("--lpips", "gone.pth"), "--lpips gone.pth is not there"),
        (("--num", "-1"), "--num -1 is invalid: must be at least 0"),
        (("--passes", "1", "9"), "--passes 9 is invalid: must be 1 to 8"),
        (("--crop_size", "8"), "must be at least 16"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(world: Path, tmp_path: Path, argv, complaint) -> None:
    with pytest.raises(UserError) as caught:
        run(world, *argv, "--out", tmp_path / "out")
    assert complaint in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_protocol_with_other_counts_says_so(world: Path) -> None:
    """A number under the name of a published protocol would be set beside published numbers."""
    from cyclegan_glasses.cli import evaluate
    from cyclegan_glasses.evaluation.inputs import Inputs

    parser = __import__("argparse").ArgumentParser()
    evaluate.add_arguments(parser)
    argv = ["--name", "tiny", "--checkpoints_dir", str(world / "checkpoints"), "--protocol", "celeba"]
    settings = evaluate.settings_of(parser.parse_args([*argv, "--dataroot", str(world / "data")]))
    notes = evaluating._notes(Inputs(settings.inputs), Instruments(), settings)
    assert any("3 inputs and 3 targets, the protocol has 2672 and 37157" in note for note in notes)
