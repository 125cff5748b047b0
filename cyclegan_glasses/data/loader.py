"""Batches of a data set, by epoch and from any position, with any number of workers."""

from __future__ import annotations

import logging
import os
import signal
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import repeat
from multiprocessing import get_start_method
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from cyclegan_glasses.data.batch import Batch, DevicePrefetcher, collate
from cyclegan_glasses.data.cache import add_cache
from cyclegan_glasses.data.datasets import Dataset, DomainDataset, open_dataset
from cyclegan_glasses.data.sampler import EpochSampler, Key
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.data.stores import ShowProgress
from cyclegan_glasses.data.transforms import to_tensors
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.machine import cores
from cyclegan_glasses.parallel import in_order, thread_executor

log = logging.getLogger(__name__)

AHEAD = 2  # batches for each thread or process that are made before they are asked for


class Batches:
    """The batches of a data set: `for batch in batches.epoch(3): …`.

    A batch has the keys of a sample (`A`, `B`, `M`, `A_path`, `B_path`): tensors stacked along the first
    axis (on `device`, if that is a GPU), paths as lists. The last one of an epoch may be smaller. What a
    batch holds depends on (seed, epoch, position) alone; the random states of Python, numpy and torch are
    neither read nor moved.

    Decoding and the random camera are left to processes; what is only cut from a cache takes less time than
    to hand it from one process to another, so threads make it.

    Raises:
        UserError: more than a tenth of a domain cannot be read, at the start or while reading.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: DataSettings,
        rank: int = 0,
        world_size: int = 1,
        device: torch.device | None = None,
    ) -> None:
        self.dataset, self._settings, self._world_size = dataset, settings, world_size
        self._skipped: dict[str, str] = {}
        self._bad: list[dict[str, str]] = [{} for _ in dataset.domains]
        for domain in dataset.domains:
            self._note(domain.check().items())
        shuffle = not (settings.serial_batches or settings.in_order)
        size = settings.batch_size
        self._sampler = EpochSampler(len(dataset), size, settings.seed, shuffle, rank, world_size)
        self._workers = min(settings.num_threads, cores())
        self._send: Callable[[Batch], Any] = lambda batch: batch
        self._receive: Callable[[Any], Batch] = to_tensors
        if device and device.type == "cuda":
            prefetcher = DevicePrefetcher(device)
            self._send, self._receive = prefetcher.send, prefetcher.received
        self._prepared, self._cached = "", False
        self._loader: DataLoader[Any] | None = None
        self._running: Callable[[], Any] = lambda: None

    @property
    def epoch_size(self) -> int:
        """Pictures in an epoch, of all ranks together, unreadable ones included."""
        return self._sampler.epoch_size

    @property
    def paired(self) -> bool:
        """Whether B is the truth for A and A for B."""
        return isinstance(self.dataset, DomainDataset) and self.dataset.paired

    @property
    def skipped(self) -> dict[str, str]:
        """The files found unreadable so far: reason by path."""
        return dict(self._skipped)

    def prepare(self, progress: ShowProgress = lambda items, *_: iter(items)) -> str:
        """Make the cache ready, which the first epoch does otherwise; returns a line that says what there is.

        Args:
            progress: shows how far it is, see `stores.ShowProgress`.

        Raises:
            UserError: see `cache.add_cache`.
        """
        if not self._prepared:
            added = add_cache(self.dataset, self._settings, self._world_size, progress)
            self._cached, self._prepared = added
        return self._prepared

    def example(self) -> Batch:
        """The first batch of the first epoch, read at once and without a cache, on the CPU."""
        self._sampler.go_to(1)
        return to_tensors(self._take(next(iter(self._sampler))))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of `epoch`, without the first `start` pictures (of all ranks together).

        It ends an earlier iteration that is still under way.
        """
        if earlier := self._running():
            earlier.close()
        self._sampler.go_to(epoch, start)
        running = self._checked()
        self._running = weakref.ref(running)
        return running

    def _checked(self) -> Generator[Batch, None, None]:
        self.prepare()
        with closing(self._ahead()) as batches:
            for batch in batches:
                self._note(batch.pop("skipped"))
                if "error" in batch:
                    raise UserError(batch["error"])
                if batch:
                    yield batch

    def _ahead(self) -> Generator[Batch, None, None]:
        """Batches made by threads, or by processes with one thread that fetches from them; without workers
        each when it is asked for."""
        jobs: Iterable[Any] = self._sampler
        work: Callable[[Any], Batch] = self._take
        threads = self._workers
        if threads and self._by_processes():
            made = iter(self._processes())
            jobs, work, threads = repeat(None, len(self._sampler)), lambda _: next(made), 1
        with (
            thread_executor(threads) as pool,
            closing(in_order(pool, lambda job: self._send(work(job)), jobs, AHEAD * threads)) as batches,
        ):
            yield from map(self._receive, batches)

    def _by_processes(self) -> bool:
        """Whether a batch takes so long that it is worth a process; those that share a cache are forked."""
        forks = get_start_method() == "fork"
        return not self._cached or (self._settings.camera and forks)

    def _take(self, keys: Sequence[Key]) -> Batch:
        return collate([self.dataset[key] for key in keys])

    def _processes(self) -> DataLoader[Any]:
        if self._loader is None:
            self._loader = DataLoader(
                self.dataset,  # type: ignore[arg-type]
                batch_sampler=self._sampler,
                num_workers=self._workers,
                prefetch_factor=AHEAD,
                collate_fn=collate,
                worker_init_fn=_start_worker,
                persistent_workers=True,
                generator=torch.Generator(),
            )
        return self._loader

    def _note(self, skipped: Iterable[tuple[str, str]]) -> None:
        """Count the unreadable files, name the new ones, and stop when they are too many."""
        for path, reason in skipped:
            if path in self._skipped:
                continue
            log.warning("skipped %s: %s", path, reason)
            self._skipped[path] = reason
            for domain, bad in zip(self.dataset.domains, self._bad, strict=True):
                if Path(path).is_relative_to(domain.folder):
                    bad[path] = reason
                    domain.tolerate(bad, len(domain))


def make_batches(
    settings: DataSettings, rank: int = 0, world_size: int = 1, device: torch.device | None = None
) -> Batches:
    """Open the data set that `settings` describe.

    Args:
        rank, world_size: of this process, where several train together.
        device: that batches are wanted on: they come to a GPU by themselves, else they stay with the CPU.

    Raises:
        UserError: the data set is not there, is empty, or more than a tenth of it cannot be read.
    """
    if settings.preprocess in ("none", "scale_width"):
        log.info("sides that are not a multiple of 4 are resized to the nearest one (--preprocess)")
    return Batches(open_dataset(settings), settings, rank, world_size, device)


def _start_worker(_: int) -> None:
    """Ctrl-C, and often SIGTERM, go to every process of a run; only the main one decides what to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the SIGTERM that the main process itself sends, at its end, to a worker still there."""
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
        pass
    os._exit(0)
