"""Unpaired, paired and single data sets, and how the folders say which it is.

A sample is a dictionary: `A`, `B` as `Cut`s, of which `transforms.to_tensors` makes float32 (channels,
height, width) in [-1, 1]; `A_path`, `B_path` strings; where there are masks `M` of the glasses on A, in
[0, 1]; with `DataSettings.paired_dataroot` a pair from there as `pair_A`, `pair_B`, … besides; and `skipped`,
the files met that cannot be read, as a tuple of (path, reason). In their place stands the next that can; in
order (`DataSettings.in_order`) nothing does, and the sample is `skipped` alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cyclegan_glasses.data.folders import Domain, matching, open_domain
from cyclegan_glasses.data.labelled import LabelledDataset, open_labelled
from cyclegan_glasses.data.sampler import Key, pair_of, sample_generator
from cyclegan_glasses.data.settings import LABELLED, DataSettings
from cyclegan_glasses.data.transforms import cut, plan
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import UnreadablePicture, picture_names

log = logging.getLogger(__name__)

Sample = dict[str, Any]
Skipped = list[tuple[str, str]]
OpenStore = Callable[[Domain], Domain]  # gives a domain the store of its decoded pictures


@dataclass(frozen=True, slots=True)
class UnpairedDataset:
    """Picture i of A (modulo its size) with a random one of B, or with the one in the same place."""

    settings: DataSettings
    a: Domain
    b: Domain
    m: Domain | None = None

    @property
    def domains(self) -> list[Domain]:
        return [domain for domain in (self.a, self.b, self.m) if domain]

    def with_stores(self, open_store: OpenStore) -> UnpairedDataset:
        """The same data set with `open_store` of each domain in its place."""
        return replace(
            self, a=open_store(self.a), b=open_store(self.b), m=open_store(self.m) if self.m else None
        )

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def __getitem__(self, key: Key) -> Sample:
        settings, index = self.settings, key[1]
        rng = sample_generator(settings.seed, *key)
        serial = settings.in_order or settings.serial_batches
        partner = index if serial else int(rng.integers(len(self.b)))
        skipped: Skipped = []
        first = _readable(self._open_a, index, len(self.a), skipped, settings.in_order, 2 if self.m else 1)
        second = _readable(self._open_b, partner, len(self.b), skipped, settings.in_order)
        sample = _cut(first, settings, rng) | _cut(second, settings, rng) if first and second else {}
        return {**sample, "skipped": tuple(skipped)}

    def _open_a(self, index: int) -> Sample:
        return _open(index, self.a, self.m)

    def _open_b(self, index: int) -> Sample:
        return _open(index, self.b)


@dataclass(frozen=True, slots=True)
class AlignedDataset:
    """Picture i of each domain under one cut and one mirror: pairs, with masks if there are, or one domain.

    A domain `AB` holds pairs side by side, A on the left.
    """

    settings: DataSettings
    domains: list[Domain]

    @property
    def paired(self) -> bool:
        """Whether each picture of A has one of B."""
        return {"A", "B"} <= set("".join(domain.name for domain in self.domains))

    def with_stores(self, open_store: OpenStore) -> AlignedDataset:
        """The same data set with `open_store` of each domain in its place."""
        return replace(self, domains=[open_store(domain) for domain in self.domains])

    def __len__(self) -> int:
        return len(self.domains[0])

    def __getitem__(self, key: Key) -> Sample:
        skipped: Skipped = []
        in_order, files = self.settings.in_order, len(self.domains)
        opened = _readable(self._open, key[1], len(self), skipped, in_order, files)
        rng = sample_generator(self.settings.seed, *key)
        return {**(_cut(opened, self.settings, rng) if opened else {}), "skipped": tuple(skipped)}

    def _open(self, index: int) -> Sample:
        return _open(index, *self.domains)


@dataclass(frozen=True, slots=True)
class AccompaniedDataset:
    """Each sample of `main` together with a random one of `pairs`, whose keys begin with `pair_`."""

    main: UnpairedDataset | AlignedDataset
    pairs: AlignedDataset

    @property
    def domains(self) -> list[Domain]:
        return self.main.domains + self.pairs.domains

    def with_stores(self, open_store: OpenStore) -> AccompaniedDataset:
        """The same data set with `open_store` of each domain in its place."""
        return replace(self, main=self.main.with_stores(open_store), pairs=self.pairs.with_stores(open_store))

    def __len__(self) -> int:
        return len(self.main)

    def __getitem__(self, key: Key) -> Sample:
        sample = self.main[key]
        number = pair_of(key, self.pairs.settings.seed, len(self.pairs))
        pair = self.pairs[key[0], number]
        skipped = (*sample.pop("skipped"), *pair.pop("skipped"))
        whole = sample | {f"pair_{name}": value for name, value in pair.items()} if sample and pair else {}
        return {**whole, "skipped": skipped}


Dataset = UnpairedDataset | AlignedDataset | AccompaniedDataset | LabelledDataset


def open_dataset(settings: DataSettings) -> Dataset:
    """Find out what lies below `dataroot`, and below `paired_dataroot` if that is given, and open it.

    See `_open_main` for the former; the latter is opened as `aligned`.

    Raises:
        UserError: a folder is missing or empty, or no two names match.
    """
    main = _open_main(settings)
    if not settings.paired_dataroot:
        return main
    if isinstance(main, LabelledDataset) or (isinstance(main, AlignedDataset) and not main.paired):
        mode = settings.dataset_mode
        raise UserError(f"--paired_dataroot goes beside two domains: leave out --dataset_mode {mode}")
    root = Path(settings.paired_dataroot)
    if not root.is_dir():
        raise UserError(f"there is no --paired_dataroot {root}: make one with crawl.py overlay")
    pairs = _open_aligned(
        replace(settings, dataset_mode="aligned", dataroot=str(root)),
        root / settings.phase,
        {name: root / f"{settings.phase}{name}" for name in "ABM"},
    )
    return AccompaniedDataset(main, pairs)


def _open_main(settings: DataSettings) -> UnpairedDataset | AlignedDataset | LabelledDataset:
    """Find out what lies below `dataroot` and open it.

    `unaligned` needs `<phase>A` and `<phase>B`. In order it is the input's domain alone, with its partners
    where the other domain has the same names; a `dataroot` without such folders is taken as plain pictures.
    `aligned` is `<phase>A` and `<phase>B` with the same names, or `<phase>` with pairs side by side.
    Masks come from `<phase>M`. `labelled` is a folder with manifests, see `labels.read_labels`.

    Raises:
        UserError: a folder is missing or empty, or no two names match.
    """
    root, phase = Path(settings.dataroot), settings.phase
    if not root.exists():
        raise UserError(f"there is no --dataroot {root}: name a folder that holds {phase}A and {phase}B")
    if settings.dataset_mode == LABELLED:
        return open_labelled(settings)
    source, target = settings.direction.split("to")
    no_domains = not any((root / f"{p}{name}").is_dir() for p in (phase, "train", "test") for name in "AB")
    if settings.dataset_mode == "single" or (
        settings.dataset_mode == "unaligned" and settings.in_order and no_domains
    ):
        return AlignedDataset(settings, [_domain(settings, source, root)])
    folders = {name: root / f"{phase}{name}" for name in "ABM"}
    if settings.dataset_mode == "aligned":
        return _open_aligned(settings, root / phase, folders)
    if not settings.in_order:
        a, b = (_domain(settings, name, folders[name]) for name in "AB")
        return UnpairedDataset(settings, a, b, *_masks_of(a, folders["M"]))
    if folders[source].is_dir() and picture_names(folders[target]):
        a, b = (_domain(settings, name, folders[name]) for name in "AB")
        if a.stems().keys() == b.stems().keys():
            return AlignedDataset(settings, [a, b, *_masks_of(a, folders["M"])])
    return AlignedDataset(settings, [_domain(settings, source, folders[source])])


def _open_aligned(settings: DataSettings, side_by_side: Path, folders: dict[str, Path]) -> AlignedDataset:
    both = (settings.channels["A"], settings.channels["B"])
    if side_by_side.is_dir() and not folders["A"].is_dir():
        return AlignedDataset(settings, [open_domain("AB", side_by_side, both, settings.max_dataset_size)])
    if not folders["A"].is_dir():
        raise UserError(
            f"there is neither {folders['A']} nor {side_by_side} (pairs side by side): make one of them"
        )
    whole = [open_domain(name, folders[name], (settings.channels[name],)) for name in "AB"]
    a, b = matching(whole, settings.max_dataset_size)
    if not a.names:
        raise UserError(f"no picture of {a.folder} has a partner of the same name in {b.folder}: rename them")
    if settings.max_dataset_size is None and any(len(domain) > len(a) for domain in whole):
        alone = ", ".join(f"{len(domain) - len(a)} of {domain.folder}" for domain in whole)
        log.warning("pictures without a partner are left out: %s", alone)
    return AlignedDataset(settings, [a, b, *_masks_of(a, folders["M"])])


def _domain(settings: DataSettings, name: str, folder: Path) -> Domain:
    return open_domain(name, folder, (settings.channels[name],), settings.max_dataset_size)


def _masks_of(a: Domain, folder: Path) -> list[Domain]:
    """The masks of all pictures of `a`, as the one domain of a list; none where some are missing."""
    if not folder.is_dir():
        return []
    of_a, masks = matching([a, open_domain("M", folder, channels=(1,))])
    if len(of_a) < len(a):
        log.warning("%s is left out: it has masks for %d of the %d pictures", folder, len(of_a), len(a))
        return []
    return [masks]


def _open(index: int, *domains: Domain | None) -> Sample:
    """Picture `index` of each domain that there is as `A`, `B`, `M`, and the paths of A and B."""
    there = [domain for domain in domains if domain]
    sample: Sample = {}
    for domain in there:
        sample |= zip(domain.name, domain.read(index), strict=True)
    return sample | {f"{n}_path": str(d.path(index)) for d in there for n in d.name if n != "M"}


def _readable(
    read: Callable[[int], Sample], index: int, count: int, skipped: Skipped, in_order: bool, files: int = 1
) -> Sample | None:
    """The first of `count` samples from `index` on that can be read; in order, that of `index` or none.

    A sample is of so many `files`. When more than a tenth of each cannot be read the run is to stop, so no
    more are tried.
    """
    for step in range(1 if in_order else files * (count // 10) + 1):
        try:
            return read((index + step) % count)
        except UnreadablePicture as error:
            skipped.append((error.path, error.reason))
    return None


def _cut(opened: Sample, settings: DataSettings, rng: np.random.Generator) -> Sample:
    """The pictures in `opened` cut to size, all under the geometry of the first."""
    pictures = {name: value for name, value in opened.items() if not isinstance(value, str)}
    first = next(iter(pictures.values()))
    geometry = plan(
        first.size if isinstance(first, Image.Image) else first.shape[1::-1],
        settings.preprocess,
        settings.load_size,
        settings.crop_size,
        settings.flip,
        None if settings.in_order else rng,
    )
    return opened | {name: cut(picture, geometry, name == "M") for name, picture in pictures.items()}
