"""A data set through a generator, written as pictures: `images/<stem>_<label>.png`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.pixels import to_rgb


@dataclass(frozen=True, slots=True)
class FileLabels:
    """What the files of a direction are called: `real_A fake_B rec_A`, truth `real_B`."""

    real: str
    fake: str
    rec: str
    truth: str


FILE_LABELS = {
    REMOVE: FileLabels("real_A", "fake_B", "rec_A", "real_B"),
    ADD: FileLabels("real_B", "fake_A", "rec_B", "real_A"),
    "single": FileLabels("real", "fake", "rec", "truth"),
}


@dataclass(frozen=True, slots=True)
class Translation:
    """One picture's files, by label, in the order of showing; `truth` and `mask` where there are any."""

    stem: str
    pictures: dict[str, Path]
    truth: Path | None = None
    mask: Path | None = None


def translate(
    batches: Iterable[Mapping[str, Any]],
    generator: nn.Module,
    reverse: nn.Module | None,
    direction: str,
    folder: Path,
    precision: Precision,
    labels: FileLabels,
    aspect_ratio: float = 1.0,
    limit: int | None = None,
) -> Iterator[Translation]:
    """Translate pictures one by one and write input, result and reconstruction below `folder/images`.

    Args:
        batches: of one picture each, with the input's domain, and the other's where it is the truth.
        generator, reverse: networks of the direction and of the other one.
        direction: `AtoB` or `BtoA`.
        aspect_ratio: width over height that pictures are stretched to when written.
        limit: translate at most so many.

    Raises:
        UserError: a file cannot be written.
    """
    images = folder / "images"
    source, target = direction[0], direction[-1]
    stems: set[str] = set()
    for batch in itertools.islice(batches, limit):
        real = batch[source].to(precision.device)
        with torch.inference_mode(), precision.autocast():
            fake = generator(real)
            rec = reverse(fake) if reverse is not None else None
        make_folder(images)
        stem = _unique(Path(batch[f"{source}_path"][0]).stem, stems)

        def write(label: str, picture: Tensor, stem: str = stem) -> Path:
            path = images / f"{stem}_{label}.png"
            _write(path, picture[0], aspect_ratio)
            return path

        pictures = {labels.real: write(labels.real, real), labels.fake: write(labels.fake, fake)}
        if rec is not None:
            pictures[labels.rec] = write(labels.rec, rec)
        truth = write(labels.truth + "_truth", batch[target]) if target in batch else None
        mask = write("mask", batch["M"] * 2 - 1) if "M" in batch and truth else None
        yield Translation(stem, pictures, truth, mask)


def _unique(stem: str, taken: set[str]) -> str:
    """`stem`, with a number behind it when one of another folder is called the same; from now on taken."""
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def _write(path: Path, picture: Tensor, aspect_ratio: float) -> None:
    image = Image.fromarray(to_rgb(picture))
    if aspect_ratio > 1:
        image = image.resize((round(image.width * aspect_ratio), image.height), Image.Resampling.BICUBIC)
    elif aspect_ratio < 1:
        image = image.resize((image.width, round(image.height / aspect_ratio)), Image.Resampling.BICUBIC)
    with atomic_write(path) as file:
        image.save(file, format="PNG")
