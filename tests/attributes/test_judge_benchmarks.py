"""The benchmarks of the attribute classifier: a figure that compares unlike things is worse than none."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest
import torch

from benchmarks import judge_by_eye, judge_pretraining
from cyclegan_glasses.data.labels import read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.photo import Photo, write_manifest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Sixty faces of 32 pixels, a third with a dark bar over the eyes that is labelled glasses."""
    root, rng, photos = tmp_path_factory.mktemp("faces"), np.random.default_rng(0), []
    for number in range(60):
        label = "glasses" if number % 3 == 0 else "none"
        picture = rng.integers(120, 200, (32, 32, 3), dtype=np.uint8)
        if label == "glasses":
            picture[10:16, 4:28] = 10
        name = f"{number:02d}.png"
        cv2.imwrite(str(root / name), picture)
        split = "test" if number % 4 == 1 else "val" if number % 4 == 2 else "train"
        group = {"race": "White" if number % 2 else "Black", "gender": "Male" if number % 5 else "Female"}
        photos.append(Photo(name, origin=name, label=label, split=split, group=group))
    write_manifest(root, photos)
    return root


def test_one_command_gives_a_row_for_each_way_share_and_seed(faces, monkeypatch, capsys):
    argv = "--ways none layers joint --shares 0.4 1 --seeds 3 --channels 4 6 --size 16 --steps 12 --batch 8"
    more = "--pretraining_steps 6 --drawn 0.2"
    monkeypatch.setattr(sys, "argv", ["x", str(faces), *argv.split(), *more.split()])
    judge_pretraining.main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["none"] * 2 + ["layers"] * 2 + ["logistic"] * 2 + ["joint"] * 2
    assert {row[2] for row in rows} == {"3"} and int(rows[0][1]) < int(rows[1][1])
    assert all(0 <= float(figure) <= 1 for row in rows for figure in row[3:6])
    logistic = rows[5]
    assert float(logistic[3]) > 0.9, "a black bar is told from none by any code"


def test_a_share_keeps_the_labels_of_whole_faces(faces):
    """A drawn picture of a face whose label is taken away would give the label back."""
    train = judge_pretraining.load(faces, "train", 16, 1.0)
    chosen = set(judge_pretraining.labelled(faces, train, 0.4))
    assert 0 < len(chosen) < len(train.names)
    for index, name in enumerate(train.names):
        assert (index in chosen) == (train.names.index(name) in chosen)
    hidden = train.batch(np.arange(3), known=False)
    assert (
        (hidden["glasses"] == -1).all() and hidden["age"].isnan().all() and hidden["landmarks"].isnan().all()
    )


def test_regression_weighs_classes_alike():
    code = torch.cat([torch.randn(90, 2) - 1.5, torch.randn(10, 2) + 1.5])
    truth = torch.tensor([0] * 90 + [1] * 10)
    weight, bias = judge_pretraining.fit(code, truth, 2, 1e-3)
    said = (code @ weight + bias).argmax(1)
    assert (said == truth)[90:].float().mean() > 0.85 and (said == truth)[:90].float().mean() > 0.85


def test_sheets_hold_each_group_alike_and_verdicts_are_compared(
    faces, tmp_path, monkeypatch, capsys, weights
):
    rows = [row for row in read_labels(faces, "test", LabelSettings()) if row[1].group]
    picked = judge_by_eye.chosen(rows)
    assert len({path for path, _ in picked}) == len(picked) == len(rows)
    assert [path for path, _ in judge_by_eye.chosen(rows)] == [path for path, _ in picked]
    monkeypatch.setattr(judge_by_eye, "WANTED", {"glasses": 1, "sunglasses": 0, "none": 2})
    few = [known.group["race"] for _, known in judge_by_eye.chosen(rows)]
    assert sorted(few) == ["Black"] * few.count("Black") + ["White"] * few.count("White")
    assert max(few.count("Black"), few.count("White")) <= 3
    monkeypatch.setattr(sys, "argv", ["x", str(faces), "--sheets", str(tmp_path)])
    judge_by_eye.main()
    assert (tmp_path / "sheet_0.png").exists() and len((tmp_path / "faces.csv").read_text().split()) == len(
        few
    ) + 1
    table = ["file,seen", *(f"{path.name},none" for path, _ in rows[:4]), "gone.png,glasses"]
    (tmp_path / "seen.csv").write_text("\n".join(table) + "\n")
    argv = [str(faces), "--verdicts", str(tmp_path / "seen.csv"), "--weights", str(weights)]
    monkeypatch.setattr(sys, "argv", ["x", *argv])
    judge_by_eye.main()
    assert "4 faces that were looked at" in capsys.readouterr().out
