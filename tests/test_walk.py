"""Folders are read whole, once and without end; what is left out is counted."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import find_pictures, picture_names
from cyclegan_glasses.walk import (
    DATA,
    EXCLUDED,
    HIDDEN,
    NAMES,
    READ,
    REPEATED,
    UNREADABLE,
    is_hidden,
    name_key,
    place_key,
    report,
    walk,
)


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_hidden_parts_are_left_out_at_any_depth(tmp_path):
    names = ["b.png", "a/c.png", ".git/x.png", "a/.cache/deep/x.png", "__MACOSX/x.png", "a/._c.png"]
    left_out: Counter[str] = Counter()
    assert list(walk(tree(tmp_path / ".root", *names), left_out)) == ["b.png", "a/c.png"]
    assert left_out == {HIDDEN: 4}
    assert [is_hidden(name) for name in names] == [False, False, True, True, True, True]


def test_links_to_folders_are_followed_and_no_folder_is_read_twice(tmp_path):
    """A person links the data on another disk; a link upwards must not go round for ever."""
    elsewhere = tree(tmp_path / "elsewhere", "deep/x.png")
    root = tree(tmp_path / "root", "b/y.png", "z.png")
    (root / "a").symlink_to(elsewhere)
    (elsewhere / "up").symlink_to(root)
    (root / "b" / "here").symlink_to(root / "b")
    (root / "0").symlink_to(root / "b")
    (root / "loop.png").symlink_to(root / "loop.png")
    left_out: Counter[str] = Counter()
    assert list(walk(root, left_out)) == ["loop.png", "z.png", "b/y.png", "a/deep/x.png"]
    assert left_out == {REPEATED: 3}
    names = ["deep/x.png", "up/b/y.png", "up/loop.png", "up/z.png"]
    assert find_pictures(root / "a") == [root / "a" / name for name in names]


def test_the_folder_that_is_written_to_is_left_out_by_every_path(tmp_path):
    root = tree(tmp_path, "x.png", "out/y.png")
    (root / "alias").symlink_to(root / "out")
    assert picture_names(root, exclude=root / "." / "out") == ["x.png"]
    assert picture_names(root, exclude=root / "not there yet") == ["out/y.png", "x.png"]
    assert picture_names(root / "out", exclude=root / "out") == ["y.png"], "asked for by its own name"
    left_out: Counter[str] = Counter()
    list(walk(root, left_out, root / "out"))
    assert left_out == {EXCLUDED: 2}


def test_a_folder_that_cannot_be_read_costs_itself_and_is_told(tmp_path, monkeypatch, caplog):
    root, scandir = tree(tmp_path, "a/x.png", "b/y.png", "n.txt"), os.scandir

    def refuse(path: str):
        if Path(path).name in refused:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    refused = {"a"}
    assert picture_names(root) == ["b/y.png"]
    assert f"{root}: left out 1 {UNREADABLE}" in caplog.text and "kind" not in caplog.text
    refused = {root.name}
    with pytest.raises(UserError, match="cannot read .*Permission denied"):
        picture_names(root)
    assert picture_names(tmp_path / "nowhere") == [] and list(walk(tmp_path / "n.txt")) == []


def test_what_may_be_left_out_is_no_warning(caplog):
    caplog.set_level("INFO")
    report("x", Counter({HIDDEN: 2, DATA: 1, UNREADABLE: 0}))
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("INFO", f"x: left out 2 hidden, 1 {DATA}")
    ]


def test_names_of_other_systems_are_the_same_names():
    """macOS stores ü as u and two dots; a table or a pair from there must still fit."""
    name = "Zoë/Größe.png"
    apart = unicodedata.normalize("NFD", name)
    assert apart != name and name_key(apart) == name_key(name) == name
    assert place_key(apart.upper()) == place_key(name) and name_key("A.png") == "A.png"


def test_what_is_no_picture_is_counted_by_its_ending(tmp_path, caplog):
    """Whoever edits a folder must learn what was passed over."""
    names = [
        "a.jpg",
        "b.jfif",
        "c.CR3",
        "d.CR3",
        "e.mov",
        "g.HEIC",
        "README",
        "labels.csv",
        ".DS_Store",
        "f.PGM",
    ]
    caplog.set_level("INFO")
    assert picture_names(tree(tmp_path, *names)) == ["a.jpg", "b.jfif", "f.PGM", "g.HEIC"]
    warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert warned == [f"{tmp_path}: left out 2 .CR3, 1 without an ending, 1 .mov ({READ})"]
    assert f"left out 1 {HIDDEN}, 1 {DATA}" in caplog.text


def test_a_line_stays_a_line_however_many_reasons_there_are(caplog):
    report("x", Counter({f".{number}": number for number in range(1, 100)}))
    assert caplog.messages[0].startswith("x: left out 99 .99, 98 .98, ")
    assert caplog.messages[0].count(" .") == NAMES and f", {sum(range(1, 88))} others (" in caplog.messages[0]
