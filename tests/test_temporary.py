"""What a kill leaves half-written is removed by the next writer; what is not ours or still written stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cyclegan_glasses import temporary
from cyclegan_glasses.collect.writer import Writer
from cyclegan_glasses.files import atomic_write
from cyclegan_glasses.temporary import is_running, sweep, temporary_for
from tests.kills import left_by_a_kill


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has written nowhere yet."""
    monkeypatch.setattr(temporary, "_swept", set())


def test_the_next_file_that_is_written_to_a_folder_removes_what_a_kill_left(tmp_path: Path) -> None:
    left = left_by_a_kill(tmp_path / "latest.pt")
    assert left.read_bytes() == b"half" and not is_running(int(left.name.split("-")[-2]))
    with atomic_write(tmp_path / "other.txt", "w") as file:
        assert sorted(tmp_path.iterdir()) == [Path(file.name)]
    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]


def test_a_gathering_that_ends_leaves_no_half_written_file_in_any_of_its_folders(tmp_path: Path) -> None:
    """Not in those either that get nothing new."""
    (tmp_path / "testM").mkdir()
    left = left_by_a_kill(tmp_path / "testM" / "a.png")
    assert list(Writer(tmp_path).write([])) == [] and not left.exists()


def test_what_another_process_is_writing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: os.getppid())  # a process that is alive
    alive = temporary_for(tmp_path / "a.png")
    alive.touch()
    monkeypatch.undo()
    sweep(tmp_path)
    assert alive.exists()


@pytest.mark.parametrize(
    "name", [".draft.tmp", ".a.png.123.tmp", ".a.tmp", "a.1234abcd-1-1abc1.tmp", "notes.tmp"]
)
def test_files_of_others_stay(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with atomic_write(tmp_path / "a.png") as file:
        file.write(b"picture")
    assert (tmp_path / name).read_text() == "mine"


def test_a_process_of_the_same_number_before_this_one_is_dead(tmp_path: Path, monkeypatch) -> None:
    """In a container every process has the same number."""
    with monkeypatch.context() as earlier:
        earlier.setattr(temporary, "_START", "0000" if temporary._START != "0000" else "0001")
        left = temporary_for(tmp_path / "a.png")
    left.touch()
    sweep(tmp_path)
    assert not left.exists()


def test_files_of_another_machine_go_a_day_after_their_last_change(tmp_path: Path) -> None:
    young, old = (tmp_path / f".a.png.0000000f-1-abcd{number}.tmp" for number in (1, 2))
    for path, age in ((young, 0.9), (old, 1.1)):
        path.touch()
        changed = path.stat().st_mtime - age * temporary.OF_ANOTHER_MACHINE
        os.utime(path, (changed, changed))
    sweep(tmp_path)
    assert young.exists() and not old.exists()


def test_what_this_process_writes_is_not_swept_and_names_differ(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a") as first, atomic_write(tmp_path / "a") as second:
        assert first.name != second.name and len(list(tmp_path.iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
