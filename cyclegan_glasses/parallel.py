"""Many jobs over cores or a cluster: results in order, a bounded number in flight."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.machine import cores

CONNECT_SECONDS = 10
_MASKS = hasattr(signal, "pthread_sigmask")
Job = TypeVar("Job")
Result = TypeVar("Result")


class InlineExecutor(Executor):
    """Runs each call at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):
        """See `concurrent.futures.Executor.submit`."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _ProcessPool(ProcessPoolExecutor):
    """Processes that Ctrl-C does not reach, from their first instruction on: this one decides."""

    def submit(self, fn, /, *args, **kwargs):
        """See `concurrent.futures.Executor.submit`, which starts processes."""
        with _interrupts_held():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C comes when the block has ended; a process that is started in it inherits that it never comes."""
    noted: list[int] = []
    here = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: noted.append(number)) if here else None
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if _MASKS else None
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if masked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        if noted:
            signal.raise_signal(signal.SIGINT)


def thread_executor(threads: int) -> Executor:
    """An executor over so many threads; over none it works when it is asked to."""
    return ThreadPoolExecutor(threads) if threads else InlineExecutor()


@contextmanager
def open_executor(workers: int = 0, cluster: str = "") -> Iterator[Executor]:
    """An executor over processes of this machine, or over a Dask cluster.

    Args:
        workers: processes; 0 takes one for each core, 1 works in this process.
        cluster: address of a Dask scheduler, such as `tcp://10.0.0.1:8786`; its workers must see the same
            files under the same paths.

    Raises:
        UserError: Dask is not installed, the scheduler does not answer, or its workers end at a job.
    """
    if cluster:
        yield from _dask(cluster)
    elif (workers or cores()) == 1:
        yield InlineExecutor()
    else:
        context = multiprocessing.get_context("spawn")
        pool = _ProcessPool(workers or cores(), context, _initialize_worker)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def in_order(
    executor: Executor, work: Callable[[Job], Result], jobs: Iterable[Job], in_flight: int = 64
) -> Generator[Result, None, None]:
    """`work` of each of `jobs`, in their order, at most `in_flight` of them taken before the first is done.

    Raises:
        UserError: a worker process was ended from outside, most often for want of memory.
    """
    waiting: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            waiting.append(executor.submit(work, job))
            if len(waiting) >= in_flight:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise UserError(
            "a worker process was ended (out of memory?): run again with fewer --workers"
        ) from None
    finally:
        for future in waiting:
            future.cancel()


def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise UserError("a cluster needs Dask: pip install 'cyclegan-glasses[cluster]'") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"no Dask scheduler answers at {address} ({error}): check the address") from None
    try:
        with client:
            yield client.get_executor(pure=False)
    except KilledWorker:
        raise UserError(
            f"a job ended several workers of {address} (out of memory?): see their logs"
        ) from None


def _initialize_worker() -> None:
    """Prepare a worker: it ignores Ctrl-C, which the parent handles, and exits when the parent is killed."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    logging.getLogger("cyclegan_glasses").setLevel(logging.ERROR)
    cv2.setNumThreads(1)


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
