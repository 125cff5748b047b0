"""A model that was learnt beside the one that it began with, on photos that neither was trained on: the page
of `learn`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dominate import tags

from cyclegan_glasses.attributes.verdicts import AttributeClassifier, Verdict
from cyclegan_glasses.domains import NONE
from cyclegan_glasses.editing.models import Generator, translate
from cyclegan_glasses.files import write_text
from cyclegan_glasses.images import find_pictures, open_picture, save_png
from cyclegan_glasses.webpage import Figure, page, strip

MOST = 40
SHOWN = 4  # photos of each kind
PICTURES = "pictures"
_LEAST_GAIN = 0.99  # of the error: what lies nearer is no difference


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One photo with glasses, and what both models make of it.

    Attributes:
        name: of its file.
        photo, before, after: uint8 RGB (size, size, 3): as it is, by the model that ships, by the learnt one.
        bare_before, bare_after: how likely the classifier thinks the results without glasses, 0 to 1.
    """

    name: str
    photo: np.ndarray
    before: np.ndarray
    after: np.ndarray
    bare_before: float
    bare_after: float


def compare_models(
    folder: Path, before: Generator, after: Generator, classifier: AttributeClassifier
) -> list[Case]:
    """At most `MOST` aligned faces of `folder`, evenly chosen, without their glasses by two generators of the
    same size."""
    paths = find_pictures(folder)
    cases = []
    for path in paths[:: max(1, len(paths) // MOST)][:MOST]:
        photo = np.asarray(open_picture(path))
        shipped, learnt = _without(before, photo), _without(after, photo)
        bare = [_bareness(verdict) for verdict in classifier.classify(np.stack([shipped, learnt]))]
        cases.append(Case(path.name, photo, shipped, learnt, *bare))
    return cases


def count_bare(cases: Sequence[Case]) -> tuple[int, int]:
    """On how many photos the classifier sees no glasses any more: by what ships, by the learnt model."""
    return sum(case.bare_before > 0.5 for case in cases), sum(case.bare_after > 0.5 for case in cases)


def verdict_of(cases: Sequence[Case], loss_before: float, loss_after: float) -> tuple[str, bool]:
    """One sentence on the learnt model beside the one that ships, and whether it is to be taken.

    Args:
        loss_before, loss_after: distances from the truth on the validation pairs, of the model that ships and
            of the best one of the training.
    """
    shipped, learnt = count_bare(cases)
    real = f"on {len(cases)} photos left out the classifier sees no glasses any more on {learnt}"
    real = f"{real} (the model that ships: {shipped})" if cases else "no photo with glasses was left out"
    pairs = f"on validation pairs its error is {loss_after:.4f} (the model that ships: {loss_before:.4f})"
    if loss_after > _LEAST_GAIN * loss_before:
        return f"Nothing better than the model that ships was found, so it is kept; {real}.", False
    if learnt < shipped:
        return (
            f"The training helped with pairs alone, so the model that ships is kept: {real}; {pairs}.",
            False,
        )
    return f"The learnt model is better on pairs of your own photos: {pairs}; {real}.", True


def write_learnt_page(folder: Path, cases: Sequence[Case], verdict: str, more: Sequence[str]) -> Path:
    """Write `folder/index.html`, which begins with pictures: typical ones, the best and the worst.

    Args:
        more: further lines of text.
    """
    order = sorted(cases, key=lambda case: case.bare_after)
    middle = max(0, len(order) // 2 - SHOWN // 2)
    kinds = {
        "Typical": order[middle : middle + SHOWN],
        "Best": order[::-1][:SHOWN],
        "Worst": order[:SHOWN],
    }
    body = [tags.p(verdict)]
    for title, chosen in kinds.items():
        body.append(tags.h2(title))
        body += [strip(_figures(folder, case), case.name, across=3) for case in chosen]
    body += [tags.p(line, cls="quiet") for line in more]
    write_text(folder / "index.html", page("What was learnt", *body))
    return folder / "index.html"


def _figures(folder: Path, case: Case) -> list[Figure]:
    figures = []
    for label, kind, picture in (
        ("photo", "photo", case.photo),
        ("model that ships", "shipped", case.before),
        ("learnt", "learnt", case.after),
    ):
        path = f"{PICTURES}/{Path(case.name).stem}_{kind}.png"
        save_png(folder / path, picture)
        figures.append(Figure(path, label))
    return figures


def _without(generator: Generator, photo: np.ndarray) -> np.ndarray:
    (made,) = translate(generator, photo[None], generator.passes)
    return np.clip(np.rint(made.picture), 0, 255).astype(np.uint8)


def _bareness(verdict: Verdict) -> float:
    return float(verdict.probabilities.get(NONE, verdict.confidence * (verdict.label == NONE)))
