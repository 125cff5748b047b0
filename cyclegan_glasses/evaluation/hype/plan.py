"""What one rater sees, in which order: the same whenever it is asked for."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

from cyclegan_glasses.evaluation.hype.settings import CRITERIA, INFINITY, TIME
from cyclegan_glasses.evaluation.hype.study import Study


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to answer.

    Attributes:
        id: within the rater's plan.
        task: one of `settings.TASKS`.
        picture: its name in the study.
        model: whose result it is; for a real picture the model that it is mixed with.
        real: it is a photograph.
        stem: of the portrait; empty for a real picture.
        input: beside the picture, for `criteria` alone.
    """

    id: str
    task: str
    picture: str
    model: str
    real: bool
    stem: str = ""
    input: str = ""


def plan(study: Study, rater: str) -> list[Item]:
    """Everything that `rater` is asked: criteria, then unlimited time, then one staircase a model."""
    rng = random.Random(f"{study.seed} {rater}")
    makers = {CRITERIA: _criteria, INFINITY: _infinity, TIME: _time}
    return [item for task in study.tasks for item in makers[task](study, rng)]


def to_page(study: Study, rater: str) -> list[dict[str, Any]]:
    """The plan as the page is told it: models are numbers, and what is real is said for staircases alone."""
    rows = []
    for item in plan(study, rater):
        row = asdict(item) | {"model": study.models.index(item.model)}
        del row["stem"]
        if item.task != TIME:
            del row["real"]
        rows.append(row)
    return rows


def _criteria(study: Study, rng: random.Random) -> list[Item]:
    items = [
        Item(f"c-{place}-{number}", CRITERIA, p.results[model], model, False, p.stem, p.input)
        for place, p in enumerate(study.portraits)
        for number, model in enumerate(study.models)
    ]
    rng.shuffle(items)
    return items


def _infinity(study: Study, rng: random.Random) -> list[Item]:
    items = []
    for number, model in enumerate(study.models):
        fakes = study.portraits[: study.each]
        for place, p in enumerate(fakes):
            items.append(Item(f"i-{number}-f{place}", INFINITY, p.results[model], model, False, p.stem))
        for place, picture in enumerate(study.reals[: len(fakes)]):
            items.append(Item(f"i-{number}-r{place}", INFINITY, picture, model, True))
    rng.shuffle(items)
    return items


def _time(study: Study, rng: random.Random) -> list[Item]:
    """A block a model, half of it real, no picture again before all were shown."""
    items = []
    blocks = list(enumerate(study.models))
    rng.shuffle(blocks)
    for number, model in blocks:
        kinds = [place % 2 == 0 for place in range(study.trials)]
        rng.shuffle(kinds)
        fakes = _endless([(p.results[model], p.stem) for p in study.portraits], rng)
        reals = _endless([(name, "") for name in study.reals], rng)
        for place, real in enumerate(kinds):
            picture, stem = next(reals if real else fakes)
            items.append(Item(f"t-{number}-{place}", TIME, picture, model, real, stem))
    return items


def _endless(pictures: list[tuple[str, str]], rng: random.Random):
    while True:
        yield from rng.sample(pictures, len(pictures))
