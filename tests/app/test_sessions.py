"""Two pages never share a photo, and nothing of a closed page stays."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
import time
from pathlib import Path

import pytest

from cyclegan_glasses.app import sessions as module
from cyclegan_glasses.app.sessions import SESSIONS, UNOPENED, Sessions, private_folder, remove_unopened
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.temporary import machine


def put(sessions: Sessions[list[str]], key: str) -> Path:
    with sessions.at_work(key) as session:
        session.state[:] = [key]
        (session.folder / "me.jpg").write_text(key)
        return session.folder


def test_each_page_has_a_folder_of_its_own_until_it_is_closed(tmp_path) -> None:
    sessions: Sessions[list[str]] = Sessions(tmp_path, list)
    folders = {key: put(sessions, key) for key in "ab"}
    assert folders["a"] != folders["b"] and all(len(folder.name) > 20 for folder in folders.values())
    with sessions.at_work("a") as session:
        assert session.state == ["a"] and session.folder == folders["a"]
    sessions.end("a")
    sessions.end("a")
    assert not folders["a"].exists() and (folders["b"] / "me.jpg").read_text() == "b"
    with sessions.at_work("a") as session:
        assert session.state == [], "a page that was closed is not found again"


def test_pages_that_nobody_uses_end(tmp_path, monkeypatch) -> None:
    sessions: Sessions[list[str]] = Sessions(tmp_path, list)
    monkeypatch.setattr(module, "MOST_SESSIONS", 3)
    folders = [put(sessions, str(number)) for number in range(5)]
    assert [folder.exists() for folder in folders] == [False, False, True, True, True] and len(sessions) == 3
    monkeypatch.setattr(module, "IDLE", 0.0)
    put(sessions, "4")
    assert len(sessions) == 1 and [*tmp_path.iterdir()] == [folders[4]]


def test_a_page_that_ends_while_it_works_ends_afterwards(tmp_path) -> None:
    sessions: Sessions[list[str]] = Sessions(tmp_path, list)
    with sessions.at_work("a") as session:
        ending = threading.Thread(target=sessions.end, args=("a",))
        ending.start()
        while len(sessions):
            pass
        assert session.folder.is_dir()
    ending.join()
    assert [*tmp_path.iterdir()] == []


def test_what_waits_for_a_page_that_ends_is_told(tmp_path) -> None:
    sessions: Sessions[list[str]] = Sessions(tmp_path, list)
    caught: list[str] = []

    def ask() -> None:
        try:
            put(sessions, "a")
        except UserError as error:
            caught.append(str(error))

    with sessions.at_work("a") as session:
        waiting = threading.Thread(target=ask)
        waiting.start()
        session.folder.rmdir()
    waiting.join()
    assert caught == ["this page was closed: open it again"]


def test_the_folder_is_private_and_goes_whole() -> None:
    with private_folder() as folder:
        put(Sessions(folder / SESSIONS, list), "a")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_photos_of_an_app_that_was_killed_go_when_the_next_one_starts(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = tmp_path / f".{module.NAME}.{machine()}-{2**22 + 1}-00000.tmp"
    (dead / SESSIONS / "x").mkdir(parents=True)
    (dead / SESSIONS / "x" / "me.jpg").write_text("x")
    others = tmp_path / f".other.{machine()}-{2**22 + 1}-00000.tmp"
    others.mkdir()
    with private_folder() as one, private_folder() as two:
        assert sorted(tmp_path.iterdir()) == sorted([one, two, others])


@pytest.mark.parametrize("name", ["me.jpg", "a b.png"])
def test_a_photo_is_forgotten_when_another_comes(tmp_path, name) -> None:
    sessions: Sessions[list[str]] = Sessions(tmp_path, list)
    with sessions.at_work("a") as session:
        (session.folder / name).write_text("x")
        session.empty()
        assert [*session.folder.iterdir()] == []


def test_what_a_page_runs_ends_with_it(tmp_path) -> None:
    ended: list[list[str]] = []
    sessions: Sessions[list[str]] = Sessions(tmp_path, list, ended.append)
    put(sessions, "a")
    put(sessions, "b")
    sessions.end("a")
    assert ended == [["a"]]
    sessions.close()
    assert ended == [["a"], ["b"]] and [*tmp_path.iterdir()] == []


def test_a_photo_whose_page_was_closed_before_it_was_opened_goes(tmp_path) -> None:
    for name, age in (("old", UNOPENED + 60), ("new", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "me.jpg").write_text(name)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    remove_unopened(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
