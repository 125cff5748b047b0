"""K-FACE: the wanted pictures and no others, with their people and labels, whatever the tree begins with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.crawl import parse
from cyclegan_glasses.photo import latest_photos
from cyclegan_glasses.sources import aihub
from cyclegan_glasses.sources.aihub import AihubSource
from tests.sources.helpers import picture, write_tree, write_zip

PEOPLE = ("19062421", "19082641")
EVERYTHING = dict.fromkeys(("resolutions", "accessories", "lights", "expressions", "cameras"), ("all",))


def documented(
    resolutions: tuple[str, ...], cameras: tuple[int, ...] = (6, 7, 17), lights: tuple[int, ...] = (1, 8)
) -> dict[str, bytes | str]:
    """A tree of the documented shape with every accessory and expression."""
    tree: dict[str, bytes | str] = {}
    data = picture(kind="JPEG")
    for resolution in resolutions:
        for person in PEOPLE:
            for s in range(1, 7):
                for light in lights:
                    for e in range(1, 4):
                        folder = "/".join(
                            filter(None, (resolution, person, f"S00{s}", f"L{light}", f"E0{e}"))
                        )
                        tree |= {f"{folder}/C{camera}.jpg": data for camera in cameras}
                        if s == light == 1:
                            tree[f"{folder}/C7.txt"] = "boxes"
    return tree


def chosen(source: AihubSource) -> list[str]:
    """What is taken, as the end of the path in the source."""
    return ["/".join(item.photo.origin.split("!")[-1].split("/")[-5:]) for item in source.photos()]


def test_defaults_are_the_selection_of_the_term_project(tmp_path: Path) -> None:
    """High resolution, glasses and none, brightest light, three expressions, the two centred cameras."""
    source = write_tree(tmp_path / "kface", documented(("High_Resolution", "Low_Resolution")))
    found = [item.photo for item in AihubSource(source).photos()]
    assert [photo.origin.split("/")[-5:] for photo in found] == [
        [person, accessory, "L1", expression, camera]
        for person in PEOPLE
        for accessory in ("S001", "S002")
        for expression in ("E01", "E02", "E03")
        for camera in ("C17.jpg", "C7.jpg")
    ]
    assert all("High_Resolution" in photo.origin and photo.source == "aihub" for photo in found)
    assert [photo.person for photo in found] == [PEOPLE[0]] * 12 + [PEOPLE[1]] * 12
    assert [photo.label for photo in found[:12]] == ["none"] * 6 + ["glasses"] * 6
    assert found[7].facts == {
        "resolution": "high",
        "accessory": "glasses",
        "light": "1000",
        "expression": "neutral",
        "camera": "frontal",
    }
    assert found[7].path == "photos/high/19062421/S002_L1_E01_C7"


@pytest.mark.parametrize(
    ("names", "resolutions"),
    [(("",), {None}), (("High", "Middle"), {"high", "middle"}), (("k/data/Low_Resolution",), {"low"})],
)
@pytest.mark.parametrize("write", [write_tree, write_zip])
def test_every_beginning_of_the_tree(write, names, resolutions, tmp_path: Path) -> None:
    """With the suffix or without, folders further down, or from the people on; folder or zip."""
    tree = documented(names)
    source = write(tmp_path / "kface", tree)
    found = [item.photo for item in AihubSource(source, **EVERYTHING).photos()]
    assert len(found) == len({photo.path for photo in found})
    assert len(found) == sum(name.endswith(".jpg") for name in tree)
    assert {photo.facts.get("resolution") for photo in found} == resolutions
    labels = {photo.facts["accessory"]: photo.label for photo in found}
    assert labels == {
        "none": "none",
        "glasses": "glasses",
        "horn_rimmed": "glasses",
        "sunglasses": "sunglasses",
        "cap": "none",
        "cap_horn_rimmed": "glasses",
    }


@pytest.mark.parametrize("write", [write_tree, write_zip])
def test_every_folder_with_people_counts_and_strange_pictures_are_told(
    write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The set comes in several downloads, each with its own folder; a hidden copy is none of them."""
    tree: dict[str, bytes | str] = {}
    for part in ("a", "b", ".c"):
        tree |= {f"{part}/{name}": data for name, data in documented(("High",)).items()}
    strange = {"a/High/sample.jpg": b"", f"a/High/{PEOPLE[0]}/S001/L1/E01/C7.svg": b""}
    source = write(tmp_path / "kface", tree | strange)
    found = [item.photo.origin for item in AihubSource(source).photos()]
    assert len(found) == 2 * 24 and not any(".c/" in origin for origin in found)
    assert "1 pictures that lie elsewhere than K-FACE's" in caplog.text
    assert "left out 1 .svg" in caplog.text and "C7.txt" not in caplog.text


def test_folder_of_one_resolution_is_taken_as_it_is(tmp_path: Path) -> None:
    """Someone who points at Low_Resolution itself wants it."""
    source = write_tree(tmp_path, documented(("Low_Resolution",))) / "Low_Resolution"
    found = list(AihubSource(source).photos())
    assert len(found) == 24 and found[0].photo.facts["resolution"] == "low"


def test_options_choose(tmp_path: Path) -> None:
    """Readable names, codes in any case and degrees mean the same folders."""
    source = write_tree(tmp_path, documented(("",)))
    base = AihubSource(source, cameras=("frontal",), expressions=("neutral",))
    one = [f"{person}/S003/L1/E01/C7.jpg" for person in PEOPLE]
    assert chosen(replace(base, accessories=("horn_rimmed",))) == one
    assert (
        chosen(replace(base, accessories=("s003",), lights=("L1",), expressions=("e01",), cameras=("c7",)))
        == one
    )
    assert chosen(replace(base, accessories=("none",), lights=("directed_8",), cameras=("15",))) == [
        f"{person}/S001/L8/E01/C6.jpg" for person in PEOPLE
    ]


def test_names_agree_with_the_documented_codes() -> None:
    """C1 to C13 turn from +90 to -90 degrees, C14 to C20 from +45 to -45 seen from above."""
    assert {aihub.CAMERAS[name] for name in ("+90", "frontal", "-90")} == {"C1", "C7", "C13"}
    assert [aihub.CAMERAS[name] for name in ("+15", "-15")] == ["C6", "C8"]
    assert [aihub.CAMERAS[name] for name in ("above+45", "frontal_above", "above-45")] == [
        "C14",
        "C17",
        "C20",
    ]
    assert sorted(aihub.CAMERAS.values(), key=lambda code: int(code[1:])) == [f"C{i}" for i in range(1, 21)]
    assert sorted(aihub.LIGHTS.values(), key=lambda code: int(code[1:])) == [f"L{i}" for i in range(1, 31)]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--accessory", "hat"],
            "unknown accessory 'hat': known are none, glasses, horn_rimmed",
        ),
        (["--light", "2000"], "unknown light '2000': known are 1000, 400"),
        (["--camera", "C21"], "unknown camera 'C21'"),
        (["--expression", "anger"], "unknown expression 'anger': known are neutral, smile, disgust and all"),
        (["--resolution", "full"], "unknown resolution 'full': known are high, middle, low and all"),
        (["--resolution", "low"], "has only the resolution high"),
        (["--light", "400"], "no photo fits"),
    ],
)
def test_invalid_arguments_are_one_line_and_write_nothing(
    argv: list[str], message: str, tmp_path: Path
) -> None:
    """A slip of the pen costs a second, not a crawl of the wrong pictures."""
    source = write_tree(tmp_path / "kface", documented(("High_Resolution",)))
    run = parse(["aihub", str(source), "--out", str(tmp_path / "out"), *argv])
    with pytest.raises(UserError, match=message):
        run()
    assert not (tmp_path / "out").exists()


def test_no_tree_is_said(tmp_path: Path) -> None:
    """A folder of something else is not an empty selection."""
    write_tree(tmp_path, {"a/b/1.jpg": b"1", "c/2.jpg": b"1"})
    with pytest.raises(UserError, match="has no folders of people"):
        list(AihubSource(tmp_path).photos())
    with pytest.raises(UserError, match="is not there"):
        list(AihubSource(tmp_path / "none").photos())


def test_only_wanted_folders_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual selection of 17 million files opens 13 folders a person, not 550."""
    write_tree(tmp_path, documented(("High_Resolution", "Low_Resolution")))
    opened: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: opened.append(str(path)) or scandir(path))
    assert len(list(AihubSource(tmp_path).photos())) == 24
    inside = [path for path in opened if PEOPLE[0] in path]
    assert len(inside) == 1 + 2 + 2 + 6
    assert not any("Low" in path or "S003" in path or "L8" in path for path in opened)


def test_command_round_trips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The documented options give two labelled domains of one set of people, linked to the tree."""
    source = write_tree(tmp_path / "kface", documented(("High_Resolution",)))
    argv = "--accessory glasses horn_rimmed none --light 1000 --camera frontal --expression neutral smile"
    command = ["aihub", str(source), *argv.split(), "--out", str(tmp_path / "out")]
    parse(command)()
    assert "12 photos: 8 glasses, 4 none" in capsys.readouterr().out
    parse(command)()
    assert "0 new, 12 were there" in capsys.readouterr().out
    rows = latest_photos(tmp_path / "out")
    assert len(rows) == 12 and {row.person for row in rows.values()} == set(PEOPLE)
    for path, row in rows.items():
        assert (tmp_path / "out" / path).samefile(row.origin)


def test_real_paths(shared: Path, tmp_path: Path) -> None:
    """Paths of the real tree are understood: each wanted one is found once."""
    pairs = (shared / "data/formats/kface_pairs.first500.txt").read_text().splitlines()
    paths = {path for line in pairs for path in line.split()[:2]}
    source = write_tree(tmp_path, dict.fromkeys(paths, b""))
    everything = AihubSource(source, **EVERYTHING)
    assert len(paths) == 508 and sorted(chosen(everything)) == sorted(paths)
    usual = [path for path in paths if path.split("/")[-1] in ("C7.jpg", "C17.jpg")]
    assert sorted(chosen(AihubSource(source))) == sorted(usual) and len(usual) == 49
