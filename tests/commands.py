"""Runs train.py and test.py as a person does, in this process or in one of its own."""

from __future__ import annotations

import io
import logging
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.errors import run_command
from tests.data.drawing import fill
from tests.forks import Forked, run_python

ROOT = Path(__file__).resolve().parent.parent

#: The smallest networks and pictures that train, in numbers that repeat, without a dashboard.
TINY = (
    "--netG resnet_6blocks --ngf 2 --netD n_layers --n_layers_D 1 --ndf 2 --load_size 18 --crop_size 16"
    " --precision fp32 --device cpu --num_threads 0 --display_id 0 --no_html --pool_size 3"
).split()


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of an error that a person can mend; anything else fails the test."""
        lines = self.err.splitlines()
        assert self.code == 2 and len(lines) == 1 and lines[0].startswith("error: "), self
        return lines[0].removeprefix("error: ")


def run(script: str, *argv: str | Path) -> Done:
    """Run `script` here; warnings go to standard error as they do outside of a test."""
    return _run(script, argv, lambda: runpy.run_path(str(ROOT / script), run_name="command")["main"])


def typed(*argv: str) -> subprocess.CompletedProcess[str]:
    """What `cyclegan-glasses ARGV` does and says, here."""
    done = _run("cyclegan-glasses", argv, lambda: parse(argv))
    return subprocess.CompletedProcess(argv, done.code, done.out, done.err)


def train(data: Path, runs: Path, *argv: str | Path) -> Done:
    """Train the tiny networks on `data` as the run `x` below `runs`."""
    return run("train.py", "--dataroot", data, "--checkpoints_dir", runs, "--name", "x", *TINY, *argv)


def start(script: str, *argv: str | Path) -> Forked:
    """Run `script` in a process of its own."""
    return Forked(run_python, [str(ROOT / script), *map(str, argv)])


def two_domains(folder: Path, phase: str = "train", a: int = 6, b: int = 5) -> Path:
    """Drawn pictures in `<phase>A` and `<phase>B`."""
    fill(folder / f"{phase}A", a)
    fill(folder / f"{phase}B", b, first=100)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _run(program: str, argv: Sequence[str | Path], command: Callable[[], Callable[[], int | None]]) -> Done:
    """Run what `command` gives for a command line."""
    out, err = io.StringIO(), io.StringIO()
    with _command_line(program, argv), redirect_stdout(out), redirect_stderr(err):
        try:
            code = run_command(command())
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@contextmanager
def _command_line(script: str, argv: Sequence[str | Path]) -> Iterator[None]:
    before, root = sys.argv, logging.getLogger()
    sys.argv, handlers, root.handlers = [script, *map(str, argv)], root.handlers, []
    try:
        yield
    finally:
        sys.argv, root.handlers = before, handlers
