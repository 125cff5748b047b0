"""What test.py runs: translate a data set, compare with the truth where there is one, write the page."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from cyclegan_glasses.data.batch import Batch
from cyclegan_glasses.data.loader import Batches
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.models import find_generators, load_generator
from cyclegan_glasses.evaluation.pairs import PairScores, pair_table, score_pair
from cyclegan_glasses.evaluation.results_page import Result, write_results_page
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.pixels import to_rgb
from cyclegan_glasses.training.checkpoint import weights_path

#: What the files of a direction are called: input, result, reconstruction, truth; `single`: of no domain.
FILE_LABELS = {
    REMOVE: ("real_A", "fake_B", "rec_A", "real_B_truth"),
    ADD: ("real_B", "fake_A", "rec_B", "real_A_truth"),
    "single": ("real", "fake", "rec", "truth_truth"),
}
MASK = "mask"


@dataclass(frozen=True, slots=True)
class GeneratorPair:
    """The generator of a direction, with its channels, and the reverse one if it is there."""

    generator: nn.Module
    reverse: nn.Module | None
    input_nc: int
    output_nc: int


def load_pair(
    folder: Path,
    label: str,
    direction: str,
    single: bool,
    suffix: str,
    device: torch.device,
    asked: Mapping[str, Any] | None = None,
) -> GeneratorPair:
    """Load the generators from a run's folder, in evaluation mode.

    Args:
        single: load `<label>_net_G<suffix>.pth` alone, whatever the direction.
        asked: fields of `GeneratorSettings` that a person insists on.

    Raises:
        UserError: a file is not there, not whole, or of another architecture.
    """
    path, other = weights_path(folder, label, f"G{suffix}"), None
    if not single:
        path, other = find_generators(folder, label, direction)
    generator, settings = load_generator(path, device, asked)
    reverse = load_generator(other, device)[0] if other else None
    return GeneratorPair(generator, reverse, settings.input_nc, settings.output_nc)


def write_results(
    batches: Batches,
    generators: GeneratorPair,
    direction: str,
    folder: Path,
    precision: Precision,
    title: str,
    single: bool = False,
    aspect_ratio: float = 1.0,
    limit: int | None = None,
) -> tuple[Path, str]:
    """Translate `batches` of one picture each, write `images/<stem>_<label>.png` and the page into `folder`.

    Args:
        batches: with the input's domain, and the other's where it is the truth.
        single: call the pictures `real` and `fake`, as the reference implementation's `--model test`.
        aspect_ratio: width over height that pictures are stretched to when written.
        limit: translate at most so many.

    Returns:
        The page's path, and a table of mean scores (empty without a truth).

    Raises:
        UserError: a file cannot be written.
    """
    labels = FILE_LABELS["single" if single else direction]
    total = min(batches.epoch_size, limit or batches.epoch_size)
    results: list[Result] = []
    scores: list[PairScores] = []
    stems: set[str] = set()
    rows = tqdm(batches.epoch(1), total=total, unit="picture", disable=not sys.stderr.isatty())
    for batch in itertools.islice(rows, limit):
        stem = _unique(Path(batch[f"{direction[0]}_path"][0]).stem, stems)
        paths = {}
        for label, picture in _translated(batch, generators, direction, labels, precision).items():
            paths[label] = Path("images") / f"{stem}_{label}.png"
            _write(folder / paths[label], picture[0], aspect_ratio)
        real, fake, _, truth = (folder / paths[label] if label in paths else None for label in labels)
        pair = PairScores({}, {})
        if real and fake and truth:
            pair = score_pair(real, fake, truth, folder / paths[MASK] if MASK in paths else None)
            scores.append(pair)
        pictures = {label: paths[label].as_posix() for label in labels[:3] if label in paths}
        truth_path = paths[labels[3]].as_posix() if truth else ""
        results.append(Result(stem, pictures, truth_path, pair.result, pair.input))
    page = write_results_page(folder, title, direction, results)
    return page, pair_table(scores) if scores else ""


def _translated(
    batch: Batch, generators: GeneratorPair, direction: str, labels: tuple[str, ...], precision: Precision
) -> dict[str, Tensor]:
    """Input, result and reconstruction, then truth and mask where there are any: (1, C, H, W) in [-1, 1]."""
    source, target = direction.split("to")
    real_label, fake_label, rec_label, truth_label = labels
    real = batch[source].to(precision.device)
    with torch.inference_mode(), precision.autocast():
        fake = generators.generator(real)
        pictures = {real_label: real, fake_label: fake}
        if generators.reverse is not None:
            pictures[rec_label] = generators.reverse(fake)
    if target in batch:
        pictures[truth_label] = batch[target]
        if "M" in batch:
            pictures[MASK] = batch["M"] * 2 - 1
    return pictures


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
    make_folder(path.parent)
    with atomic_write(path) as file:
        image.save(file, format="PNG")
