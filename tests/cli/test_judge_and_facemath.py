"""The verbs judge, calibrate, morph and facemath, from arguments to files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.attributes import classifier
from cyclegan_glasses.attributes.calibration import AgeBand, Calibration
from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.attributes.weights import read_weights, write_weights
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.editing.facemath import FaceMath, load_facemath, move, save_facemath
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.errors import UserError, run_command
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.settings import AutoencoderSettings, ReaderSettings
from cyclegan_glasses.photo import Photo, write_manifest

MARKS = np.array([[30.0, 40], [60, 40], [45, 55], [35, 70], [55, 70]])


class Detector:
    """Finds as many faces as the first pixel says."""

    name = "fixed"

    def find_faces(self, image: np.ndarray) -> list[Face]:
        return [Face((10, 10, 60, 60), 0.9, MARKS)] * int(image[0, 0, 0])


@pytest.fixture
def photos(tmp_path, monkeypatch) -> dict[str, Path]:
    """Photos with one face, two and none."""
    monkeypatch.setattr("cyclegan_glasses.faces.detect.make_detector", lambda path=None: Detector())
    found = {}
    for name, count in (("one", 1), ("other", 1), ("two", 2), ("none", 0)):
        picture = np.random.default_rng(len(name)).integers(0, 256, (90, 90, 3), dtype=np.uint8)
        picture[0, 0] = count
        found[name] = tmp_path / f"{name}.png"
        cv2.imwrite(str(found[name]), picture)
    return found


@pytest.fixture
def weights(tmp_path) -> Path:
    torch.manual_seed(0)
    calibration = Calibration(bands=(AgeBand(0.0, 1.0, -9.0, 7.0),))
    write_weights(tmp_path / "judge.pt", Facelyzr(ReaderSettings(16, (4, 6), 8)).eval(), calibration)
    return tmp_path / "judge.pt"


@pytest.fixture
def model(tmp_path) -> Path:
    torch.manual_seed(0)
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 3)).eval()
    network.fit(torch.rand(9, 3, 16, 16) * 2 - 1)
    directions = {name: np.array([3.0, 1, 0], np.float32) for name in ("glasses", "age")}
    save_facemath(
        tmp_path / "math.pt", FaceMath(network, np.zeros(3, np.float32), np.ones(3, np.float32), directions)
    )
    return tmp_path / "math.pt"


def run(*argv: object) -> int | None:
    return parse([str(word) for word in argv])()


def test_judge_says_a_line_a_face_and_names_what_it_cannot_read(photos, weights, capsys):
    broken = photos["one"].with_name("broken.png")
    broken.write_bytes(b"no picture")
    asked = [photos[name] for name in ("one", "two", "none")]
    assert run("judge", *asked, broken, "--weights", weights) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3 and "two.png face 2: " in out and " years (" in out
    assert "gender unsure" in out, "an untrained network must claim nothing"
    assert "none.png: no face found" in err and "broken.png: not a picture" in err


def test_judge_writes_json_for_programs(photos, weights, capsys):
    assert run("judge", photos["one"], "--weights", weights, "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert set(row["faces"][0]["probabilities"]) == {"glasses", "none", "sunglasses", "broken"}
    face = row["faces"][0]
    assert np.array(face["landmarks"]).shape == (5, 2)
    assert face["ages"] == pytest.approx([max(0, face["age"] - 9), face["age"] + 7], abs=0.11)
    assert face["gender_sure"] is False and face["sure"] is (face["confidence"] >= 0.6)
    assert run("judge", photos["none"], "--weights", weights, "--json", "--aligned") == 0


def test_judge_refuses_what_is_not_there(tmp_path, weights):
    with pytest.raises(UserError, match="there is no .*missing"):
        run("judge", tmp_path / "missing.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no picture"):
        run("judge", tmp_path / "empty", "--weights", weights)


@pytest.fixture
def faces(tmp_path) -> Path:
    """Labelled aligned faces for training, calibration and test."""
    root, rows = tmp_path / "faces", []
    root.mkdir()
    for number in range(24):
        label = "glasses" if number % 2 else "none"
        picture = np.full((32, 32, 3), 60 if number % 2 else 200, np.uint8)
        cv2.imwrite(str(root / f"{number}.png"), picture)
        split = ("train", "val", "test")[number % 3]
        rows.append(Photo(f"{number}.png", label=label, split=split, group={"age": str(20 + number)}))
    write_manifest(root, rows)
    return root


def trained(folder: Path, name: str, network: torch.nn.Module, options: dict) -> Path:
    folder.mkdir()
    (folder / "train_opt.json").write_text(json.dumps(options))
    torch.save(network.state_dict(), folder / f"latest_net_{name}.pth")
    return folder


def test_calibrate_makes_a_classifier_of_a_run_and_measures_it(tmp_path, faces, capsys):
    torch.manual_seed(0)
    network = Facelyzr(ReaderSettings(16, (4, 6), 8))
    folder = trained(tmp_path / "run", "judge", network, {"model": "facelyzr", "crop_size": 16})
    run("calibrate", folder, "--dataroot", faces, "-o", tmp_path / "made.pt", "--sure", 0.5)
    out = capsys.readouterr().out
    assert "glasses_or_none" in out and "age_mean_error" in out
    assert read_weights(tmp_path / "made.pt")[1].sure == 0.5
    with pytest.raises(UserError, match="holds no run of --model facelyzr"):
        run("calibrate", faces, "--dataroot", faces, "-o", tmp_path / "no.pt")
    with pytest.raises(UserError, match="--sure"):
        run("calibrate", folder, "--dataroot", faces, "-o", tmp_path / "no.pt", "--sure", 2)
    assert not (tmp_path / "no.pt").exists()


def test_learn_finds_the_directions_of_labels_and_tables(tmp_path, faces, capsys):
    torch.manual_seed(0)
    options = {"model": "facemath", "crop_size": 16, "channels": [4, 6], "latent": 3}
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 3))
    network.fit(torch.rand(9, 3, 16, 16) * 2 - 1)
    folder = trained(tmp_path / "run", "facemath", network, options)
    table = tmp_path / "more.csv"
    table.write_text(
        "path,hat,same\n" + "".join(f"{n}.png,{'no' if n < 12 else 'yes'},1\n" for n in range(24))
    )
    argv = ("facemath", "learn", folder, "--dataroot", faces, "-o", tmp_path / "math.pt")
    run(*argv, "--labels", table, "--columns", "hat")
    directions = load_facemath(tmp_path / "math.pt").directions
    assert set(directions) == {"glasses", "age", "hat"}
    assert np.abs(directions["glasses"]).max() > 0.01, "the pictures differ by their glasses alone"
    np.testing.assert_allclose(directions["age"], 0, atol=1e-5, err_msg="older does not mean glasses")
    run(*argv[:-2])
    assert set(load_facemath(folder / "facemath.pt").directions) == {"glasses", "age"}
    assert load_model(folder, torch.device("cpu")).get("AtoB").size == 16, "and the run is an editor now"
    network.spread.zero_()
    early = trained(tmp_path / "early", "facemath", network, options)
    with pytest.raises(UserError, match="ended before it had seen enough faces"):
        run("facemath", "learn", early, "--dataroot", faces)
    with pytest.raises(UserError, match="no column 'cap'"):
        run(*argv, "--labels", table, "--columns", "cap")
    with pytest.raises(UserError, match="'same' has fewer than two values"):
        run(*argv, "--labels", table, "--columns", "same")
    with pytest.raises(UserError, match="go together"):
        run(*argv, "--columns", "hat")


def test_pairs_teach_how_glasses_come_and_go(tmp_path, faces, capsys):
    """The direction is the mean difference of the same faces, and taking off is learnt for each."""
    options = {"model": "facemath", "crop_size": 16, "channels": [4, 6], "latent": 3}
    torch.manual_seed(0)
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 3))
    network.fit(torch.rand(9, 3, 16, 16) * 2 - 1)
    folder = trained(tmp_path / "run", "facemath", network, options)
    argv = ("facemath", "learn", folder, "--dataroot", faces, "--paired_dataroot", tmp_path / "pairs")
    for side, shade in (("trainA", 90), ("trainB", 140)):
        (tmp_path / "pairs" / side).mkdir(parents=True)
        for number in range(5):
            face = np.full((32, 32, 3), shade + 8 * number, np.uint8)
            cv2.imwrite(str(tmp_path / "pairs" / side / f"{number}{side if number == 4 else ''}.png"), face)
        (tmp_path / "pairs" / side / "torn.png").write_bytes(b"no picture")
    run(*argv)
    math = load_facemath(folder / "facemath.pt")
    worn, bare = (
        math.encode(np.stack([np.full((16, 16, 3), shade + 8 * n, np.uint8) for n in range(4)]))
        for shade in (90, 140)
    )
    np.testing.assert_allclose(math.step("glasses"), (worn - bare).mean(0), rtol=0.02)
    assert math.removal is not None and math.removal.shape == (4, 3)
    assert np.abs(move(worn, math.step("glasses", -1), 1) - bare).max() < 0.2 * np.abs(worn - bare).max()
    (tmp_path / "pairs" / "trainB").rename(tmp_path / "pairs" / "trainC")
    with pytest.raises(UserError, match="share no names"):
        run(*argv)


@pytest.mark.parametrize(
    "argv",
    ["add-glasses one", "remove-glasses one --strength 2", "age one --to 70 --from 30", "move one --by age"],
)
def test_an_edit_keeps_the_photo_around_the_face(photos, model, tmp_path, argv):
    """The rest of the photo stays what it was, to the bit."""
    action, photo, *more = argv.split()
    asked = ("facemath", action, photos[photo], *more, "--model", model, "-o")
    run(*asked, tmp_path / "out.png")
    before, after = (cv2.imread(str(path)) for path in (photos[photo], tmp_path / "out.png"))
    assert before.shape == after.shape and (before != after).any()
    run(
        "facemath",
        action,
        photos[photo],
        *more,
        "--model",
        model,
        "-o",
        tmp_path / "face.png",
        "--face",
        "--side",
        32,
    )
    assert cv2.imread(str(tmp_path / "face.png")).shape == (32, 32, 3)


def test_faces_are_sampled_walked_compared_and_mixed(photos, model, faces, tmp_path, capsys):
    one, other = photos["one"], photos["other"]
    common = ("--model", model, "--side", 16, "-o")
    run("facemath", "sample", "--count", 4, *common, tmp_path / "sample.png")
    assert cv2.imread(str(tmp_path / "sample.png")).shape == (32, 32, 3)
    run("facemath", "walk", one, "--steps", 3, *common, tmp_path / "walk")
    assert len(list((tmp_path / "walk").iterdir())) == 3
    run("facemath", "grid", one, other, other, one, "--steps", 2, *common, tmp_path / "grid.png")
    assert cv2.imread(str(tmp_path / "grid.png")).shape == (32, 32, 3)
    capsys.readouterr()
    run("facemath", "neighbours", one, "--among", faces, "--count", 3, *common, tmp_path / "near.png")
    assert len(capsys.readouterr().out.splitlines()) == 3
    run("morph", one, other, "--steps", 4, *common, tmp_path / "morph.gif")
    assert (tmp_path / "morph.gif").read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("facemath add-glasses none", "no face found"),
        ("facemath add-glasses two", "shows 2 faces"),
        ("facemath move one --by hat", "no direction 'hat'"),
        ("facemath age one --to 150", "--to 150"),
        ("facemath sample --count 0", "--count 0"),
        ("facemath sample --sharpen -1", "--sharpen"),
        ("facemath walk one one", "one photo at most"),
        ("morph one", "two photos"),
        ("morph one one --steps 0", "--steps 0"),
    ],
)
def test_bad_input_is_one_line(photos, model, tmp_path, argv, message):
    asked = [str(photos.get(word, word)) if word in photos else word for word in argv.split()]
    with pytest.raises(UserError, match=message):
        run(*asked, "--model", model, "-o", tmp_path / "out.gif")
    assert not (tmp_path / "out.gif").exists()


def test_a_classifier_is_exported_as_the_file_that_ships(weights, tmp_path, monkeypatch, capsys):
    """A trained classifier that cannot be shipped, or that answers otherwise once it is."""
    assert run("export", "--name", weights, "--precision", "fp16", "-o", tmp_path / "new.onnx") is None
    assert "largest difference" in capsys.readouterr().out
    faces = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    trained = load_classifier(weights).predict(faces)
    monkeypatch.setattr(classifier, "CLASSIFIER", tmp_path / "new.onnx")
    for one, other in zip(load_classifier().predict(faces), trained, strict=True):
        assert one.verdict.probabilities == pytest.approx(other.verdict.probabilities, abs=1e-4)
        assert one.age == pytest.approx(other.age, abs=1e-3)
    with pytest.raises(UserError, match="say --format onnx --precision fp16"):
        run("export", "--name", weights)


def test_faces_are_mixed_by_the_algebra_that_ships(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fresh installation asked for a trained file before it showed anything."""
    out = tmp_path / "faces.png"
    command = parse(["facemath", "sample", "--count", "4", "--side", "64", "-o", str(out)])
    assert run_command(command) == 0, capsys.readouterr().err
    faces = np.asarray(Image.open(out))
    assert faces.shape == (128, 128, 3) and faces.std() > 20
