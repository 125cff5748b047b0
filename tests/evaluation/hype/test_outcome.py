"""What answers say, by hand; and the staircase against raters whose threshold is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import Answer
from cyclegan_glasses.evaluation.hype.outcome import outcome, to_csv, to_markdown
from cyclegan_glasses.evaluation.hype.plan import plan
from cyclegan_glasses.evaluation.hype.settings import CRITERIA, INFINITY, TIME
from cyclegan_glasses.evaluation.hype.staircase import exposures, next_exposure, simulate, threshold
from cyclegan_glasses.evaluation.statistics import krippendorff
from tests.evaluation.hype.helpers import make_study


def test_the_staircase_by_hand() -> None:
    assert exposures([True, True, False, True]) == [500, 490, 480, 510, 500]
    assert next_exposure(100, True) == 100 and next_exposure(990, False) == 1000
    assert threshold([500, 490, 300, 310]) == 305


@pytest.mark.parametrize("true", [150, 300, 600])
def test_the_staircase_finds_the_threshold_of_simulated_raters(true: int) -> None:
    """The mean of thirty raters is within 12 % on both sides, whatever they start from."""
    rng = np.random.default_rng(1)
    found = np.mean([simulate(true, 150, rng) for _ in range(30)])
    assert 0.88 * true < found < 1.12 * true


def test_beyond_its_limits_the_staircase_stays_at_them() -> None:
    rng = np.random.default_rng(2)
    assert simulate(20, 150, rng) < 110 and simulate(50_000, 400, rng) > 900


def test_agreement_by_hand() -> None:
    """Krippendorff's own example of two observers and ten binary units (2011): alpha 0.095."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    units = [{"meg": a, "owen": b} for a, b in zip(meg, owen, strict=True)]
    assert krippendorff(units, nominal=True) == pytest.approx(0.095, abs=5e-4)
    assert krippendorff([{"a": 1, "b": 1}, {"a": 4, "b": 4}]) == 1
    assert krippendorff([{"a": 1, "b": 4}, {"a": 4, "b": 1}]) < 0
    assert math.isnan(krippendorff([{"a": 1}]))


def test_known_answers_give_their_numbers(tmp_path: Path) -> None:
    """Model one gets 3 points and is taken for real half of the time; model two gets 1 and never is."""
    study = make_study(tmp_path, trials=40, groups=("race",))
    answers = []
    for rater in ("ann", "bob"):
        exposure = {"one": 500, "two": 500}
        for place, item in enumerate(plan(study, rater)):
            one = item.model == "one"
            if item.task == CRITERIA:
                answers.append(Answer(rater, item.id, (1, 1, 0, 1) if one else (0, 0, 1, 0)))
            elif item.task == INFINITY:
                fooled = one and item.id.endswith(("f0", "f1"))
                answers.append(Answer(rater, item.id, (int(item.real or fooled),)))
            else:
                right = not one or place % 2 == 0
                value = item.real if right else not item.real
                answers.append(Answer(rater, item.id, (int(value),), exposure[item.model]))
                exposure[item.model] = next_exposure(exposure[item.model], right)
    found = outcome(study, answers)
    assert found.raters == 2 and found.dropped == 0
    assert {name: mean.mean for name, mean in found.total.items()} == {"one": 3, "two": 1}
    assert found.yes == {"one": (1, 1, 0, 1), "two": (0, 0, 1, 0)}
    assert {n: m.mean for n, m in found.on_fake.items()} == {"one": 50, "two": 0}
    assert {n: m.mean for n, m in found.errors.items()} == {"one": 25, "two": 0}
    assert found.exposure["two"].mean == np.mean(range(300, 100, -10)) and found.exposure["one"].mean > 600
    assert found.agreement == {CRITERIA: 1, INFINITY: 1}
    text, table = to_markdown(study, found), to_csv(study, found)
    assert "**race X**" in text and "3.00 [3.00, 3.00]" in text and "25.00 [25.00, 25.00]" in text
    assert table.splitlines()[0] == "gender,race,id,one,two" and table.splitlines()[1].endswith(",3,1")


def test_answers_that_do_not_follow_the_staircase_do_not_count(tmp_path: Path) -> None:
    """A page that showed other exposures has measured something else."""
    study = make_study(tmp_path, tasks=(TIME,), trials=24)
    answers = [Answer("ann", item.id, (1,), exposure=500) for item in plan(study, "ann")]
    assert outcome(study, answers).exposure == {}


def test_without_answers_there_is_no_report(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    with pytest.raises(UserError, match="no answers yet"):
        outcome(study, [])
    with pytest.raises(UserError, match="no answers yet"):
        outcome(study, [Answer("ann", "c-99-0", (1, 1, 1, 1))])
