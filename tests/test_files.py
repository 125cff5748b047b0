"""A file is put in its place whole, and a file of others is read within limits."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import (
    atomic_write,
    inside,
    leads_outside,
    link_or_copy,
    open_regular,
    parse_json,
    read_json,
    read_regular,
    write_json,
)
from cyclegan_glasses.temporary import LONGEST_NAME


@pytest.mark.parametrize("links", [True, False])
def test_a_file_is_linked_else_copied_and_replaces_what_was_there(tmp_path, monkeypatch, links):
    (tmp_path / "real").write_bytes(b"new")
    (tmp_path / "source").symlink_to(tmp_path / "real")
    target = tmp_path / "deep" / "target"
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError(18, "other disk")))
    for before in (None, b"old"):
        if before:
            target.unlink()
            target.write_bytes(before)
        link_or_copy(tmp_path / "source", target)
        link_or_copy(tmp_path / "source", target)  # once more: it is there already
        assert target.read_bytes() == b"new" and not target.is_symlink()
        assert target.samefile(tmp_path / "real") is links
        assert [path.name for path in target.parent.iterdir()] == ["target"], "nothing is left behind"


def test_a_source_that_went_away_is_one_line_and_leaves_the_target(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    with pytest.raises(UserError, match="target"):
        link_or_copy(tmp_path / "gone", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"old"


@pytest.mark.parametrize(
    "path", ["", ".", "a.png", "photos/a.png", "a..b.png", "...", "a:b.png", ".hidden", "a/./b", "a\\b"]
)
def test_a_path_below_a_folder_is_taken(tmp_path, path):
    if path:
        assert inside(tmp_path, path).resolve().is_relative_to(tmp_path)
    assert leads_outside(path) is (path == "")


@pytest.mark.parametrize("path", ["", "..", "../a", "a/../../b", "a/..", "/etc/passwd", "//a", "a\0b"])
def test_a_path_from_a_file_that_leads_out_of_its_folder_is_refused(tmp_path, path):
    assert leads_outside(path)
    with pytest.raises(UserError, match="no path below"):
        inside(tmp_path, path)


def make_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_pipe, "a pipe"),
        (lambda path: Path("/dev/zero"), "a device"),
        (lambda path: path.mkdir() or path, "directory"),
        (lambda path: path, "No such file"),
        (lambda path: path.with_name("a\0b"), "not a name"),
        (lambda path: path.with_name("\ud800"), "not a name"),
        (lambda path: path.symlink_to(path) or path, "symbolic links"),
    ],
)
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, make, message):
    path = make(tmp_path / "file")
    with pytest.raises(OSError, match=message):
        open_regular(path)
    with pytest.raises(OSError, match=message):
        read_json(path)


def test_a_file_beyond_its_limit_is_not_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(11))
    assert read_regular(path, 11) == bytes(11)
    with pytest.raises(OSError, match="larger than 10 bytes"):
        read_regular(path, 10)
    with pytest.raises(OSError, match="larger than"):  # it says that it is empty, and is not
        read_regular(Path("/proc/self/status"), 10)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_json_of_others_is_read(value):
    assert parse_json(json.dumps(value)) == value


@pytest.mark.parametrize("make", [make_pipe, lambda path: Path("/dev/zero")])
def test_only_a_regular_file_is_linked_or_copied(tmp_path, make):
    """A copy of /dev/zero fills the disk, and a linked pipe is waited for by whoever reads it."""
    with pytest.raises(UserError, match="not a regular file"):
        link_or_copy(make(tmp_path / "source"), tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("text", ["", "{", b"\xff", "[" * 100_000, "1" * 10_000])
def test_what_is_no_json_is_one_kind_of_error(text):
    with pytest.raises(ValueError):
        parse_json(text)


@pytest.mark.parametrize("name", ["x" * (LONGEST_NAME - 4) + ".png", "\udcff" * LONGEST_NAME])
def test_a_name_of_all_the_bytes_that_there_are_is_written(tmp_path, name):
    """The temporary neighbour has a longer name than the file, and must still be one."""
    (tmp_path / "source").write_bytes(b"linked")
    with atomic_write(tmp_path / name) as file:
        file.write(b"written")
    assert (tmp_path / name).read_bytes() == b"written"
    link_or_copy(tmp_path / "source", tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"linked"
    assert {path.name for path in tmp_path.iterdir()} == {"source", name}


def test_a_disk_that_takes_nothing_is_one_line(tmp_path, monkeypatch):
    """Read-only disks refuse to remove what was never written, too."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    (tmp_path / "s").write_bytes(b"x")
    for method in ("open", "unlink", "replace", "hardlink_to"):
        monkeypatch.setattr(Path, method, refuse)
    for write in (lambda: write_json(tmp_path / "x", 1), lambda: link_or_copy(*map(tmp_path.joinpath, "st"))):
        with pytest.raises(UserError, match="cannot write .*Read-only file system"):
            write()


@given(st.binary(max_size=9).map(os.fsdecode))
def test_json_with_names_that_are_no_text_comes_back_as_it_was(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("json") / "x.json"
    write_json(path, {"name": name})
    assert read_json(path) == {"name": name}
