"""Two processes in one folder mix what they write: the second is told who has it; a kill blocks nobody."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.photo import MANIFEST, Photo, write_manifest
from tests.commands import ROOT, files, run, two_domains

_HOLDS = """
import os, sys
from pathlib import Path
from cyclegan_glasses.locks import folder_lock
with folder_lock(Path(sys.argv[1]), Path(sys.argv[3]) if sys.argv[3:] else None):
    if sys.argv[2] == "worker":
        if os.fork() == 0:
            sys.stdin.read()
            os._exit(0)
    print("ready", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, how: str = "alone", file: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that has `folder`, until the block ends."""
    command = [sys.executable, "-c", _HOLDS, str(folder), how, *([str(file)] if file else [])]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
        process.communicate()


def test_the_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with holder(tmp_path / "run") as process:
        message = rf"in use by process {process.pid} \(.*since 20..-.*end it"
        with pytest.raises(UserError, match=message), folder_lock(tmp_path / "run"):
            pass
    with folder_lock(tmp_path / "run"):
        pass


def test_two_paths_to_one_folder_are_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with holder(tmp_path / "run"), pytest.raises(UserError, match="in use"), folder_lock(tmp_path / "link"):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes that are forked here")
def test_a_killed_process_blocks_nobody_even_if_its_workers_live_on(tmp_path: Path) -> None:
    with holder(tmp_path / "run", "worker") as process:
        process.kill()
        process.wait()
        with folder_lock(tmp_path / "run"):
            pass


def test_nothing_stays_behind(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "new" / "run"):
        assert (tmp_path / "new/run/.lock").exists()
    assert list(tmp_path.iterdir()) == []
    with folder_lock(tmp_path / "run"):
        (tmp_path / "run/file").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["file"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"), folder_lock(tmp_path / "file" / "run"):
        pass


def test_a_file_system_without_locks_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with folder_lock(tmp_path):
        pass
    assert "cannot be locked (No locks available)" in caplog.text and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "typed",
    [
        "train.py --dataroot {data} --checkpoints_dir {folder} --name run --device cpu --display_id 0",
        "crawl.py folder {data} --out {folder}/run --workers 1",
        "crawl.py overlay {data} --out {folder}/run --workers 1",
        "crawl.py synthetic --out {folder}/run --count 2 --jobs 1",
        "crawl.py kaggle {data} --out {folder}/run",
        "crawl.py openverse face --out {folder}/run --endpoint http://127.0.0.1:9 --allow_private",
        "crawl.py filter {folder}/run",
        "crawl.py review {folder}/run",
        "crawl.py build {folder}/run --from {data} --unfiltered",
    ],
)
def test_every_command_that_writes_to_a_folder_has_it_alone(typed: str, tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "run"
    two_domains(data)
    (data / "glasses").mkdir()
    shutil.copy(data / "trainA" / "000.png", data / "glasses")
    labels = {"trainB/100.png": "none", "trainA/000.png": "glasses"}
    write_manifest(data, [Photo(path, label=word, sha256="0" * 64) for path, word in labels.items()])
    folder.mkdir()
    script, *argv = typed.format(data=data, folder=tmp_path).split()
    if argv[0] in ("filter", "review"):
        (folder / MANIFEST).touch()
    before = files(folder)
    with holder(folder, file=tmp_path / ".run.lock" if "build" in argv else None) as process:
        done = run(script, *argv)
        assert done.code == 2 and f"in use by process {process.pid} (" in done.err
    assert files(folder) == before
