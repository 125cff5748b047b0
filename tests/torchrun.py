"""Starts several processes on this machine with torchrun."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.distributed import run
from torch.distributed.launcher.api import elastic_launch

from tests.commands import ROOT
from tests.forks import Forked, run_python

ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def torchrun(count: int, *argv: str | Path, restarts: int = 0) -> Forked:
    """`count` processes that run `argv`, in a session of their own; what they say is all in `stdout`."""
    return Forked(_run_torchrun, _arguments(count, argv, restarts))


def typed_torchrun(count: int, *argv: str | Path) -> subprocess.Popen[str]:
    """The same as a person types it, in new processes of Python, each of which takes seconds to begin.

    Ctrl-C ends them at once; of forks torchrun first waits for a result.
    """
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "torch.distributed.run", *_arguments(count, argv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        start_new_session=True,
    )


def _arguments(count: int, argv: tuple[str | Path, ...], restarts: int = 0) -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["--nproc-per-node", str(count), "--master-addr", "127.0.0.1", "--master-port", str(port)]
    return [*where, f"--max-restarts={restarts}", *map(str, argv)]


def _run_torchrun(argv: Sequence[str]) -> None:
    """Do what `torchrun ARGV...` does, with forks of this process where it starts Pythons."""
    os.dup2(1, 2)
    os.environ.update(ENVIRONMENT)
    config, _, python_args = run.config_from_args(run.parse_args(list(argv)))
    config.start_method = "fork"
    elastic_launch(config, _as_in_a_new_python)(*python_args)


def _as_in_a_new_python(unbuffered: str, *argv: str) -> None:
    """Run a script in a fork of torchrun, whose handlers and threads are not the script's."""
    assert unbuffered == "-u"
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    run_python(argv)
