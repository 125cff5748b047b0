"""Unpaired, paired and single data sets, and how the folders say which it is.

A sample is a dictionary: `A`, `B` as `Cut`s, of which `transforms.to_tensors` makes float32 (channels,
height, width) in [-1, 1]; `A_path`, `B_path` strings; where there are masks `M` of the glasses on A, in
[0, 1], and `F` of the frame alone (`DataSettings.frame_layer`); with `DataSettings.condition` each B with a
frame drawn on it as `drawn_B`; with `DataSettings.paired_dataroot` a pair from there as `pair_A`, `pair_B`, …
besides; with `DataSettings.unpaired_dataroot` a photo as `unpaired_A` or `unpaired_B`; and `skipped`, the
files met that cannot be read, as a tuple of (path, reason). In their place stands the next that can; in order
(`DataSettings.in_order`) nothing does, and the sample is `skipped` alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cyclegan_glasses.data.camera import RandomCamera
from cyclegan_glasses.data.folders import MASK_NAMES, Domain, matching, open_domain
from cyclegan_glasses.data.frames import FrameDrawer, landmarks_by_path
from cyclegan_glasses.data.labelled import LabelledDataset, open_labelled
from cyclegan_glasses.data.sampler import Key, pair_of, sample_generator
from cyclegan_glasses.data.settings import FRAME, LABELLED, DataSettings
from cyclegan_glasses.data.transforms import Cut, cut, plan
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.faces.detect import make_detector
from cyclegan_glasses.images import UnreadablePicture, picture_names
from cyclegan_glasses.overlays.catalogue import read_catalogue

log = logging.getLogger(__name__)

_ANEW = "draw the pairs anew with crawl.py overlay, or leave it out"
Sample = dict[str, Any]
Skipped = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DomainDataset:
    """Pictures of domains, in one group or in two.

    Picture i of each domain of a group comes under one cut and one mirror: pairs, with masks if there are, or
    one domain. A domain `AB` holds pairs side by side, A on the left. Two groups are unpaired: A (with masks)
    and B. With picture i of A (modulo its size) goes a random one of B, or the one in the same place.
    """

    settings: DataSettings
    groups: list[list[Domain]]
    drawer: FrameDrawer | None = None

    @property
    def domains(self) -> list[Domain]:
        return [domain for group in self.groups for domain in group]

    @property
    def paired(self) -> bool:
        """Whether each picture of A has one of B."""
        return len(self.groups) == 1 and _has_both(self)

    @property
    def single(self) -> bool:
        """Whether there is one domain alone."""
        return len(self.domains) == 1 and len(self.domains[0].name) == 1

    def __len__(self) -> int:
        return max(len(group[0]) for group in self.groups)

    def __getitem__(self, key: Key) -> Sample:
        settings, rng = self.settings, sample_generator(self.settings.seed, *key)
        serial = settings.in_order or settings.serial_batches
        partners = [key[1] if serial else int(rng.integers(len(group[0]))) for group in self.groups[1:]]
        skipped: Skipped = []
        opened = [
            self._read(group, index, key, skipped)
            for group, index in zip(self.groups, (key[1], *partners), strict=True)
        ]
        sample: Sample = {}
        for pictures in opened if all(opened) else ():
            sample |= _cut(pictures, settings, rng)
        if sample and not settings.in_order and (self.paired or self.single):
            if self.paired and rng.random() < settings.bare_share:
                sample |= _bare(sample)
            if settings.camera:
                sample |= _photographed(sample, RandomCamera.drawn(rng))
        return {**sample, "skipped": tuple(skipped)}

    def _read(self, group: list[Domain], index: int, key: Key, skipped: Skipped) -> Sample:
        """Picture `index` (modulo its size) of each domain of a group as `A`, `B`, `M`, and the paths of A
        and B; B with a frame as `drawn_B`.

        Where one of them cannot be read it is the next index, but in order nothing. When more than a tenth of
        each domain cannot be read the run is to stop, so no more are tried.
        """
        count = len(group[0])
        for step in range(1 if self.settings.in_order else len(group) * (count // 10) + 1):
            place, sample = (index + step) % count, Sample()
            try:
                for domain in group:
                    sample |= zip(domain.name, domain.read(place), strict=True)
                names = {n: d for d in group for n in d.name if n not in MASK_NAMES}
                sample |= {f"{name}_path": str(domain.path(place)) for name, domain in names.items()}
                if self.drawer and "B" in sample:
                    sample["B"], sample["drawn_B"] = self.drawer.draw(sample["B"], sample["B_path"], key)
                return sample
            except UnreadablePicture as error:
                skipped.append((error.path, error.reason))
        return {}


@dataclass(frozen=True, slots=True)
class AccompaniedDataset:
    """Each sample of `main` together with a random one of `others`, whose keys begin with `prefix`."""

    main: DomainDataset
    others: DomainDataset
    prefix: str

    @property
    def domains(self) -> list[Domain]:
        return self.main.domains + self.others.domains

    def __len__(self) -> int:
        return len(self.main)

    def __getitem__(self, key: Key) -> Sample:
        sample = self.main[key]
        other = self.others[key[0], pair_of(key, self.others.settings.seed, len(self.others))]
        skipped = (*sample.pop("skipped"), *other.pop("skipped"))
        named = {f"{self.prefix}{name}": value for name, value in other.items()}
        whole = sample | named if sample and named else {}
        return {**whole, "skipped": skipped}


Dataset = DomainDataset | AccompaniedDataset | LabelledDataset


def open_dataset(settings: DataSettings) -> Dataset:
    """Find out what lies below `dataroot`, and below `paired_dataroot` if that is given, and open it.

    See `_open_main` for the former; the latter is opened as `aligned`.

    Raises:
        UserError: a folder is missing or empty, or no two names match.
    """
    main = _open_main(settings)
    if settings.condition == FRAME and isinstance(main, DomainDataset):
        main = replace(main, drawer=_drawer(main))
    if settings.unpaired_dataroot and not settings.in_order and isinstance(main, DomainDataset):
        return AccompaniedDataset(main, _open_unpaired(settings), "unpaired_")
    if not settings.paired_dataroot:
        return main
    if isinstance(main, LabelledDataset) or not _has_both(main):
        mode = settings.dataset_mode
        raise UserError(f"--paired_dataroot goes beside two domains: leave out --dataset_mode {mode}")
    root = Path(settings.paired_dataroot)
    if not root.is_dir():
        raise UserError(f"there is no --paired_dataroot {root}: make one with crawl.py overlay")
    pairs = _open_aligned(
        replace(settings, dataset_mode="aligned", dataroot=str(root)),
        root / settings.phase,
        {name: root / f"{settings.phase}{name}" for name in "ABML"},
    )
    return AccompaniedDataset(main, pairs, "pair_")


def _open_unpaired(settings: DataSettings) -> DomainDataset:
    name = settings.direction[0]
    folder = Path(settings.unpaired_dataroot, f"{settings.phase}{name}")
    if not folder.is_dir():
        raise UserError(f"there is no {folder}, where --unpaired_dataroot looks for photos: name another")
    return DomainDataset(settings, [[_domain(settings, name, folder)]])


def _drawer(dataset: DomainDataset) -> FrameDrawer:
    settings, frame = dataset.settings, None
    if settings.frame:
        catalogue = read_catalogue()
        one_of("frame", settings.frame, catalogue)
        frame = catalogue[settings.frame].frame
    known = [landmarks_by_path(Path(settings.dataroot), d) for d in dataset.domains if "B" in d.name]
    landmarks = {path: points for found in known for path, points in found.items()}
    if len(landmarks) < sum(len(domain) for domain in dataset.domains if "B" in domain.name):
        make_detector()  # says here what is wrong with it
    return FrameDrawer(settings.load_size, settings.seed, frame, landmarks)


def _has_both(dataset: DomainDataset) -> bool:
    return {"A", "B"} <= set("".join(domain.name for domain in dataset.domains))


def _open_main(settings: DataSettings) -> DomainDataset | LabelledDataset:
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
        return DomainDataset(settings, [[_domain(settings, source, root)]])
    folders = {name: root / f"{phase}{name}" for name in "ABML"}
    if settings.dataset_mode == "aligned":
        return _open_aligned(settings, root / phase, folders)
    if not settings.in_order:
        a, b = (_domain(settings, name, folders[name]) for name in "AB")
        return DomainDataset(settings, [[a, *_masks_of(a, folders["M"])], [b]])
    if folders[source].is_dir() and picture_names(folders[target]):
        both = [open_domain(name, folders[name], (settings.channels[name],)) for name in (source, target)]
        matched, pairs = matching(both, settings.max_dataset_size)
        if pairs.complete:
            pairs.report([domain.folder for domain in both])
            a, b = sorted(matched, key=lambda domain: domain.name)
            return DomainDataset(settings, [[a, b, *_masks_of(a, folders["M"])]])
        if pairs.places:
            log.warning(
                "%s and %s share %d names, not all: they are no pairs, so there is no truth to score against",
                *(domain.folder for domain in both),
                len(pairs.places),
            )
    return DomainDataset(settings, [[_domain(settings, source, folders[source])]])


def _open_aligned(settings: DataSettings, side_by_side: Path, folders: dict[str, Path]) -> DomainDataset:
    wants_frame = settings.frame_layer and not settings.in_order
    if side_by_side.is_dir() and not folders["A"].is_dir():
        if wants_frame:
            raise UserError(f"pairs side by side have no layers, which --lambda_frame needs: {_ANEW}")
        return DomainDataset(settings, [[_domain(settings, "AB", side_by_side)]])
    if not folders["A"].is_dir():
        raise UserError(
            f"there is neither {folders['A']} nor {side_by_side} (pairs side by side): make one of them"
        )
    whole = [open_domain(name, folders[name], (settings.channels[name],)) for name in "AB"]
    (a, b), pairs = matching(whole, settings.max_dataset_size)
    if not a.names:
        raise UserError(f"no picture of {a.folder} has a partner of the same name in {b.folder}: rename them")
    pairs.report([domain.folder for domain in whole])
    frame = [_frame_of(a, folders["L"])] if wants_frame else []
    return DomainDataset(settings, [[a, b, *_masks_of(a, folders["M"]), *frame]])


def _domain(settings: DataSettings, kinds: str, folder: Path) -> Domain:
    channels = tuple(settings.channels[kind] for kind in kinds)
    return open_domain(kinds, folder, channels, settings.max_dataset_size)


def _masks_of(a: Domain, folder: Path) -> list[Domain]:
    """The masks of all pictures of `a`, as the one domain of a list; none where some are missing."""
    if not folder.is_dir():
        return []
    (of_a, masks), _ = matching([a, open_domain("M", folder, channels=(1,))])
    if len(of_a) < len(a):
        log.warning("%s is left out: it has masks for %d of the %d pictures", folder, len(of_a), len(a))
        return []
    return [masks]


def _frame_of(a: Domain, folder: Path) -> Domain:
    """What the frame takes of all pictures of `a`: the first of the layers in `folder`."""
    if not folder.is_dir():
        raise UserError(f"there is no {folder}, which --lambda_frame needs: {_ANEW}")
    (of_a, layers), _ = matching([a, open_domain("F", folder, channels=(1, 0, 0, 0))])
    if len(of_a) < len(a):
        raise UserError(f"{folder} has layers for {len(of_a)} of the {len(a)} pairs: {_ANEW}")
    return layers


def _cut(opened: Sample, settings: DataSettings, rng: np.random.Generator) -> Sample:
    pictures = {name: value for name, value in opened.items() if not isinstance(value, str)}
    first = next(iter(pictures.values()))
    size = first.size if isinstance(first, Image.Image) else first.shape[1::-1]
    how = settings.preprocess, settings.load_size, settings.cut, settings.flip
    geometry = plan(size, *how, None if settings.in_order else rng)
    return opened | {name: cut(picture, geometry, name in MASK_NAMES) for name, picture in pictures.items()}


def _bare(sample: Sample) -> Sample:
    """The bare face of a pair in both places, and masks of nothing."""
    masks = {name: value for name, value in sample.items() if isinstance(value, Cut) and value.mask}
    empty = {name: replace(mask, pixels=np.zeros_like(mask.pixels)) for name, mask in masks.items()}
    return {"A": sample["B"], **empty}


def _photographed(sample: Sample, camera: RandomCamera) -> Sample:
    """The pictures of a pair, and its masks, as one camera shows them."""
    cuts = {name: value for name, value in sample.items() if isinstance(value, Cut)}
    return {
        name: replace(
            value, pixels=camera.take_mask(value.pixels) if value.mask else camera.take(value.pixels)
        )
        for name, value in cuts.items()
    }
