"""What a person types: `python crawl.py overlay …`, its pairs and its errors."""

from __future__ import annotations

import os
import pickle
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.collect.pairs import bare_faces, draw_pairs
from cyclegan_glasses.collect.settings import OverlaySettings
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.overlays.fit import FACE
from cyclegan_glasses.overlays.frames import WORN
from cyclegan_glasses.photo import Photo, latest_photos, write_manifest
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait
from tests.overlays.test_custom_frames import picture

pytestmark = pytest.mark.slow

SIZE = 64


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Four bare synthetic portraits with the landmarks of an aligned folder, and two others to pass over."""
    folder, rows = tmp_path / "faces", []
    folder.mkdir()
    for number in range(6):
        drawing = draw_portrait(random_portrait(0, number), SIZE)
        Image.fromarray(drawing.image).save(folder / f"{number}.png")
        points = (drawing.pose.project(FACE) + 0.5).round(2).tolist()
        rows.append(
            Photo(
                f"{number}.png",
                source="folder",
                origin=f"pile/{number}.jpg",
                label=GLASSES if number == 4 else NONE,
                split="test" if number == 3 else "train",
                sha256="0" * 64,
                width=SIZE,
                height=SIZE,
                group={"tone": "x"},
                facts={"face": {"landmarks": points}},
                verdict="rejected" if number == 5 else "",
                reason="framing: small" if number == 5 else "",
            )
        )
    write_manifest(folder, rows)
    return folder


def crawl(*argv: object) -> int:
    return run_command(lambda: parse([str(arg) for arg in argv])())


def load(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_pairs_have_one_name_and_an_exact_mask(faces, tmp_path, capsys) -> None:
    """The truth must be true: outside the mask a pair is the same picture."""
    out = tmp_path / "out"
    assert crawl("overlay", faces, "--out", out, "--workers", 1) == 0
    assert f"4 pairs are in {out}" in capsys.readouterr().out
    rows = latest_photos(out)
    assert len(rows) == 8 and {photo.split for photo in rows.values()} == {"train", "test"}
    for path, photo in rows.items():
        assert photo.group == {"tone": "x"} and path.startswith(
            f"{photo.split}{'A' if photo.facts else 'B'}/"
        )
    for name in (path.split("/")[1] for path in rows if "trainA" in path):
        a, b, m = (load(out / f"train{letter}" / name) for letter in "ABM")
        assert ((a != b).any(axis=2) == (m > 0)).all() and (m > 200).mean() > 0.04
        number = rows[f"trainB/{name}"].origin.split("/")[1].split(".")[0]
        assert (b == load(faces / f"{number}.png")).all()
        facts = rows[f"trainA/{name}"].facts
        assert facts["mask"] == f"trainM/{name}" and facts["frame"]["lens_width"] > 40
        assert facts["layers"] == f"trainL/{name}"
        layers = np.split(load(out / facts["layers"]), 4, axis=1)
        assert all((layer[m == 0] == 0).all() and layer.any() for layer in layers)


def test_the_same_arguments_give_the_same_pairs_and_go_on(faces, tmp_path) -> None:
    """A run that was stopped must not draw other glasses than one that was not."""
    settings = OverlaySettings(each=2)
    photos = bare_faces(faces, tmp_path)
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert sum(len(rows) for rows in draw_pairs(photos, whole, settings, workers=1)) == 16
    first = draw_pairs(photos, part, settings, workers=1)
    next(first)
    first.close()
    assert len(list(draw_pairs(photos, part, settings, workers=1))) == 4
    assert latest_photos(whole) == latest_photos(part)
    names = {path.relative_to(whole) for path in whole.rglob("*.png")}
    assert len(names) == 32
    assert all((whole / name).read_bytes() == (part / name).read_bytes() for name in names)
    one, two = (load(whole / "trainA" / f"pile_0{end}.png") for end in ("", "_2"))
    assert (one != two).any()


def same_bytes(here: Path, there: Path) -> bool:
    """Whether two folders hold the same files."""
    files = sorted(path.relative_to(here) for path in here.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(there) for path in there.rglob("*") if path.is_file())
    return all((here / file).read_bytes() == (there / file).read_bytes() for file in files)


class WorkerElsewhere:
    """Stands in for a worker of a cluster: gets its jobs as bytes, and works in another folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def submit(self, fn, *args) -> Future:
        job, here = pickle.dumps((fn, args)), Path.cwd()
        done: Future = Future()
        os.chdir(self.folder)
        try:
            work, inputs = pickle.loads(job)
            done.set_result(pickle.loads(pickle.dumps(work(*inputs))))
        finally:
            os.chdir(here)
        return done


def test_workers_of_a_cluster_find_the_files_of_relative_paths(faces, tmp_path, monkeypatch) -> None:
    """They were not started in the folder in which the command was typed."""
    (tmp_path / "elsewhere").mkdir()
    client = MagicMock()
    client.get_executor.return_value = WorkerElsewhere(tmp_path / "elsewhere")
    dask = SimpleNamespace(Client=lambda *_, **__: client, KilledWorker=KeyError)
    client.__exit__.return_value = False
    monkeypatch.setitem(sys.modules, "distributed", dask)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    picture().save(tmp_path / "frames/green_128mm.png")
    frames = ("--frames", "frames")
    assert crawl("overlay", "faces", "--out", "here", *frames, "--workers", 1) == 0
    assert crawl("overlay", "faces", "--out", "there", *frames, "--cluster", "tcp://host:1") == 0
    assert len(latest_photos(tmp_path / "there")) == 8
    assert same_bytes(tmp_path / "here", tmp_path / "there")


def test_a_dask_cluster_gives_the_same_pairs(faces, tmp_path) -> None:
    distributed = pytest.importorskip("distributed")
    how = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(host="127.0.0.1", protocol="tcp://", **how) as cluster:
        argv = ("overlay", faces, "--each", 2)
        assert crawl(*argv, "--out", tmp_path / "here", "--workers", 1) == 0
        assert crawl(*argv, "--out", tmp_path / "there", "--cluster", cluster.scheduler_address) == 0
    assert same_bytes(tmp_path / "here", tmp_path / "there")


def test_photos_that_are_not_bare_are_counted(tmp_path, caplog) -> None:
    row = Photo("a.png", origin="a", label="none", sha256="1")
    labels = {"b.png": {"label": "glasses"}, "c.png": {"label": "glasses"}, "d.png": {"verdict": "rejected"}}
    write_manifest(tmp_path, [row, *(replace(row, path=path, **known) for path, known in labels.items())])
    assert [item.photo.path for item in bare_faces(tmp_path, tmp_path / "out")] == ["a.png"]
    assert f"{tmp_path}: left out 2 labelled glasses, 1 rejected" in caplog.text


def test_own_frames_are_drawn_and_named(faces, tmp_path) -> None:
    frames, out = tmp_path / "frames", tmp_path / "out"
    frames.mkdir()
    picture().save(frames / "green_128mm.png")
    assert crawl("overlay", faces, "--out", out, "--frames", frames, "--workers", 1) == 0
    rows = [photo for photo in latest_photos(out).values() if photo.label == GLASSES]
    assert {photo.facts["frame"]["file"] for photo in rows} == {"green_128mm.png"}
    picture((200, 0, 0)).save(frames / "green_128mm.png")
    assert crawl("overlay", faces, "--out", out, "--frames", frames, "--workers", 1) == 2


def test_frames_of_shops_come_in_shapes_that_few_people_wear(faces, tmp_path) -> None:
    shapes = {}
    for mix in ("worn", "shop"):
        out = tmp_path / mix
        assert crawl("overlay", faces, "--out", out, "--frame_mix", mix, "--each", 12, "--workers", 1) == 0
        shapes[mix] = {p.facts["frame"]["shape"] for p in latest_photos(out).values() if p.facts}
    assert shapes["worn"] <= set(WORN) and shapes["shop"] - set(WORN)


def test_hard_pairs_are_other_pairs(faces, tmp_path) -> None:
    dazzled = {}
    for fraction in (0, 1):
        out = tmp_path / f"hard{fraction}"
        assert crawl("overlay", faces, "--out", out, "--hard", fraction, "--each", 3, "--workers", 1) == 0
        dazzled[fraction] = sum(p.facts["dazzle"] > 0 for p in latest_photos(out).values() if p.facts)
    assert dazzled[0] == 0 < dazzled[1]


def test_sunglasses_only_when_asked_for(faces, tmp_path) -> None:
    for fraction, label in ((0, "glasses"), (1, "sunglasses")):
        out = tmp_path / label
        assert crawl("overlay", faces, "--out", out, "--sunglasses", fraction, "--workers", 1) == 0
        assert {p.label for p in latest_photos(out).values() if p.facts} == {label}


def test_a_picture_without_a_face_costs_a_line(faces, tmp_path, capsys) -> None:
    pile, out = tmp_path / "pile", tmp_path / "out"
    pile.mkdir()
    Image.new("RGB", (40, 40)).save(pile / "black.png")
    (pile / "broken.png").write_bytes(b"no picture")
    assert crawl("overlay", pile, "--out", out, "--workers", 1) == 2
    printed = capsys.readouterr()
    assert "overlay: no face found" in printed.out and "overlay: unreadable" in printed.out
    assert "glasses fit none of the 2 pictures" in printed.err
    assert {photo.reason for photo in latest_photos(out).values()} >= {"overlay: no face found"}


def test_a_pile_is_aligned_and_its_faces_are_found(tmp_path, shared) -> None:
    """Without a manifest the detector finds the eyes that the lenses go before."""
    yunet = next(iter(sorted((shared / "models").glob("face_detection_yunet*.onnx"))), None)
    if yunet is None:
        pytest.skip("no YuNet below the shared models")
    pile, out = tmp_path / "pile", tmp_path / "out"
    pile.mkdir()
    for photo in sorted((shared / "data" / "photos" / "lfw").rglob("*.jpg"))[:2]:
        (pile / photo.name).write_bytes(photo.read_bytes())
    argv = ["overlay", pile, "--out", out, "--align", 48, "--max_turn", 90, "--yunet", yunet, "--workers", 1]
    assert crawl(*argv) == 0
    pairs = [photo for photo in latest_photos(out).values() if photo.facts]
    assert len(pairs) == 2
    for photo in pairs:
        mask = load(out / photo.facts["mask"])
        assert mask.shape == (48, 48)
        assert mask[19, 15] > 200 and mask[19, 32] > 200


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--align", "8"], "16 to 2048"),
        (["--each", "0"], "1 to 1000"),
        (["--sunglasses", "2"], "0 to 1"),
        (["--seed", "-1"], "0 to"),
        (["--split", "trial=0.1"], "test=SHARE"),
        (["--frames", "gone"], "no PNG files"),
        (["--frames", "gone", "--frame_mix", "shop"], "leave --frame_mix out"),
        (["--yunet", "gone.onnx"], "gone.onnx"),
    ],
)
def test_invalid_arguments_cost_one_line_and_write_nothing(faces, tmp_path, capsys, argv, message) -> None:
    assert crawl("overlay", faces, "--out", tmp_path / "out", *argv) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_manifest_without_bare_faces_is_said(faces, tmp_path, capsys) -> None:
    write_manifest(faces, [Photo("4.png", label=GLASSES, sha256="0" * 64)])
    assert crawl("overlay", faces, "--out", tmp_path / "out") == 2
    assert "no bare faces" in capsys.readouterr().err
