"""Starts several processes on this machine as a person does, with torchrun."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT


def torchrun(count: int, *argv: str | Path, restarts: int = 0) -> subprocess.Popen[str]:
    """`count` processes that run `argv`; standard output and error together, in a session of their own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["--nproc-per-node", str(count), "--master-addr", "127.0.0.1", "--master-port", str(port)]
    return subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-m",
            "torch.distributed.run",
            *where,
            f"--max-restarts={restarts}",
            *map(str, argv),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        start_new_session=True,
    )
