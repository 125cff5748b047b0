"""Scripts in processes of their own that begin with torch imported, which takes each new Python seconds.

A server imports once and forks for each script. It takes no step of training and opens no GPU itself, so that
a script finds there what it finds after its own imports.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "tests.torchrun",
        "torch._dynamo",  # which the first optimizer imports
        "cyclegan_glasses.evaluation.measure",
        "cyclegan_glasses.monitoring.build",
        "cyclegan_glasses.options.crawl.kaggle",
        "cyclegan_glasses.options.crawl.openverse",
        "cyclegan_glasses.sources.web",
        "cyclegan_glasses.training.run",
    ]
)
Main = Callable[[Sequence[str]], object]


class Forked:
    """A process in a session of its own, with the part of `subprocess.Popen` that tests use.

    Args:
        main: what it runs, given `argv`; a function of a module.
    """

    def __init__(self, main: Main, argv: Sequence[str]) -> None:
        pipes = [CONTEXT.Pipe(duplex=False) for _ in range(3)]
        theirs = [pipe[1] for pipe in pipes]
        self._process = CONTEXT.Process(target=_begin, args=(main, argv, theirs, dict(os.environ)))
        self._process.start()
        for end in theirs:
            end.close()
        assert pipes.pop()[0].recv(), "it has begun"
        self.stdout, self.stderr = (os.fdopen(os.dup(pipe[0].fileno()), encoding="utf-8") for pipe in pipes)
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; none while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """See `returncode`."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it has not come after so many seconds.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it says from now on, on standard output and on standard error, when it has ended."""
        pool = ThreadPoolExecutor(2)
        said = [pool.submit(file.read) for file in (self.stdout, self.stderr)]
        self.wait(timeout)
        output, error = (each.result(timeout) for each in said)
        return output, error

    def send_signal(self, number: int) -> None:
        """Send a signal to it alone, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def run_python(argv: Sequence[str]) -> None:
    """Do what `python ARGV...` does, for a script or `-m MODULE`."""
    if argv[0] == "-m":
        sys.argv[:] = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = argv
        sys.path.insert(0, str(Path(argv[0]).parent))
        runpy.run_path(argv[0], run_name="__main__")


def _begin(
    main: Main, argv: Sequence[str], streams: Sequence[Connection], environment: Mapping[str, str]
) -> None:
    try:
        os.setsid()
        output, error, begun = streams
        os.dup2(output.fileno(), 1)
        os.dup2(error.fileno(), 2)
        _enter(environment)
        begun.send(True)
        for stream in streams:
            stream.close()
        main(argv)
    except KeyboardInterrupt:  # ends a process as it ends Python
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def _enter(environment: Mapping[str, str]) -> None:
    """Take over an environment; what is printed is seen at once, as after `python -u`."""
    os.environ.clear()
    os.environ.update(environment)
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
