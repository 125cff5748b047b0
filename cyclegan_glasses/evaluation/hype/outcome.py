"""What the answers of a study say: points, error rates, exposures, each with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import Answer
from cyclegan_glasses.evaluation.hype.plan import Item, plan
from cyclegan_glasses.evaluation.hype.settings import CRITERIA, INFINITY, TIME
from cyclegan_glasses.evaluation.hype.staircase import exposures, threshold
from cyclegan_glasses.evaluation.hype.study import Portrait, Study
from cyclegan_glasses.evaluation.statistics import Mean, bootstrap, krippendorff, mean_of
from cyclegan_glasses.evaluation.tables import csv_text, figure, markdown_table

QUESTIONS = {
    REMOVE: ("passes for real at first", "glasses wholly gone", "skin tone kept", "whole picture kept"),
    ADD: ("passes for real at first", "full form of glasses", "skin tone kept", "whole picture kept"),
}
FEWEST_TRIALS = 20

Said = tuple[Item, Answer]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a study found, by model; a task without answers is empty.

    Attributes:
        raters: how many answered.
        points: mean points of each portrait, 0 to 4, over its raters.
        total: mean points over portraits.
        yes: fraction of answers that say yes to each question.
        errors: HYPE-infinity, wrong answers in percent (50: indistinguishable), over raters.
        on_fake, on_real: the same on fakes and on reals.
        exposure: HYPE-time, ms at which three of four answers are right, over raters.
        agreement: Krippendorff's alpha by task.
        dropped: answers that fit no item of the study.
    """

    raters: int
    points: dict[str, dict[str, float]]
    total: dict[str, Mean]
    yes: dict[str, tuple[float, ...]]
    errors: dict[str, Mean]
    on_fake: dict[str, Mean]
    on_real: dict[str, Mean]
    exposure: dict[str, Mean]
    agreement: dict[str, float]
    dropped: int


def outcome(study: Study, answers: Sequence[Answer]) -> Outcome:
    """What `answers` say.

    Raises:
        UserError: there are none that belong to the study.
    """
    # Each answer beside what it answers; those that fit no item of the rater's plan are dropped.
    plans = {rater: {i.id: i for i in plan(study, rater)} for rater in {a.rater for a in answers}}
    said = [
        (item, answer)
        for answer in answers
        if (item := plans[answer.rater].get(answer.item))
        and len(answer.value) == (4 if item.task == CRITERIA else 1)
    ]
    if not said:
        raise UserError("the study has no answers yet: hype serve, then open the page and answer")
    # The scores of each task and model.
    models = study.models
    criteria, infinity, time = (
        {model: [row for row in said if (row[0].task, row[0].model) == (task, model)] for model in models}
        for task in (CRITERIA, INFINITY, TIME)
    )
    points = {model: _points(rows) for model, rows in criteria.items()}
    return Outcome(
        raters=len({answer.rater for _, answer in said}),
        points=points,
        total={model: bootstrap(list(found.values())) for model, found in points.items() if found},
        yes={model: _yes(rows) for model, rows in criteria.items() if rows},
        errors=_rates(infinity, None),
        on_fake=_rates(infinity, False),
        on_real=_rates(infinity, True),
        exposure=_exposures(time),
        agreement={
            CRITERIA: krippendorff(_units(criteria)),
            INFINITY: krippendorff(_units(infinity), nominal=True),
        },
        dropped=len(answers) - len(said),
    )


def to_markdown(study: Study, found: Outcome, groups: Sequence[str] = ()) -> str:
    """The term project's table (groups, id, a column each model, totals), then the HYPE scores."""
    raters = "1 rater" if found.raters == 1 else f"{found.raters} raters"
    text = [f"{raters}, {len(study.portraits)} portraits, {study.direction}", ""]
    if found.total:
        text += ["Points of 4, mean over raters", "", *_points_table(study, found, groups), ""]
        yes = [[model, *(figure(value) for value in values)] for model, values in found.yes.items()]
        text += ["Share of yes", "", *markdown_table(["", *QUESTIONS[study.direction]], yes), ""]
        text += [f"Agreement of raters (Krippendorff's alpha): {figure(found.agreement[CRITERIA])}", ""]
    if found.errors:
        kinds = found.errors, found.on_fake, found.on_real
        rows = [[model, *(str(kind.get(model, "–")) for kind in kinds)] for model in found.errors]
        text += ["HYPE-infinity: wrong answers in %, 50 is indistinguishable", ""]
        text += [*markdown_table(["", "all", "fakes taken for real", "reals taken for fake"], rows), ""]
        text += [f"Agreement of raters (Krippendorff's alpha): {figure(found.agreement[INFINITY])}", ""]
    if found.exposure:
        rows = [[model, str(mean), str(mean.n)] for model, mean in found.exposure.items()]
        text += ["HYPE-time: exposure in ms at which 3 of 4 answers are right, longer is better", ""]
        text += [*markdown_table(["", "ms", "raters"], rows), ""]
    if found.dropped:
        text += [f"{found.dropped} answers belong to no item of this study and were left out", ""]
    return "\n".join(text)


def to_csv(study: Study, found: Outcome) -> str:
    """The points of every portrait: its id and groups, a column a model."""
    names = _group_names(study)
    rows = [_points_row(portrait, study, found, names) for portrait in study.portraits]
    return csv_text([[*names, "id", *study.models], *rows])


def _points_table(study: Study, found: Outcome, groups: Sequence[str]) -> list[str]:
    names = list(groups) or _group_names(study)
    portraits = sorted(study.portraits, key=lambda p: [*(p.group.get(n, "") for n in names), p.stem])
    rows = [_points_row(portrait, study, found, names) for portrait in portraits]
    lines = [[figure(cell) if isinstance(cell, float) else cell for cell in row] for row in rows]
    for name in names:
        for value in sorted({portrait.group.get(name, "") for portrait in portraits} - {""}):
            stems = {portrait.stem for portrait in portraits if portrait.group.get(name) == value}
            points = [[p for stem, p in found.points[m].items() if stem in stems] for m in study.models]
            lines.append([*[""] * len(names), f"**{name} {value}**", *(str(bootstrap(p)) for p in points)])
    totals = [str(found.total.get(model, "–")) for model in study.models]
    lines.append([*[""] * len(names), "**all**", *totals])
    return markdown_table([*names, "id", *study.models], lines)


def _group_names(study: Study) -> list[str]:
    return sorted({name for portrait in study.portraits for name in portrait.group})


def _points_row(portrait: Portrait, study: Study, found: Outcome, names: Sequence[str]) -> list[str | float]:
    """Groups and id of a portrait, and its points by model, NaN where there are none."""
    points = [found.points[model].get(portrait.stem, math.nan) for model in study.models]
    return [*(portrait.group.get(name, "") for name in names), portrait.stem, *points]


def _grouped(said: Iterable[Said], key: Callable[[Said], Key]) -> dict[Key, list[Said]]:
    groups: dict[Key, list[Said]] = {}
    for row in said:
        groups.setdefault(key(row), []).append(row)
    return groups


def _points(said: Sequence[Said]) -> dict[str, float]:
    """Mean points of each portrait."""
    stems = _grouped(said, lambda row: row[0].stem)
    return {stem: mean_of([sum(answer.value) for _, answer in rows]) for stem, rows in stems.items()}


def _yes(said: Sequence[Said]) -> tuple[float, ...]:
    return tuple(mean_of(column) for column in zip(*(answer.value for _, answer in said), strict=True))


def _rates(said: Mapping[str, Sequence[Said]], real: bool | None) -> dict[str, Mean]:
    """Wrong answers in percent: of each rater, then the mean; of answers where there is one rater alone."""
    rates = {}
    for model, rows in said.items():
        raters = _grouped((row for row in rows if real in (None, row[0].real)), lambda row: row[1].rater)
        wrong = [[100.0 * (not _is_right(row)) for row in rows] for rows in raters.values()]
        if wrong:
            rates[model] = bootstrap([mean_of(values) for values in wrong] if len(wrong) > 1 else wrong[0])
    return rates


def _exposures(said: Mapping[str, Sequence[Said]]) -> dict[str, Mean]:
    """The threshold of each rater whose answers follow the staircase, then the mean."""
    found = {}
    for model, rows in said.items():
        thresholds = []
        for run in _grouped(rows, lambda row: row[1].rater).values():
            run.sort(key=lambda row: int(row[0].id.rsplit("-", 1)[1]))
            shown_for = [answer.exposure for _, answer in run]
            if len(run) >= FEWEST_TRIALS and shown_for == exposures(map(_is_right, run))[:-1]:
                thresholds.append(threshold(shown_for))
        if thresholds:
            found[model] = bootstrap(thresholds)
    return found


def _is_right(row: Said) -> bool:
    item, answer = row
    return bool(answer.value[0]) == item.real


def _units(said: Mapping[str, Sequence[Said]]) -> list[dict[str, float]]:
    """For each picture of a task, the value that each rater gave."""
    units = [unit for rows in said.values() for unit in _grouped(rows, lambda row: row[0].picture).values()]
    return [{answer.rater: float(sum(answer.value)) for _, answer in unit} for unit in units]
