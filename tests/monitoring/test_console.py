"""What scripts read off a training run stays readable by them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from cyclegan_glasses.monitoring.console import LOSS_LOG, Console, loss_line
from cyclegan_glasses.monitoring.formats import duration
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import NAMES, losses


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_loss_line(at: Callable[[int], Progress]) -> None:
    """The line is that of the reference implementation, to the letter, so that log readers work."""
    line = loss_line(at(1100), {"D_A": 0.3434, "G_A": 1.0})
    assert line == "(epoch: 2, iters: 100, time: 0.123, data: 0.002) D_A: 0.343 G_A: 1.000"


def test_log_and_lines(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """Away from a terminal there are plain lines with speed and time left; the log has the bare ones."""
    run, stream = make_run(), io.StringIO()
    for _ in range(2):
        console = Console(run.folder, stream)
        console.start(run)
        console.step(at(100))
        console.losses(at(100), losses(100))
        console.message("saved latest")
        console.close()
    printed = stream.getvalue().splitlines()
    bare = loss_line(at(100), losses(100))
    assert printed == [f"{bare} | 8.1 pictures/s, 1 h 06 min left", "saved latest"] * 2
    log = (run.folder / LOSS_LOG).read_text().splitlines()
    assert [bool(re.fullmatch(r"=+ Training Loss \(.+\) =+", line)) for line in log] == [True, False] * 2
    assert log[1] == log[3] == bare
    assert tuple(re.findall(r"(\w+): [\d.]+", bare.split(") ")[1])) == NAMES


def test_bar_on_a_terminal(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """On a terminal a person sees how far the epoch is, how fast it goes and when the run ends."""
    run, stream = make_run(), Terminal()
    console = Console(run.folder, stream)
    console.start(run)
    console.step(at(250))
    console.losses(at(250), losses(250))
    console.close()
    text = stream.getvalue()
    assert "epoch 1/10  25%|" in text and "250/1000, 8.1 pictures/s, 1 h 06 min left" in text
    assert loss_line(at(250), losses(250)) + "\n" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (12.4, "12 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3900, "1 h 05 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    """Time left reads as a person would say it."""
    assert duration(seconds) == text
