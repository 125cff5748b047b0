"""Work over cores: in order, few pieces at a time, and no hanging when a worker dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.parallel import in_order, open_executor
from tests.commands import ROOT


def square(number: int) -> int:
    """Its square; 7 ends the process as the kernel does when memory runs out."""
    if number == 7:
        os._exit(9)
    return number * number


def test_results_come_in_order_and_jobs_are_taken_a_few_at_a_time():
    """All jobs taken at once would hold a million photos in memory."""
    taken = []

    def jobs() -> Iterator[int]:
        for number in range(10, 30):
            taken.append(number)
            yield number

    with open_executor(workers=2) as executor:
        results = in_order(executor, square, jobs(), in_flight=3)
        assert next(results) == 100
        assert len(taken) <= 4
        assert list(results) == [number**2 for number in range(11, 30)]


def test_a_worker_that_is_ended_from_outside_is_one_clear_line():
    with pytest.raises(UserError, match="fewer --workers"), open_executor(workers=2) as executor:
        list(in_order(executor, square, range(6, 9)))


def test_one_worker_works_here():
    with open_executor(workers=1) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()
        with pytest.raises(ZeroDivisionError):
            executor.submit(lambda: 1 / 0).result()


_STARTS = """
import sys, time
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.parallel import in_order, open_executor

def main():
    with open_executor(workers=2) as executor:
        print("begins", flush=True)
        list(in_order(executor, time.sleep, [0.1] * 1000))

if __name__ == "__main__":
    sys.exit(run_command(main))
"""


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.5])
def test_ctrl_c_while_workers_start_is_one_line(delay: float, tmp_path: Path):
    """The terminal sends it to all of them, also to those that have not begun to work."""
    (tmp_path / "starts.py").write_text(_STARTS)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "starts.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "begins\n"
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "stopped\n" and process.returncode == 130
