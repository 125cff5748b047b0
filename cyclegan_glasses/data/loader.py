"""Batches of a data set, by epoch and from any position, with any number of workers."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from cyclegan_glasses.data.datasets import Dataset, PairedDataset, Sample, open_dataset
from cyclegan_glasses.data.sampler import EpochSampler
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError

log = logging.getLogger(__name__)

Batch = dict[str, Any]
SIZES_DIFFER = (
    "pictures of different sizes do not fit into a batch: --batch_size 1, or a --preprocess that crops"
)


class Batches:
    """The batches of a data set: `for batch in batches.epoch(3): …`.

    A batch has the keys of a sample (`A`, `B`, `M`, `A_path`, `B_path`): tensors stacked along the first
    axis, paths as lists. The last one of an epoch may be smaller. What a batch holds depends on (seed,
    epoch, position) alone; the random states of Python, numpy and torch are neither read nor moved.

    Raises:
        UserError: more than a tenth of a domain cannot be read, at the start or while reading.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: DataSettings,
        rank: int = 0,
        world_size: int = 1,
        pin_memory: bool = False,
    ) -> None:
        self.dataset = dataset
        self._skipped: dict[str, str] = {}
        for domain in dataset.domains:
            self._note(domain.check().items())
        shuffle = not (settings.serial_batches or settings.in_order)
        size = settings.batch_size
        self._sampler = EpochSampler(len(dataset), size, settings.seed, shuffle, rank, world_size)
        workers = min(settings.num_threads, _cores())
        self._loader: DataLoader[Any] = DataLoader(
            dataset,  # type: ignore[arg-type]
            batch_sampler=self._sampler,
            num_workers=workers,
            collate_fn=_collate,
            pin_memory=pin_memory,
            worker_init_fn=_start_worker,
            persistent_workers=workers > 0,
            generator=torch.Generator(),
        )

    @property
    def epoch_size(self) -> int:
        """Pictures in an epoch, of all ranks together, unreadable ones included."""
        return self._sampler.epoch_size

    @property
    def paired(self) -> bool:
        """Whether B is the truth for A and A for B."""
        return isinstance(self.dataset, PairedDataset)

    @property
    def skipped(self) -> dict[str, str]:
        """The files found unreadable so far: reason by path."""
        return dict(self._skipped)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of `epoch`, without the first `start` pictures (of all ranks together).

        It ends an earlier iteration that is still under way.
        """
        self._sampler.go_to(epoch, start)
        for batch in self._loader:
            self._note(batch.pop("skipped"))
            if "error" in batch:
                raise UserError(batch["error"])
            if batch:
                yield batch

    def _note(self, skipped: Any) -> None:
        """Count the unreadable files, name the new ones, and stop when they are too many."""
        for path, reason in skipped:
            if path in self._skipped:
                continue
            log.warning("skipped %s: %s", path, reason)
            self._skipped[path] = reason
            for domain in self.dataset.domains:
                bad = {p: r for p, r in self._skipped.items() if Path(p).is_relative_to(domain.folder)}
                domain.tolerate(bad, len(domain))


def make_batches(
    settings: DataSettings, rank: int = 0, world_size: int = 1, pin_memory: bool = False
) -> Batches:
    """Open the data set that `settings` describe.

    Args:
        rank, world_size: of this process, where several train together.
        pin_memory: for a GPU: batches come in page-locked memory.

    Raises:
        UserError: the data set is not there, is empty, or more than a tenth of it cannot be read.
    """
    if settings.preprocess in ("none", "scale_width"):
        log.info("sides that are not a multiple of 4 are resized to the nearest one (--preprocess)")
    return Batches(open_dataset(settings), settings, rank, world_size, pin_memory)


def _collate(samples: list[Sample]) -> Batch:
    batch: Batch = {"skipped": [entry for sample in samples for entry in sample["skipped"]]}
    samples = [sample for sample in samples if len(sample) > 1]
    for name in samples[0] if samples else ():
        values = [sample[name] for sample in samples]
        if name == "skipped":
            continue
        if not isinstance(values[0], torch.Tensor):
            batch[name] = values
        elif len({value.shape for value in values}) == 1:
            batch[name] = torch.stack(values)
        else:
            batch["error"] = SIZES_DIFFER
    return batch


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


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
