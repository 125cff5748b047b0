"""What the answers of a study say: points, error rates, exposures, each with its uncertainty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.agreement import krippendorff
from cyclegan_glasses.evaluation.hype.answers import Answer
from cyclegan_glasses.evaluation.hype.plan import Item, plan
from cyclegan_glasses.evaluation.hype.settings import CRITERIA, INFINITY, TIME
from cyclegan_glasses.evaluation.hype.staircase import Staircase, threshold
from cyclegan_glasses.evaluation.hype.study import Study
from cyclegan_glasses.evaluation.statistics import Mean, bootstrap
from cyclegan_glasses.evaluation.tables import figure, markdown_table

QUESTIONS = {
    REMOVE: ("passes for real at first", "glasses wholly gone", "skin tone kept", "whole picture kept"),
    ADD: ("passes for real at first", "full form of glasses", "skin tone kept", "whole picture kept"),
}
FEWEST_TRIALS = 20

Said = tuple[Item, Answer]


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
        if (item := plans[answer.rater].get(answer.item)) and len(answer.value) == _length(item)
    ]
    if not said:
        raise UserError("the study has no answers yet: hype serve, then open the page and answer")
    # The scores of each task and model.
    criteria, infinity, time = ([row for row in said if row[0].task == t] for t in (CRITERIA, INFINITY, TIME))
    models = study.models
    points = {model: _points(row for row in criteria if row[0].model == model) for model in models}
    return Outcome(
        raters=len({answer.rater for _, answer in said}),
        points=points,
        total={model: bootstrap(list(found.values())) for model, found in points.items() if found},
        yes={model: found for model in models if (found := _yes(criteria, model))},
        errors=_rates(infinity, models, None),
        on_fake=_rates(infinity, models, False),
        on_real=_rates(infinity, models, True),
        exposure=_exposures(time, models),
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
        rows = [
            [model, *(str(kind[model]) if model in kind else "–" for kind in _kinds(found))]
            for model in found.errors
        ]
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
    names = sorted({name for portrait in study.portraits for name in portrait.group})
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*names, "id", *study.models])
    for portrait in study.portraits:
        points = [found.points[model].get(portrait.stem) for model in study.models]
        groups = [portrait.group.get(name, "") for name in names]
        writer.writerow([*groups, portrait.stem, *("" if p is None else f"{p:.6g}" for p in points)])
    return file.getvalue()


def _points_table(study: Study, found: Outcome, groups: Sequence[str]) -> list[str]:
    names = list(groups) or sorted({name for portrait in study.portraits for name in portrait.group})
    portraits = sorted(study.portraits, key=lambda p: [*(p.group.get(n, "") for n in names), p.stem])
    rows = [
        [
            *(portrait.group.get(name, "") for name in names),
            portrait.stem,
            *(figure(found.points[model].get(portrait.stem, float("nan"))) for model in study.models),
        ]
        for portrait in portraits
    ]
    for name in names:
        for value in sorted({portrait.group.get(name, "") for portrait in portraits} - {""}):
            stems = {portrait.stem for portrait in portraits if portrait.group.get(name) == value}
            means = [
                bootstrap([p for stem, p in found.points[model].items() if stem in stems])
                for model in study.models
            ]
            rows.append([*[""] * len(names), f"**{name} {value}**", *(str(mean) for mean in means)])
    totals = [str(found.total[model]) if model in found.total else "–" for model in study.models]
    rows.append([*[""] * len(names), "**all**", *totals])
    return markdown_table([*names, "id", *study.models], rows)


def _length(item: Item) -> int:
    return 4 if item.task == CRITERIA else 1


def _points(said: Iterable[Said]) -> dict[str, float]:
    """Mean points of each portrait."""
    points: dict[str, list[int]] = {}
    for item, answer in said:
        points.setdefault(item.stem, []).append(sum(answer.value))
    return {stem: sum(values) / len(values) for stem, values in points.items()}


def _yes(said: Sequence[Said], model: str) -> tuple[float, ...]:
    values = [answer.value for item, answer in said if item.model == model]
    return tuple(sum(column) / len(values) for column in zip(*values, strict=True))


def _rates(said: Sequence[Said], models: Sequence[str], real: bool | None) -> dict[str, Mean]:
    """Wrong answers in percent: of each rater, then the mean; of answers where there is one rater alone."""
    rates = {}
    for model in models:
        wrong: dict[str, list[float]] = {}
        for item, answer in said:
            if item.model == model and real in (None, item.real):
                wrong.setdefault(answer.rater, []).append(100.0 * (bool(answer.value[0]) != item.real))
        if len(wrong) > 1:
            rates[model] = bootstrap([sum(values) / len(values) for values in wrong.values()])
        elif wrong:
            rates[model] = bootstrap(next(iter(wrong.values())))
    return rates


def _exposures(said: Sequence[Said], models: Sequence[str]) -> dict[str, Mean]:
    """The threshold of each rater whose answers follow the staircase, then the mean."""
    found = {}
    for model in models:
        runs: dict[str, list[Said]] = {}
        for item, answer in said:
            if item.model == model:
                runs.setdefault(answer.rater, []).append((item, answer))
        thresholds = []
        for run in runs.values():
            run.sort(key=lambda row: int(row[0].id.rsplit("-", 1)[1]))
            right = [bool(answer.value[0]) == item.real for item, answer in run]
            exposures = [answer.exposure for _, answer in run]
            if len(run) >= FEWEST_TRIALS and exposures == Staircase().exposures(right)[:-1]:
                thresholds.append(threshold(exposures))
        if thresholds:
            found[model] = bootstrap(thresholds)
    return found


def _units(said: Sequence[Said]) -> list[Mapping[str, float]]:
    """For each picture of a task, the value that each rater gave."""
    units: dict[tuple[str, str], dict[str, float]] = {}
    for item, answer in said:
        units.setdefault((item.model, item.picture), {})[answer.rater] = float(sum(answer.value))
    return list(units.values())


def _kinds(found: Outcome) -> tuple[dict[str, Mean], ...]:
    return found.errors, found.on_fake, found.on_real
