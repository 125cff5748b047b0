"""What test.py runs: translate a data set, compare with the truth where there is one, write the page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from cyclegan_glasses.data.loader import Batches
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.editing.models import find_generators, load_generator
from cyclegan_glasses.editing.translate import FILE_LABELS, translate
from cyclegan_glasses.evaluation.pairs import PairScores, pair_table, score_pair
from cyclegan_glasses.evaluation.results_page import Result, write_results_page
from cyclegan_glasses.training.checkpoint import weights_path


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
    """Translate `batches`, write pictures and `index.html` into `folder`.

    Args:
        single: call the pictures `real` and `fake`, as the reference implementation's `--model test`.
        limit: translate at most so many.

    Returns:
        The page's path, and a table of mean scores (empty without a truth).
    """
    labels = FILE_LABELS["single" if single else direction]
    translations = translate(
        batches.epoch(1),
        generators.generator,
        generators.reverse,
        direction,
        folder,
        precision,
        labels,
        aspect_ratio,
        limit,
    )
    total = min(batches.epoch_size, limit or batches.epoch_size)
    results, scores = [], []
    for item in tqdm(translations, total=total, unit="picture", disable=not sys.stderr.isatty()):
        pair = PairScores({}, {})
        if item.truth is not None:
            pair = score_pair(item.pictures[labels.real], item.pictures[labels.fake], item.truth, item.mask)
            scores.append(pair)
        pictures = {label: _relative(path, folder) for label, path in item.pictures.items()}
        truth = _relative(item.truth, folder) if item.truth else ""
        results.append(Result(item.stem, pictures, truth, pair.result, pair.input))
    page = write_results_page(folder, title, direction, results)
    return page, pair_table(scores) if scores else ""


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
