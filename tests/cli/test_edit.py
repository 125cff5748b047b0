"""`remove`, `add` and `export` as a person types them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.attributes import classifier as classifier
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.domains import GLASSES
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.trained_models import save_model
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.faces import detect
from cyclegan_glasses.images import check_header, to_bytes
from tests.conftest import ROOT
from tests.editing.helpers import Known, Says, portrait, ships
from tests.editing.test_package import tiny_model
from tests.editing.test_photograph import bomb


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with a photo; the tiny model ships, no classifier does, and the detector knows the face."""
    image, face = portrait()
    (tmp_path / "in").mkdir()
    Image.fromarray(image).save(tmp_path / "in" / "a.png")
    save_model(tiny_model(48), tmp_path / "weights.pt")
    ships(monkeypatch, load_model(tmp_path / "weights.pt"))
    monkeypatch.setattr(detect, "make_detector", lambda *_: Known([face]))
    monkeypatch.setattr("cyclegan_glasses.editing.editor.make_detector", lambda *_: Known([face]))
    monkeypatch.setattr(classifier, "load_classifier", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv: str) -> int:
    return run_command(lambda: parse(argv)())


def complaint(capsys, *argv: str) -> str:
    assert run(*argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line.removeprefix("error: ")


def test_one_photo_right_after_installation(place, capsys) -> None:
    assert run("remove", "in/a.png", "-o", "out.png") == 0
    assert "edited in/a.png -> out.png (1 of 1 faces" in capsys.readouterr().out
    before, after = (np.asarray(Image.open(name)) for name in ("in/a.png", "out.png"))
    assert 0 < (before != after).any(2).mean() < 0.7
    assert run("add", "in/a.png", "-o", "worn.png") == 0
    assert (np.asarray(Image.open("worn.png")) != after).any()


def test_a_frame_is_drawn_beside_the_photo_without_any_option(place, capsys) -> None:
    assert run("add", "in/a.png") == 0 and (place / "in" / "a_glasses.png").exists()
    assert run("add", "in/a.png", "-o", "x.png", "--frame", "aviator", "--colour", "gold", "--json") == 0
    (face,) = json.loads(capsys.readouterr().out.splitlines()[-1])["faces"]
    assert (face["frame"]["name"], face["frame"]["material"]) == ("aviator", "metal")
    assert run("swap", "in/a.png") == 0 and (place / "in" / "a_swapped.png").exists()
    assert run("remove", "in/a.png") == 0 and (place / "in" / "a_no_glasses.png").exists()
    assert "a_glasses.png is there already" in complaint(capsys, "add", "in/a.png")
    assert run("add", "in/a.png", "--overwrite") == 0


def test_the_network_adds_where_it_is_named(place) -> None:
    assert run("add", "in/a.png", "-o", "l.png", "--frame", "learned") == 0
    assert run("add", "in/a.png", "-o", "n.png", "--name", "weights.pt") == 0
    learned, named, drawn = (np.asarray(Image.open(name)) for name in ("l.png", "n.png", "in/a.png"))
    assert np.array_equal(learned, named) and not np.array_equal(learned, drawn)


def test_a_sheet_of_all_frames(place, capsys) -> None:
    assert run("add", "in/a.png", "--frame", "all", "--size", "large") == 0
    assert (place / "in" / "a_frames.png").exists()
    assert "--overwrite" in complaint(capsys, "add", "in/a.png", "--frame", "all")
    assert run("frames", "-o", "sheet.png") == 0 and Image.open("sheet.png").width > 1000
    assert "sheet.png is there already" in complaint(capsys, "frames", "-o", "sheet.png")


def test_frames_are_listed(place, capsys) -> None:
    assert run("frames") == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 14 and table[1].split()[:3] == ["round", "round", "metal"]
    assert run("frames", "--json", "--frames", str(ROOT / "examples" / "catalogue.toml")) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == ["Ada", "Otto", "Lido", "House"] and rows[0]["width"] == 136


def test_a_frame_of_a_catalogue(place, capsys) -> None:
    catalogue = str(ROOT / "examples" / "catalogue.toml")
    assert run("add", "in/a.png", "-o", "x.png", "--frames", catalogue, "--frame", "Ada", "--json") == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    assert face["frame"]["name"] == "Ada" and face["frame"]["pattern"] == "tortoise"
    assert run("add", "in/a.png", "-o", "y.png", "--frames", catalogue) == 0, "one of the catalogue's"


def test_a_folder_tells_what_became_of_each_and_ends_with_1_when_one_was_skipped(place, capsys) -> None:
    assert run("remove", "in", "-o", "out") == 0
    assert "1 edited: out" in capsys.readouterr().out
    (place / "in" / "b.jpg").write_text("hello")
    assert run("remove", "in", "-o", "out") == 1
    done = capsys.readouterr()
    assert "skipped in/b.jpg: not a picture" in done.err and "1 already there, 1 skipped: out" in done.out


def test_json_is_a_line_a_photo(place, capsys) -> None:
    assert run("remove", "in", "-o", "out", "--json") == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["state"] == "edited" and row["faces"][0]["before"] is None and "key" not in row


def test_the_classifier_that_ships_is_asked(place, monkeypatch, capsys) -> None:
    monkeypatch.setattr(classifier, "load_classifier", lambda: Says(GLASSES, GLASSES))
    assert run("add", "in/a.png", "-o", "x.png", "--json", "--judge") == 0
    row = json.loads(capsys.readouterr().out)
    assert row["state"] == "unchanged" and row["reason"].startswith("wears glasses already")
    assert row["faces"][0]["before"]["label"] == row["faces"][0]["after"]["label"] == GLASSES


def test_what_a_person_can_mend_is_one_line(place, capsys, monkeypatch) -> None:
    (place / "t.jpg").write_text("hello")
    Image.new("RGB", (1, 1)).save(place / "one.png")
    (place / "file").touch()
    bomb(place / "huge.png")
    for argv, message in (
        (("remove", "none.jpg", "-o", "x.jpg"), "none.jpg is not there"),
        (("remove", "t.jpg", "-o", "x.jpg"), "t.jpg: not a picture of a known format"),
        (("remove", "one.png", "-o", "x.png"), "one.png: no face was found"),
        (("remove", "huge.png", "-o", "x.png"), "huge.png: more than the limit of 100000000 pixels"),
        (("remove", "in/a.png", "-o", "x.xyz"), "cannot be written as .xyz"),
        (("remove", "in/a.png", "-o", "file/x.png"), "cannot write"),
        (("remove", "in/a.png", "-o", "x.png", "--name", "nix"), "there is no model nix"),
        (("remove", "in/a.png", "-o", "x.png", "--face", "nose"), "unknown --face 'nose'"),
        (("remove", "in/a.png", "-o", "x.png", "--workers", "0"), "--workers"),
        (("remove", "in/a.png", "-o", "x.png", "--passes", "0"), "--passes 0 is invalid: must be 1 to 8"),
        (("remove", "in/a.png", "-o", "x.png", "--judge"), "no attribute classifier"),
        (
            ("add", "in/a.png", "-o", "x.png", "--frame", "heart"),
            "unknown --frame 'heart': choose one of round",
        ),
        (("add", "in/a.png", "-o", "x.png", "--colour", "mauve"), "unknown --colour 'mauve': choose one of"),
        (("add", "in/a.png", "-o", "x.png", "--colour", "#12"), "or #rrggbb"),
        (("add", "in/a.png", "-o", "x.png", "--size", "1380"), "--size 1380 is invalid: must be 90 to 180"),
        (("add", "in/a.png", "-o", "x.png", "--size", "huge"), "unknown --size 'huge'"),
        (("add", "in/a.png", "-o", "x.png", "--frame", "in/a.png", "--width", "138"), "has no transparency"),
        (("add", "in/a.png", "-o", "x.png", "--frame", "none.png"), "none.png is not there"),
        (("add", "in/a.png", "-o", "x.png", "--frame", "in/a.png"), "give --width"),
        (("add", "in/a.png", "-o", "x.png", "--frame", "round", "--width", "130"), "is its --size"),
        (("add", "in/a.png", "-o", "x.png", "--frame", "learned", "--colour", "red"), "leave --colour out"),
        (
            ("add", "in/a.png", "-o", "x.png", "--name", "weights.pt", "--frame", "oval"),
            "leave it out, or --frame",
        ),
        (("add", "in/a.png", "-o", "x.png", "--lens", "clear", "--lens_colour", "red"), "have no colour"),
        (("add", "in/a.png", "-o", "x.png", "--frames", "t.jpg"), "t.jpg is no catalogue"),
        (("add", "in/a.png", "-o", "x.png", "--frame", "rimless", "--rim", "3"), "has no rim"),
        (("add", "one.png", "--frame", "all"), "one.png: no face was found"),
        (("swap", "in/a.png", "-o", "x.png", "--frame", "learned"), "swap draws a frame"),
        (("frames", "--frames", "none.toml"), "none.toml cannot be read: No such file"),
        (("export", "--passes", "0"), "--passes 0 is invalid: must be 1 to 8"),
        (("export", "--format", "package", "--precision", "int8"), "always in half precision"),
        (
            ("export", "--average_with", "shipped", "--fraction", "2"),
            "--fraction 2 is invalid: must be 0 to 1",
        ),
        (("export", "--fraction", "0.3"), "--fraction is of --average_with MODEL"),
        (
            ("export", "--format", "torchscript", "--precision", "int8"),
            "int8 is there for --format onnx alone",
        ),
    ):
        assert message in complaint(capsys, *argv)
    assert not (place / "x.png").exists() and not (place / "x.jpg").exists()


def test_a_face_is_not_written_over_unasked(place, capsys) -> None:
    assert run("remove", "in/a.png", "-o", "out.png") == 0
    assert "--overwrite" in complaint(capsys, "remove", "in/a.png", "-o", "out.png")
    assert run("remove", "in/a.png", "-o", "out.png", "--overwrite") == 0


def test_packing_a_run(place, capsys) -> None:
    assert run("export", "--format", "package", "-o", "mine.pt") == 0
    assert "AtoB on faces of 48 pixels, BtoA on faces of 48 pixels" in capsys.readouterr().out
    assert run("remove", "in/a.png", "-o", "y.png", "--name", "mine.pt") == 0
    assert run("export", "--format", "package", "-o", "often.pt", "--passes", "2", "--direction", "BtoA") == 0
    often = {
        way: generator.passes
        for way, generator in load_model("often.pt", torch.device("cpu")).generators.items()
    }
    assert often == {"AtoB": 1, "BtoA": 2}


def test_help_answers_without_torch() -> None:
    for verb in ("remove", "add", "swap", "frames", "export"):
        code = f"import sys; from cyclegan_glasses.cli.main import parse; parse(['{verb}', '--help'])"
        code = f"import atexit, sys; atexit.register(lambda: print('torch' in sys.modules)); {code}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stdout.splitlines()[-1] == "False"


def test_a_photo_goes_through_pipes_in_its_own_format(place, capsysbinary, monkeypatch) -> None:
    webp = to_bytes(Image.fromarray(portrait()[0]), "WEBP", quality=95)
    for content, code in ((webp, 0), (b"<html>", 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert run("remove", "-") == code
        out, told = capsysbinary.readouterr()
        if code == 0:
            assert check_header(out)[0] == ".webp" and out != webp
            assert told.startswith(b"edited - -> - (1 of 1 faces")
        else:
            assert out == b"" and told.endswith(
                b"-: not a picture of a known format, but a web page or an SVG\n"
            )
    assert run("remove", "in/a.png", "-o", "-") == 0
    assert check_header(capsysbinary.readouterr().out)[0] == ".png"


def test_what_a_dash_cannot_stand_for_is_one_line(place, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: SIM115, PTH123
    for argv, message in (
        (("remove", "-", "in/a.png"), "- stands for one photo"),
        (("remove", "in", "-o", "-"), "- stands for one photo"),
        (("remove", "in/a.png", "-o", "-", "--before_after"), "--before_after writes a second file"),
    ):
        assert message in complaint(capsys, *argv)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "this is a terminal: name a file" in complaint(capsys, "remove", "in/a.png", "-o", "-")


def test_an_animation_is_told_with_its_frames(place, capsys) -> None:
    image = portrait()[0]
    first, *rest = [Image.fromarray(np.roll(image, number, axis=1)) for number in range(3)]
    first.save("in/b.gif", save_all=True, append_images=rest, duration=50)
    assert run("remove", "in/b.gif") == 0
    assert "edited in/b.gif -> in/b_no_glasses.gif (1 of 1 faces, 3 frames" in capsys.readouterr().out
    assert run("remove", "in/b.gif", "-o", "c.gif", "--json") == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 3
    assert "several pictures: name its result .gif" in complaint(capsys, "remove", "in/b.gif", "-o", "c.jpg")
