"""What test.py runs: translate a data set, compare with the truth where there is one, write the page."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from cyclegan_glasses.data.batch import Batch
from cyclegan_glasses.data.loader import Batches
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.models import Generator
from cyclegan_glasses.editing.trained import module_of
from cyclegan_glasses.evaluation.in_words import DONE, conclusion
from cyclegan_glasses.evaluation.metrics import compare, pair_table
from cyclegan_glasses.evaluation.results_page import Result, write_results_page
from cyclegan_glasses.evaluation.settings import OutputSettings
from cyclegan_glasses.images import open_picture, save_png
from cyclegan_glasses.objectives.condition import taken_off
from cyclegan_glasses.pairing import unique_stem
from cyclegan_glasses.pixels import to_rgb

#: Of a direction, and of the way back where there is one.
Generators = tuple[Generator, Generator | None]
#: What the files of a direction are called: input, result, reconstruction, truth; `single`: of no domain.
FILE_LABELS = {
    REMOVE: ("real_A", "fake_B", "rec_A", "real_B_truth"),
    ADD: ("real_B", "fake_A", "rec_B", "real_A_truth"),
    "single": ("real", "fake", "rec", "truth_truth"),
}
MASK, DRAWN = "mask", "drawn_B"


def write_results(
    batches: Batches,
    generators: Generators,
    direction: str,
    folder: Path,
    precision: Precision,
    model: str,
    output: OutputSettings,
    single: bool = False,
    limit: int | None = None,
) -> tuple[Path, str]:
    """Translate `batches` of one picture each, write `images/<stem>_<label>.png` and the page into `folder`.

    Args:
        batches: with the input's domain, and the other's where it is the truth.
        model: what translates, as text.
        output: how pictures are written. The scores are of the pictures as they are written.
        single: call the pictures `real` and `fake`, as the reference implementation's `--model test`.
        limit: translate at most so many.

    Returns:
        The page's path, and a table of mean scores with a sentence about them (empty without a truth).

    Raises:
        UserError: a file cannot be written.
    """
    labels = FILE_LABELS["single" if single else direction]
    total = min(batches.epoch_size, limit or batches.epoch_size)
    results: list[Result] = []
    stems: set[str] = set()
    rows = tqdm(batches.epoch(1), total=total, unit="picture", disable=not sys.stderr.isatty())
    for batch in itertools.islice(rows, limit):
        source = batch[f"{direction[0]}_path"][0]
        stem = unique_stem(source, stems)
        size = open_picture(source).size if output.original_size else None
        paths, images = {}, {}
        for label, picture in _translated(batch, generators, direction, labels, precision).items():
            images[label] = _pixels(picture[0], output.aspect_ratio, size)
            if label == labels[1] or not output.results_only:
                paths[label] = f"images/{stem}.png" if output.results_only else f"images/{stem}_{label}.png"
                save_png(folder / paths[label], images[label])
        real, fake, _, truth = labels
        scores: tuple[dict[str, float], dict[str, float]] = {}, {}
        if truth in images:
            mask = images[MASK][..., 0] / 255 if MASK in images else None
            scores = compare(images[real], images[fake], images[truth], mask)
        pictures = {label: paths[label] for label in (real, DRAWN, *labels[1:3]) if label in paths}
        results.append(Result(stem, pictures, paths.get(truth, ""), *scores))
    page = write_results_page(folder, model, direction, results)
    scored = [result.pair for result in results if result.scores]
    if not scored:
        return page, ""
    text = conclusion(direction, scored)
    return page, "\n".join([pair_table(scored), *([f"{DONE[direction]}: {text}"] if text else [])])


def _translated(
    batch: Batch, generators: Generators, direction: str, labels: tuple[str, ...], precision: Precision
) -> dict[str, Tensor]:
    """Input, result and reconstruction, then what was drawn, or truth and mask where there are any.

    All are (1, C, H, W) in [-1, 1].
    """
    source, target = direction.split("to")
    real_label, fake_label, rec_label, truth_label = labels
    real = batch[source].to(precision.device)
    with torch.inference_mode(), precision.autocast():
        generator, reverse = generators
        drawn = batch[DRAWN].to(precision.device) if generator.settings.conditioned else None
        fake = module_of(generator)(real if drawn is None else torch.cat([real, drawn], 1))
        pictures = {real_label: real, fake_label: fake}
        if reverse is not None:
            taken = [taken_off(real, fake)] if reverse.settings.conditioned else []
            pictures[rec_label] = module_of(reverse)(torch.cat([fake, *taken], 1))
    if drawn is not None:
        pictures[DRAWN] = drawn  # a frame of its own choice: no truth has it
    elif target in batch:
        pictures[truth_label] = batch[target]
        if "M" in batch:
            pictures[MASK] = batch["M"] * 2 - 1
    return pictures


def _pixels(picture: Tensor, aspect_ratio: float, size: tuple[int, int] | None) -> np.ndarray:
    """The pixels of (1, C, H, W) in [-1, 1] as they are written: stretched, or of `size` (width, height)."""
    image = Image.fromarray(to_rgb(picture))
    if aspect_ratio != 1:
        size = round(image.width * max(1, aspect_ratio)), round(image.height / min(1, aspect_ratio))
    if size and size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image)
