"""Starts several processes on this machine as a person does, with torchrun."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT
from tests.forks import Forked, run_torchrun

ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def torchrun(count: int, *argv: str | Path, restarts: int = 0) -> Forked:
    """`count` processes that run `argv`; standard output and error together, in a session of their own.

    All of them are forks, see `tests.forks`; the rest of torchrun is as it is.
    """
    return Forked(run_torchrun, _arguments(count, argv, restarts), together=True, environment=ENVIRONMENT)


def typed_torchrun(count: int, *argv: str | Path) -> subprocess.Popen[str]:
    """The same in new processes of Python, which takes seconds for each."""
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
