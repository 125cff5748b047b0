"""The model that ships: it works right after installation, without a network, and as ONNX it is the same."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing import trained_models
from cyclegan_glasses.editing.frame_remover import FrameRemover
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.evaluation.settings import find_model
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.portraits.aligned import drawn_faces, drawn_portrait
from cyclegan_glasses.shipped import SHIPPED, generator_file, is_shipped
from cyclegan_glasses.values import to_values
from tests.commands import ROOT
from tests.editing.helpers import Known

CORNER = (60, 90)  # where the portrait lies in the photo


@pytest.fixture
def no_network(monkeypatch) -> None:
    def refuse(*_):
        raise AssertionError("something asked for the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def photo(number: int, glasses: bool) -> tuple[np.ndarray, Face]:
    """A drawn portrait in a photo of a wall, with grain, and where its face is."""
    portrait, face = drawn_portrait(number, 160, glasses=glasses)
    image = np.random.default_rng(number).normal((150, 140, 120), 4, (300, 280, 3)).astype(np.uint8)
    left, top = CORNER
    image[top : top + 160, left : left + 160] = portrait
    box = (face.box[0] + left, face.box[1] + top, *face.box[2:])
    return image, Face(box, 1.0, face.landmarks + np.array(CORNER))


@pytest.mark.parametrize("number", [1, 4])
def test_glasses_come_off_right_after_installation(number, tmp_path, monkeypatch, no_network) -> None:
    """No checkpoint, no network: nearer to the truth at the glasses, and elsewhere every bit as it was."""
    (worn, face), (bare, _) = photo(number, True), photo(number, False)
    Image.fromarray(worn).save(tmp_path / "in.png")
    monkeypatch.setattr("cyclegan_glasses.editing.editor.make_detector", lambda *_: Known([face]))
    monkeypatch.setattr("cyclegan_glasses.attributes.classifier.load_classifier", lambda: None)
    monkeypatch.chdir(tmp_path)
    assert run_command(lambda: parse(["remove", "in.png", "-o", "out.png"])()) == 0
    result = np.asarray(Image.open("out.png")).astype(int)
    glasses = np.abs(worn.astype(int) - bare).max(2) > 12
    before, after = (np.abs(picture - bare)[glasses].mean() for picture in (worn.astype(int), result))
    assert after < 0.8 * before
    changed = (result != worn).any(2)
    left, top = CORNER
    outside = np.ones(changed.shape, bool)
    outside[top : top + 160, left : left + 160] = False
    assert 0.005 < changed.mean() < 0.2 and not changed[outside].any()


def test_it_is_small_and_goes_both_ways(no_network) -> None:
    model = load_model(None)
    assert set(model.generators) == {REMOVE, ADD} and model.source == str(SHIPPED)
    assert sum(generator_file(way).stat().st_size for way in (REMOVE, ADD)) < 12e6
    assert load_classifier() is not None


@pytest.mark.parametrize("direction", [REMOVE, ADD])
def test_onnxruntime_makes_what_torch_makes(direction) -> None:
    """It is trained and measured in torch, and used without it."""
    here, there = load_model(None).get(direction), trained_models.load_model(None).get(direction)
    assert replace(here, network=there.network) == there
    faces = to_values(drawn_faces(3, here.size, here.framing))
    (one, frames), (other, others) = here.network(faces), there.network(faces)
    assert np.abs(one - other).max() < 1e-3 and np.abs(one - faces).mean() > 1e-3
    assert (frames is None) == (others is None) == (direction == ADD)
    if frames is not None and others is not None:
        assert frames.shape == others.shape == (3, here.size, here.size)
        assert np.abs(frames - others).max() < 1e-3 and frames[::2].max() > 0.5


def test_threads_share_it() -> None:
    """A server edits several photos at once."""
    generator = load_model(None).get(ADD)
    faces = [to_values(drawn_faces(1, generator.size) + level) for level in np.arange(6, dtype=np.uint8)]
    alone = [generator.network(face)[0] for face in faces]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda face: generator.network(face)[0], faces))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


COMMANDS = (
    ("remove", "in.png", "-o", "out.png", "--judge"),
    ("add", "in.png", "-o", "on.png", "--force", "--frame", "round"),
    ("add", "in.png", "-o", "learned.png", "--force", "--frame", "learned"),
    ("swap", "in.png", "-o", "other.png", "--like", "in.png"),
    ("judge", "in.png"),
    ("recommend", "in.png"),
    ("remove", "missing.png"),
)


def without_torch(folder: Path, argv: Sequence[Sequence[str]]) -> subprocess.CompletedProcess[str]:
    """Run commands in a process that cannot import torch; the last line says their exit codes."""
    code = (
        "import sys; sys.modules['torch'] = None\nfrom cyclegan_glasses.cli.main import parse\n"
        "from cyclegan_glasses.errors import run_command\n"
        f"print([run_command(lambda: parse(argv)()) for argv in {argv}])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=True)


def test_editing_needs_no_torch(tmp_path) -> None:
    """Its import takes longer than the whole edit, and much memory."""
    Image.fromarray(photo(1, glasses=True)[0]).save(tmp_path / "in.png")
    done = without_torch(tmp_path, COMMANDS)
    assert done.stdout.splitlines()[-1] == str([0] * (len(COMMANDS) - 1) + [2]), done.stderr
    made = {path.name for path in tmp_path.iterdir()}
    assert made >= {"out.png", "on.png", "learned.png", "other.png"}, done.stdout


def test_what_needs_torch_says_so_in_one_line(tmp_path) -> None:
    """Somebody installed the package without it, to edit."""
    done = without_torch(tmp_path, [["train", "--dataroot", "x", "--name", "y"]])
    assert done.stdout == "[2]\n"
    assert done.stderr.splitlines() == ["error: torch is not installed, which this needs: pip install torch"]


def test_loading_it_into_torch_does_not_load_torchs_compiler():
    """That takes as long as all the rest of an edit of one photo."""
    code = (
        "import sys, torch; from cyclegan_glasses.editing.trained_models import load_model;"
        " load_model(None); print([m for m in sys.modules if m == 'torch._dynamo'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_shipped_is_a_name_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ships could not be compared by name; a run of one's own that is called so wins."""
    monkeypatch.chdir(tmp_path)
    assert load_model("shipped").source == load_model(None).source == str(SHIPPED)
    assert find_model("shipped", tmp_path / "runs") == SHIPPED
    assert FrameRemover.open("shipped").faces[0] == load_model(None).get(REMOVE).size
    (tmp_path / "runs/shipped").mkdir(parents=True)
    assert find_model("shipped", tmp_path / "runs") == tmp_path / "runs/shipped"
    assert not is_shipped("shipped", tmp_path / "runs") and is_shipped(None, tmp_path / "runs")


def test_what_ships_is_tested_and_put_into_a_study_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    size = load_model(None).get(REMOVE).size
    for number, domain in enumerate(("testA", "testB")):
        Path(domain).mkdir()
        Image.fromarray(drawn_faces(2, size)[number]).save(f"{domain}/{number}.png")
    assert run_command(parse(["test", "--dataroot", ".", "--name", "shipped", "--device", "cpu"])) == 0
    made = Image.open("results/shipped/test_latest/images/0_fake_B.png")
    assert made.size == (size, size)
    study = ("hype", "build", "study", "--name", "shipped", "--dataroot", ".", "--task", "infinity")
    assert run_command(parse([*study, "--trials", "1"])) in (None, 0), capsys.readouterr().err
