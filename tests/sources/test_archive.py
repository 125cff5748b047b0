"""A person's disk and memory are safe from what they downloaded, and the members are found."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources import archive as archives
from cyclegan_glasses.sources.archive import UnreadableError, escapes, open_archive
from tests.sources.helpers import write_tree, write_zip

MEMBERS = {"a/one.jpg": b"1", "a/Two.PNG": b"22", "notes.txt": "x\r\nüñ\n"}


@pytest.mark.parametrize("write", [write_zip, write_tree])
def test_zip_and_folder_read_alike(write, tmp_path: Path) -> None:
    """Unpacking by hand or not gives the same photos."""
    path = write(tmp_path / "set", {**MEMBERS, "__MACOSX/a/._one.jpg": b"junk", "a/.hidden.jpg": b"junk"})
    with open_archive(path) as archive:
        assert sorted(archive.names()) == sorted(name for name in MEMBERS)
        assert sorted(archive.pictures()) == ["a/Two.PNG", "a/one.jpg"]
        assert archive.read("a/Two.PNG") == b"22"
        assert list(archive.lines("notes.txt")) == ["x", "üñ"]
        assert archive.find("a/one.jpg") == "a/one.jpg"
        assert archive.find("a/one.png") == "a/one.jpg"
        assert archive.find("A\\two.jpg") == "a/Two.PNG"
        assert archive.find("a/three.jpg") is None
        assert archive.find("../set/a/one.jpg") is None
        assert archive.find("x" * 5000) is None


def test_backslashes_of_windows_zips_are_slashes(tmp_path: Path) -> None:
    """A zip made on Windows has its pictures too."""
    with open_archive(write_zip(tmp_path / "w.zip", {"img\\1.jpg": b"1"})) as archive:
        assert list(archive.names()) == ["img/1.jpg"]
        assert archive.read("img/1.jpg") == b"1"
        assert archive.origin("img/1.jpg") == f"{(tmp_path / 'w.zip').as_posix()}!img/1.jpg"


@pytest.mark.parametrize(
    "name", ["../x.jpg", "a/../../x.jpg", "/etc/x.jpg", "C:\\x.jpg", "c:x.jpg", "..\\x.jpg", "\\\\host\\x"]
)
def test_zip_that_escapes_is_refused(name: str, tmp_path: Path) -> None:
    """A hostile zip cannot write outside its folder."""
    path = write_zip(tmp_path / "slip.zip", {"fine.jpg": b"1", name: b"2"})
    with pytest.raises(UserError, match="leads out of its folder"):
        open_archive(path)


def test_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    """A link in a zip cannot stand for a file elsewhere on the disk."""
    info = zipfile.ZipInfo("link.jpg")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match="leads out of its folder"):
        open_archive(tmp_path / "link.zip")


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch) -> None:
    """A few kilobytes cannot fill memory or disk: by one member, or by many that are small."""
    one = write_zip(tmp_path / "one.zip", {"zeros.png": bytes(8 << 20)})
    assert one.stat().st_size < 20_000
    with pytest.raises(UserError, match="zip bomb"):
        open_archive(one)
    many = write_zip(tmp_path / "many.zip", {f"{i}.png": bytes(900_000) for i in range(20)})
    with pytest.raises(UserError, match="zip bomb"):
        open_archive(many)
    fine = write_zip(tmp_path / "fine.zip", {"a": b"1" * 100})
    monkeypatch.setattr(archives, "TOTAL_BYTES", 99)
    with pytest.raises(UserError, match="zip bomb"):
        open_archive(fine)
    monkeypatch.setattr(archives, "TOTAL_BYTES", 100)
    with open_archive(fine) as archive:
        assert archive.read("a") == b"1" * 100


@pytest.mark.parametrize("write", [write_zip, write_tree])
def test_large_member_costs_itself_alone(write, tmp_path: Path, monkeypatch) -> None:
    """One film among the pictures does not fill memory and does not end the run."""
    path = write(tmp_path / "set", {"a": b"1" * 11, "b": b"1" * 10})
    monkeypatch.setattr(archives, "MEMBER_BYTES", 10)
    with open_archive(path) as archive:
        with pytest.raises(UnreadableError, match="larger than"):
            archive.read("a")
        assert archive.read("b") == b"1" * 10


def test_member_that_lies_about_its_size_or_is_damaged_is_unreadable(tmp_path: Path) -> None:
    """Damage is said as one line, and the other members can be read."""
    path = write_zip(tmp_path / "x.zip", {"a.png": bytes(range(256)) * 40, "b.png": b"fine"})
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    with open_archive(path) as archive:
        with pytest.raises(UnreadableError, match=r"cannot read .*a\.png"):
            archive.read("a.png")
        assert archive.read("b.png") == b"fine"


def test_member_whose_local_name_is_no_text_is_unreadable(tmp_path: Path) -> None:
    """The names of a zip stand in it twice, and Python decodes the second one when a member is opened."""
    path = write_zip(tmp_path / "x.zip", {"ü.png": b"one", "b.png": b"fine"})
    data = bytearray(path.read_bytes())
    data[data.index(b"\xc3\xbc")] = 0xFF
    path.write_bytes(data)
    with open_archive(path) as archive:
        with pytest.raises(UnreadableError, match=r"cannot read .*ü\.png"):
            archive.read("ü.png")
        assert archive.read("b.png") == b"fine"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a zip"),
        (b"<html>log in first</html>", "not a zip"),
        (b"7z\xbc\xaf\x27\x1c", "packed with 7z"),
        (b"\x1f\x8b\x08\x00", "packed with gzip"),
    ],
)
def test_what_is_not_a_zip_is_said(data: bytes, message: str, tmp_path: Path) -> None:
    """An error page saved as a zip is not taken for an empty set."""
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(UserError, match=message):
        open_archive(tmp_path / "x.zip")


def test_half_a_zip_encrypted_rare_or_missing_is_said(tmp_path: Path) -> None:
    """Each way that a download can be of no use has its own message."""
    whole = write_zip(tmp_path / "whole.zip", MEMBERS).read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="only a part of one"):
        open_archive(tmp_path / "half.zip")
    locked = bytearray(whole)
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(UserError, match="is encrypted"):
        open_archive(tmp_path / "locked.zip")
    with zipfile.ZipFile(tmp_path / "rare.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", b"1" * 100)
    with pytest.raises(UserError, match="rare method"):
        open_archive(tmp_path / "rare.zip")
    with pytest.raises(UserError, match="is not there"):
        open_archive(tmp_path / "none.zip")


def test_text_that_is_not_utf8_or_has_no_lines_is_said(tmp_path: Path) -> None:
    """A table in another encoding is not read as wrong labels."""
    tree = write_tree(
        tmp_path,
        {"k.csv": "이름\n안경\n".encode("cp949"), "b.csv": b"\xef\xbb\xbfid\n1\n", "l.txt": b"1" * (1 << 20)},
    )
    with open_archive(tree) as archive:
        assert list(archive.lines("b.csv")) == ["id", "1"]
        with pytest.raises(UserError, match=r"k\.csv line 1 is not UTF-8"):
            list(archive.lines("k.csv"))
        with pytest.raises(UserError, match="longer than a megabyte"):
            list(archive.lines("l.txt"))


@given(st.lists(st.sampled_from(["a", "b.jpg", "..", ".", "...", "c..", ""]), min_size=1, max_size=5))
def test_escapes_agrees_with_the_file_system(segments: list[str]) -> None:
    """Every name that leads out is caught, and none that stays is refused but for a `..` in its middle."""
    name = "/".join(segments)
    resolved = Path("/root/folder", *[name]).resolve()
    if not resolved.is_relative_to("/root/folder"):
        assert escapes(name)
    if escapes(name):
        assert ".." in segments or name.startswith("/")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_zip_or_one_line(data: bytes) -> None:
    """No file makes a traceback."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jpg", b"1")
    import tempfile

    for content in (data, packed.getvalue()[:-22] + data, data + packed.getvalue()):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            try:
                with open_archive(Path(file.name)) as opened:
                    for name in opened.names():
                        opened.read(name)
            except UserError as error:
                assert "\n" not in str(error)


def test_names_that_are_no_text_stay_apart(tmp_path: Path) -> None:
    """Two photos with one origin would be taken for one, and the second left out as done."""
    names = [os.fsdecode(name) for name in (b"glasses/\xfe.png", b"glasses/\xff.png")]
    with open_archive(write_tree(tmp_path, dict.fromkeys(names, b""))) as archive:
        assert len({archive.origin(name) for name in archive.names()}) == 2
