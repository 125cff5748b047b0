"""`crawl.py filter` and `crawl.py build` as they are typed."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.photo import append_photos, latest_photos
from tests.criteria.helpers import make_pile, use_drawn_faces


def crawl(*argv: object) -> int:
    """Run `crawl.py` with these arguments and return its exit code."""
    return run_command(lambda: parse([str(word) for word in argv])())


def test_from_a_pile_to_two_domains(tmp_path, monkeypatch, capsys):
    """Lost here: the whole way that the documentation shows."""
    use_drawn_faces(monkeypatch)
    pile, out = tmp_path / "pile", tmp_path / "out"
    make_pile(pile, 10)
    shutil.copy(pile / "photos/0001.png", pile / "photos/0009.png")
    assert crawl("filter", pile, "--workers", 1, "--dry_run") == 0
    assert "10 photos, 10 measured now, 10 verdicts would change" in capsys.readouterr().out
    assert crawl("filter", pile, "--workers", 1) == 0
    said = capsys.readouterr().out
    assert "10 photos, 0 measured now, 10 verdicts changed" in said
    assert "           1           0           1  duplicates: the same file as another" in said
    assert crawl("filter", pile, "--workers", 1, "--max_duplicate_bits", -1) == 0
    assert (
        crawl("build", out, "--from", pile, "--workers", 1, "--test_share", 0.2, "--duplicate_bits", -1) == 0
    )
    said = capsys.readouterr().out
    assert f"learn {out}, which takes 40 minutes" in said
    assert f"days on a CPU: python train.py --dataroot {out} --name out" in said
    assert len(latest_photos(out)) == 10


def test_the_classifier_is_asked_when_wanted(tmp_path, monkeypatch, capsys):
    """Its arg must reach the manifest, and photos measured without it be measured again."""
    use_drawn_faces(monkeypatch)
    make_pile(tmp_path, 3)
    assert crawl("filter", tmp_path, "--workers", 1) == 0
    assert not any("judged" in photo.facts for photo in latest_photos(tmp_path).values())
    assert crawl("filter", tmp_path, "--workers", 1, "--judge") == 0
    assert "3 measured now" in capsys.readouterr().out
    for photo in latest_photos(tmp_path).values():
        assert photo.facts["judged"] in CLASSES and 0 <= photo.scores["judge_confidence"] <= 1


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("filter", "nowhere"), "has no manifest"),
        (("filter", "nowhere", "--workers", "-1"), "--workers -1"),
        (("filter", "nowhere", "--max_duplicate_bits", "40"), "--max_duplicate_bits 40"),
        (("filter", "pile", "--yunet", "nowhere.onnx"), "nowhere.onnx"),
        (("filter", "pile", "--judge_weights", "judge.pt"), "add --judge"),
        (("filter", "pile", "--judge", "--judge_weights", "judge.pt"), "no attribute classifier judge.pt"),
        (("review", "nowhere"), "has no manifest"),
        (("review", "nowhere", "--port", "70000"), "--port: 70000: give 0"),
        (("build", "out", "--from", "nowhere"), "has no manifest"),
        (("build", "out", "--from", "pile"), "run crawl.py filter first"),
        (("build", "out", "--from", "pile", "--align"), "--align crops to a size"),
        (("build", "out", "--from", "pile", "--size", "3"), "--size 3"),
        (("build", "out", "--from", "pile", "--test_share", "1"), "--test_share 1"),
        (("build", "out", "--from", "pile", "--duplicate_bits", "-2"), "--duplicate_bits -2"),
        (("build", "out", "--from", "pile", "--cap_per_person", "-1"), "--cap_per_person -1"),
    ],
)
def test_invalid_arguments_are_one_line_and_exit_code_2(tmp_path: Path, monkeypatch, capsys, argv, complaint):
    monkeypatch.chdir(tmp_path)
    make_pile(tmp_path / "pile", 2)
    assert crawl(*argv) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert complaint in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_filter_without_both_domains_says_how_to_get_them(tmp_path, monkeypatch, capsys):
    use_drawn_faces(monkeypatch)
    make_pile(tmp_path / "pile", 4)
    assert crawl("filter", tmp_path / "pile", "--workers", 1) == 0
    assert f"crawl.py build datasets/built --from {tmp_path / 'pile'}\n" in capsys.readouterr().out
    photos = [dataclasses.replace(photo, label="") for photo in latest_photos(tmp_path / "pile").values()]
    append_photos(tmp_path / "pile", photos)
    assert crawl("filter", tmp_path / "pile", "--workers", 1) == 0
    assert "no photo labelled glasses or none was accepted" in capsys.readouterr().out
