"""What a person types: `python crawl.py transplant …`, its pairs and its errors."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.collect import transplant
from cyclegan_glasses.collect.settings import TransplantSettings
from cyclegan_glasses.collect.transplant import aligned_faces, transplant_pairs
from cyclegan_glasses.data.datasets import open_dataset
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.editing.frame_remover import FrameRemover
from cyclegan_glasses.editing.models import EditingModel
from cyclegan_glasses.editing.trained_models import save_model
from cyclegan_glasses.errors import UserError, run_command
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.networks.coarse_to_fine import CoarseToFine
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import CoarseToFineSettings, ResidualUnetSettings
from cyclegan_glasses.photo import Photo, latest_photos, write_manifest
from tests.editing.helpers import torch_generator

SIZE = 32
EYES = [[0.32 * SIZE, 0.4 * SIZE], [0.68 * SIZE, 0.4 * SIZE]]
BAR = np.s_[11:15, 8:24]


def row(path: str, label: str, split: str = "train", yaw: float = 0.0, **known: Any) -> Photo:
    landmarks = [*EYES, [SIZE / 2, SIZE / 2], [12, 24], [20, 24]]
    facts = {"face": {"landmarks": landmarks, "turn": yaw}}
    known = {"sha256": "0" * 64, "width": SIZE, "height": SIZE, "facts": facts, "source": "folder"} | known
    return Photo(path, origin=f"pile/{path}", label=label, split=split, **known)


def write(folder: Path, rows: list[tuple[Photo, int]]) -> Path:
    """A folder of faces of one grey level each; those with glasses, and undecided ones, wear a bar."""
    for photo, level in rows:
        picture = np.full((SIZE, SIZE, 3), level, np.uint8)
        if photo.label != "none":
            picture[BAR] = 30
        (folder / photo.path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / photo.path)
    write_manifest(folder, [photo for photo, _ in rows])
    return folder


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """To train on one with glasses and five without, to test on one and two; three to pass over."""
    bare = [(row(f"b{level}.png", "none", person=f"p{level}", author="B", group={"age": "20"}), level)
            for level in (90, 100, 180, 190)]  # fmt: skip
    return write(tmp_path / "faces", [
        (row("a.png", "glasses", author="A", licence="CC0"), 184),
        *bare,
        (row("side.png", "none", yaw=30), 184),
        (row("t.png", "glasses", "test"), 184),
        (row("tb.png", "none", "test", person="tested"), 183),
        (row("tc.png", "none", "test"), 120),
        (row("sun.png", "sunglasses"), 184),
        (row("out.png", "none", verdict="rejected", reason="framing: small"), 184),
        (row("large.png", "none", width=2 * SIZE), 184),
    ])  # fmt: skip


class SeesBars:
    """A classifier that calls a face with a dark bar glasses, and one that is black altogether, too."""

    def classify(self, pictures: np.ndarray) -> list[Verdict]:
        dark = pictures[0][BAR].mean() < 60
        probabilities = {"glasses": 0.9, "none": 0.1} if dark else {"glasses": 0.1, "none": 0.9}
        return [Verdict("glasses" if dark else "none", 0.9, probabilities)]


@pytest.fixture(autouse=True)
def classifier(monkeypatch) -> None:
    monkeypatch.setattr(transplant, "_classifier", SeesBars)


def take_off_bar(face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A remover that knows how these faces are made."""
    frame = np.zeros((SIZE, SIZE), np.float32)
    if face[0, 0, 0] > 8:
        frame[BAR] = 1
    return np.full(face.shape, face[0, 0, 0], np.float32), frame


def pairs_of(
    folders: list[Path], out: Path, settings: TransplantSettings, workers: int = 1
) -> list[list[Photo]]:
    found = aligned_faces(folders, SIZE, Framing(), settings)
    return list(transplant_pairs(found, out, settings, SIZE, take_off_bar, "model", 1))


def load(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def crawl(*argv: object) -> int:
    from cyclegan_glasses.options.crawl import parse

    return run_command(lambda: parse([str(arg) for arg in argv])())


def test_glasses_go_on_faces_that_are_turned_and_lit_alike(faces, tmp_path, caplog) -> None:
    """The truth is a photograph, of the same split; its person is the one that the pair shows."""
    out, settings = tmp_path / "out", TransplantSettings(each=2)
    rows = pairs_of([faces], out, settings)
    assert len(rows) == 2 and {photo.split for photo in latest_photos(out).values()} == {"train", "test"}
    for number, level in (("", 180), ("_2", 190)):
        worn, bare, mask, layers = (load(out / f"train{x}" / f"pile_a{number}.png") for x in "ABML")
        expected = np.full_like(bare, level)
        assert (bare == expected).all()
        expected[BAR] = 30
        assert (worn == expected).all() and ((worn != bare).any(axis=2) == (mask == 255)).all()
        assert (layers[:, :SIZE] == mask).all() and layers.shape == (SIZE, 4 * SIZE)
        glasses = latest_photos(out)[f"trainA/pile_a{number}.png"]
        assert (glasses.person, glasses.group, glasses.label) == (f"p{level}", {"age": "20"}, "glasses")
        assert (glasses.licence, glasses.author) == ("CC0", "B; A")
        assert glasses.facts["bare"] == f"pile/b{level}.png" and glasses.facts["layers"].startswith("trainL/")
    assert [load(out / "testB" / f"pile_t{n}.png")[0, 0, 0] for n in ("", "_2")] == [183, 120]
    told = "left out 1 labelled sunglasses, 1 rejected, 1 not aligned to 32 pixels"
    assert f"{faces}: {told}" in caplog.text


def test_the_same_arguments_give_the_same_pairs_and_go_on(faces, tmp_path) -> None:
    """A run that was stopped must not choose other faces than one that was not."""
    settings, whole, part = TransplantSettings(each=2), tmp_path / "whole", tmp_path / "part"
    pairs_of([faces], whole, settings)
    found = aligned_faces([faces], SIZE, Framing(), settings)
    first = transplant_pairs(found, part, settings, SIZE, take_off_bar, "model", 1)
    next(first)
    first.close()
    assert len(pairs_of([faces], part, settings)) == 2
    names = {path.relative_to(whole) for path in whole.rglob("*") if path.is_file()}
    assert len(names) == 2 * 2 * 4 + 2
    assert all((whole / name).read_bytes() == (part / name).read_bytes() for name in names)
    with pytest.raises(UserError, match="seed 0 → 1"):
        pairs_of([faces], part, replace(settings, seed=1))


def test_undecided_faces_come_from_a_second_folder(faces, tmp_path) -> None:
    """The classifier decides on them, and a person who is tested on stays among the test people."""
    more = write(tmp_path / "more", [
        (row("u.png", "", "", person="tested"), 150),
        (row("v.png", "", ""), 10),
        (row("w.png", "", ""), 7),
        (row("a.png", ""), 150),
    ])  # fmt: skip
    plain = np.full((SIZE, SIZE, 3), 160, np.uint8)
    Image.fromarray(plain).save(more / "v.png")
    (faces / "t.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    pairs_of([faces, more], out, TransplantSettings(each=1, shares=()))
    rows = latest_photos(out)
    assert {path for path in rows if "A/" in path} == {"testA/pile_u.png", "trainA/pile_a.png"}
    assert load(out / "trainA" / "pile_a.png")[0, 0, 0] == 180  # of the first folder that has it
    reasons = {photo.origin: photo.reason for photo in rows.values() if photo.reason}
    assert reasons.pop("pile/t.png").startswith("unreadable: ")
    assert reasons == {
        "pile/v.png": "transplant: no glasses, by the attribute classifier",
        "pile/w.png": "transplant: the model sees no frame",
    }


def test_a_face_like_no_other_costs_a_row(faces, tmp_path) -> None:
    (row_,) = pairs_of([faces], tmp_path / "out", TransplantSettings(each=3))[1]
    assert row_.origin == "pile/t.png" and "too few bare faces" in row_.reason


def packed(path: Path, network: torch.nn.Module, settings: Any) -> Path:
    model = EditingModel({"AtoB": torch_generator(network.eval(), settings, SIZE)}, str(path))
    save_model(model, path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Makes all of a face grey and calls it frame: all is carried over, down to the mouth."""
    settings = CoarseToFineSettings((2, 3), (3, 3), (2, 3), (3, 3), coarse_size=16, size=SIZE, passes=1)
    network = build_generator(settings)
    assert isinstance(network, CoarseToFine)
    with torch.no_grad():
        network.fine.out.weight.zero_()
        network.fine.out.bias.copy_(torch.tensor([0.0, 0, 0, 30, 30]))
    return packed(tmp_path / "model.pt", network, settings)


def test_a_model_makes_pairs_that_train_beside_drawn_ones(faces, model, tmp_path, capsys) -> None:
    """From the command to the data set: pairs of several kinds lie below one folder, as links."""
    out = tmp_path / "out"
    argv = ["transplant", faces, "--name", model, "--out", out, "--each", 2, "--workers", 1]
    assert crawl(*argv) == 0
    assert f"4 pairs are in {out}" in capsys.readouterr().out
    made, bare = (load(out / f"train{letter}" / "pile_a_2.png") for letter in "AB")
    assert (made[:21] == load(faces / "a.png")[:21]).all() and (made[23:] == bare[23:]).all()
    drawn, both = tmp_path / "drawn", tmp_path / "both"
    shutil.copytree(out, drawn)
    for folder in ("trainA", "trainB", "trainM", "trainL"):
        (both / folder).mkdir(parents=True)
        for pairs in (drawn, out):
            (both / folder / pairs.name).symlink_to(pairs / folder, target_is_directory=True)
    data = DataSettings(str(both), dataset_mode="aligned", load_size=SIZE, crop_size=SIZE, frame_layer=True)
    dataset = open_dataset(data)
    assert len(dataset) == 4 and {"A", "B", "M", "F"} <= dataset[0, 0].keys()


def test_weights_that_change_meanwhile_end_the_command(model) -> None:
    """A process that starts later must not make pairs with another model than the record names."""
    remover = FrameRemover.open(str(model))
    face = np.zeros((SIZE, SIZE, 3), np.uint8)
    assert (remover(face)[1][: SIZE // 2] > 0.99).all()
    with pytest.raises(UserError, match="has changed meanwhile"):
        replace(remover, sha256="0" * 64)(face)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--each", "0"], "1 to 1000"),
        (["--seed", "-1"], "0 to"),
        (["--split", "trial=0.1"], "test=SHARE"),
        (["--name", "gone"], "no model gone"),
        (["--name", "plain.pt"], "does not say where frames are"),
    ],
)
def test_invalid_arguments_cost_one_line_and_write_nothing(
    faces, model, tmp_path, monkeypatch, capsys, argv, message
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ResidualUnetSettings(filters=(2, 3), kernels=(3, 3))
    packed(tmp_path / "plain.pt", build_generator(settings), settings)
    assert crawl("transplant", faces, "--name", model, "--out", tmp_path / "out", *argv) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_faces_that_the_model_does_not_know_are_said(faces, tmp_path) -> None:
    with pytest.raises(UserError, match="no face with glasses is aligned to 64 pixels .*--align 64"):
        aligned_faces([faces], 64, Framing(), TransplantSettings())
    with pytest.raises(UserError, match="not aligned"):
        aligned_faces([faces], SIZE, Framing(0.5, 0.36), TransplantSettings())
    bare = [photo for photo in latest_photos(faces).values() if photo.label != "glasses"]
    write_manifest(faces, [replace(photo, label="glasses") for photo in bare])
    with pytest.raises(UserError, match="no face without glasses"):
        aligned_faces([faces], SIZE, Framing(), TransplantSettings())
