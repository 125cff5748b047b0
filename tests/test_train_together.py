"""torchrun with train.py as a person runs it: exact resume, signals, a process that dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.commands import ROOT, TINY, two_domains
from tests.forks import Forked
from tests.torchrun import torchrun, typed_torchrun
from tests.training.helpers import differences

EPOCHS = "--n_epochs 2 --n_epochs_decay 0 --batch_size 2 --print_freq 4 --dropout --ema 0.9".split()
pytestmark = pytest.mark.slow
STARTED: list[Forked | subprocess.Popen[str]] = []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two processes with batches of two take four steps an epoch, and leave one picture of A out."""
    return two_domains(tmp_path_factory.mktemp("data"), a=17, b=12)


def command(data: Path, runs: Path, *args: str) -> list[str | Path]:
    places = ("--dataroot", data, "--checkpoints_dir", runs, "--name", "x")
    return [ROOT / "train.py", *places, *TINY, *EPOCHS, *args]


def begin(data: Path, runs: Path, *args: str, count: int = 2, restarts: int = 0) -> Forked:
    child = torchrun(count, *command(data, runs, *args), restarts=restarts)
    STARTED.append(child)
    return child


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """What a failed test leaves running would slow the others."""
    yield
    for child in STARTED:
        if child.poll() is None:
            child.terminate()
            child.wait()


def end(child: Forked | subprocess.Popen[str], code: int = 0) -> str:
    said, _ = child.communicate(timeout=240)
    assert child.returncode == code, said
    return said


def state(runs: Path) -> dict[str, Any]:
    """All that the next step of both depends on."""
    saved = torch.load(runs / "x" / "latest.pt", weights_only=True)
    for part in (saved, *saved["others"]):
        part["random"] = part["random"]["torch"]
    return saved


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run of two processes that was not stopped, and what it said."""
    runs = tmp_path_factory.mktemp("whole")
    return runs, end(begin(data, runs))


def test_one_process_logs_and_saves(whole: tuple[Path, str]) -> None:
    runs, said = whole
    assert said.count("trained 8 steps; next:") == 1 and said.count("saved latest") == 1
    rows = [json.loads(line) for line in (runs / "x" / "history.jsonl").read_text().splitlines()]
    assert sorted(row["seen"] for row in rows if row.get("kind") == "losses" or "losses" in row) == [
        4 * step for step in range(1, 9)
    ]
    saved = state(runs)
    assert (saved["loop"]["step"], saved["loop"]["seen"], len(saved["others"])) == (8, 32, 1)
    (other,) = saved["others"]
    assert set(other["objective"]) == {"pools", "penalty_chance"}
    mine = saved["objective"]["pools"]
    assert not torch.equal(mine["fake_B"]["chance"], other["objective"]["pools"]["fake_B"]["chance"])
    assert not torch.equal(saved["random"], other["random"])


def test_another_number_of_processes_goes_on_and_says_so(
    whole: tuple[Path, str], data: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(whole[0], runs)
    said = end(begin(data, runs, "--continue_train", "--n_epochs", "3", "--max_steps", "9", count=1))
    assert "saved by 2 processes, so not to the bit" in said
    loop = state(runs)["loop"]
    assert (loop["step"], loop["pictures"]) == (9, 2)


def process_of(child: Forked, rank: int) -> int:
    """The process of `rank` below torchrun."""
    children = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    if not children.exists():
        pytest.skip("no /proc here")
    return int(children.read_text().split()[rank])  # they stand in the order of their birth


def wait_for(child: Forked | subprocess.Popen[str], pattern: str) -> str:
    assert child.stdout is not None
    said = ""
    for line in child.stdout:
        said += line
        if re.search(pattern, line):
            return said
    raise AssertionError(said)


def test_sigterm_on_another_process_than_the_first_saves_once_and_ends_all(
    data: Path, tmp_path: Path
) -> None:
    child = begin(data, tmp_path, "--n_epochs", "50")
    wait_for(child, r"epoch: 1, iters: 8")
    os.kill(process_of(child, 1), signal.SIGTERM)
    said = end(child)
    step = int(re.findall(r"stopped at step (\d+); go on: torchrun", said)[0])
    assert said.count("saved latest") == 1 and state(tmp_path)["loop"]["step"] == step


def test_ctrl_c_on_torchrun_saves_once_and_ends_all(data: Path, tmp_path: Path) -> None:
    child = typed_torchrun(2, *command(data, tmp_path, "--n_epochs", "50"))
    STARTED.append(child)
    wait_for(child, r"epoch: 1, iters: 8")
    os.kill(child.pid, signal.SIGINT)
    said, _ = child.communicate(timeout=240)
    assert child.returncode != 0 and said.count("saved latest") == 1 and "stopped at step" in said


def test_a_stop_and_a_restart_after_a_death_end_bit_for_bit_where_the_whole_run_ends(
    whole: tuple[Path, str], data: Path, tmp_path: Path
) -> None:
    """Pools and random states of both, and the place in the epoch. One line says what happened, and
    `--max-restarts` needs no other word: the unsaved is trained again."""
    end(begin(data, tmp_path, "--max_steps", "2"))
    child = begin(data, tmp_path, "--continue_train", "--save_latest_freq", "4", restarts=1)
    before = wait_for(child, r"saved latest \(epoch 1, step 3")
    assert before.count("going on from latest.pt: epoch 1, step 2\n") == 1
    os.kill(process_of(child, 1), signal.SIGKILL)
    said = end(child)
    assert said.count("error: another process of this run has ended") == 1, said
    assert "go on from it with the same command and --continue_train" in said
    assert len(re.findall(r"going on from latest.pt: epoch \d, step [3-8]\n", said)) == 1
    assert differences(state(whole[0]), state(tmp_path)) == []
