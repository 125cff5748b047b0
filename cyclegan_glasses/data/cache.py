"""Which pictures are kept decoded, and where."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cyclegan_glasses.data.datasets import Dataset
from cyclegan_glasses.data.labelled import LabelledDataset
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.data.stores import CachedImages, ShowProgress, memory_store, open_disk
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import cache_folder, make_folder
from cyclegan_glasses.machine import cores, free_memory

MEMORY_DIVISOR, DISK_DIVISOR = 4, 2  # at most a quarter of the free memory, half of the free disk


def add_cache(
    dataset: Dataset, settings: DataSettings, world_size: int, progress: ShowProgress
) -> tuple[bool, str]:
    """Give the domains of a data set their stores, as `settings.cache` asks for.

    Returns whether there are any, and a line that says so.

    `auto` takes memory where the pictures fill no more than a quarter of what is free, counted for each of
    `world_size` processes; then files in the cache folder, where they fill no more than half of what is free
    there; then none. Memory fills as pictures are read; files are filled now, see `open_disk`.

    Raises:
        UserError: `settings.cache` cannot be written, or more than a tenth of a domain cannot be read.
    """
    if isinstance(dataset, LabelledDataset) or not settings.cacheable or settings.cache == "none":
        return False, "pictures are decoded each time (--cache)"
    side, folder = settings.load_size, cache_folder() / "pictures"
    size = sum(CachedImages(domain, side).bytes for domain in dataset.domains)
    where = settings.cache if settings.cache != "auto" else _choose(size, world_size, folder)
    room = f"{size / (1 << 20):,.0f} MiB (--cache)"

    if where == "none":
        return False, f"pictures are decoded each time, there is no room for {room}"
    threads = min(settings.num_threads, cores())
    for domain in dataset.domains:
        images = CachedImages(domain, side)
        in_memory = where == "memory"
        domain.store = memory_store(images) if in_memory else open_disk(images, folder, threads, progress)
    if where == "memory":
        return True, f"pictures are kept in memory once they are decoded: {room}"
    return True, f"decoded pictures lie in {folder}: {room}"


def _choose(size: int, world_size: int, folder: Path) -> str:
    """`memory`, `disk` or `none` for decoded pictures of `size` bytes."""
    memory = free_memory()
    if memory is not None and size * world_size * MEMORY_DIVISOR <= memory:
        return "memory"
    try:
        make_folder(folder)
        free = shutil.disk_usage(folder).free if os.access(folder, os.W_OK) else 0
    except (UserError, OSError):  # a home that cannot be written to
        return "none"
    return "disk" if size * DISK_DIVISOR <= free else "none"
