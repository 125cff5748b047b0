"""Confidences that are right as often as they say: temperatures, a prior, thresholds, and how well they hold.

Works on what a network said of labelled faces; `evaluation.calibration` reads the faces.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise, product
from typing import Any

import numpy as np

from cyclegan_glasses.attributes.answers import Answers, probabilities
from cyclegan_glasses.attributes.verdicts import BROKEN, CLASSES, GENDERS
from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.errors import UserError

#: Half an interval that holds nine of ten errors, in mean absolute ones: of a Laplace distribution.
_COVERING = 2.3
_STEPS = np.round(np.arange(0.5, 1.0, 0.01), 2)
#: Estimated ages, in years, at which a band of its own begins, and of the faces of a band so many have an age
#: in its interval. A band has so many faces at least.
AGES, COVER, FEWEST = (0.0, 30.0, 36.0, 42.0, 50.0), 0.9, 40
BROKEN_PRIOR = 0.1  # of the faces that are classified: photographs have none, bad edits many


@dataclass(frozen=True, slots=True)
class AgeBand:
    """What holds for faces whose age is estimated alike.

    Attributes:
        begins: the lowest estimate, in years.
        gender: temperature that the logits of the gender are divided by.
        low, high: years that are added to the estimate for an interval in which `COVER` of the ages lie.
    """

    begins: float = 0.0
    gender: float = 1.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns logits into calibrated confidences (Guo et al., arXiv 1706.04599).

    Attributes:
        glasses: temperature that the logits of the glasses are divided by.
        bias: added to those of the glasses' classes thereafter; empty for none.
        sure: the confidence from which a verdict is sure.
        thresholds: the same for single classes, see `find_thresholds`.
        bands: of estimated ages, youngest first.
    """

    glasses: float = 1.0
    sure: float = 0.6
    bias: Sequence[float] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    bands: tuple[AgeBand, ...] = (AgeBand(),)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Calibration:
        """Of the values that `asdict` gives; older ones have one temperature and one error for all ages.

        Raises:
            TypeError: they are not the values of a calibration.
        """
        fields = dict(values)
        gender, error = fields.pop("gender", 1.0), fields.pop("age", 0.0)
        wide = error * _COVERING
        bands = fields.pop("bands", [asdict(AgeBand(0.0, gender, -wide, wide))])
        bias = tuple(fields.pop("bias", ()))
        return Calibration(**fields, bias=bias, bands=tuple(AgeBand(**band) for band in bands))

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (N, classes) from the logits of the glasses' head."""
        return probabilities(logits, self.glasses, self.bias)

    def threshold(self, label: str) -> float:
        """The confidence that `label` needs."""
        return self.thresholds.get(label, self.sure)

    def band(self, age: float) -> AgeBand:
        """The band of an estimated age."""
        return self.bands[max(0, bisect_right([band.begins for band in self.bands], age) - 1)]


def calibrate(answers: Answers, labels: Mapping[str, np.ndarray], sure: float = 0.6) -> Calibration:
    """Temperatures at which the labels are likeliest, the prior, and what holds for each band of ages.

    Args:
        answers: of the heads on N labelled faces.
        labels: `glasses` and `gender`, int64 (N,) with −1 for a missing label; `age` in years, float32 (N,),
            NaN where missing.

    Raises:
        UserError: no face has a label for glasses.
    """
    if not (labels["glasses"] >= 0).any():
        raise UserError("no face has a label for glasses: nothing to calibrate by")
    return Calibration(
        temperature(answers.glasses, labels["glasses"]),
        sure,
        prior_bias(BROKEN_PRIOR),
        bands=age_bands(answers, labels),
    )


def age_bands(answers: Answers, labels: Mapping[str, np.ndarray]) -> tuple[AgeBand, ...]:
    """The bands of `AGES` that hold `FEWEST` faces or more; a smaller one joins the one before.

    Intervals are those of split conformal prediction, each side by itself (Romano et al., arXiv 1905.03222,
    theorem 2): of n errors the ⌈(n + 1)(1 + `COVER`) / 2⌉th from below, and from above.

    Args:
        answers, labels: see `calibrate`.
    """
    counts, _ = np.histogram(np.maximum(answers.age, 0), [*AGES, np.inf])
    kept = [begins for begins, count in zip(AGES, counts, strict=True) if count >= FEWEST]
    kept[:1] = [-np.inf]
    bands = []
    for begins, ends in pairwise([*kept, np.inf]):
        held = (answers.age >= begins) & (answers.age < ends)
        errors = np.sort((labels["age"] - answers.age)[held & ~np.isnan(labels["age"])])
        place = min(math.ceil((len(errors) + 1) * (1 + COVER) / 2), len(errors)) - 1
        low, high = (float(errors[-1 - place]), float(errors[place])) if len(errors) else (0.0, 0.0)
        gender = temperature(answers.gender[held], labels["gender"][held])
        bands.append(AgeBand(max(begins, 0.0), gender, round(low, 2), round(high, 2)))
    return tuple(bands)


def prior_bias(broken: float) -> tuple[float, ...]:
    """Biases with which a network trained on as many faces of each class expects a fraction of `broken` ones.

    Logarithms of the new prior over the old one (Saerens et al., Neural Computation 14, 2002); what the other
    classes are among each other is left as it is.

    Args:
        broken: fraction of the faces, 0 to 1.
    """
    others = len(CLASSES) - 1
    return tuple(math.log(others * broken / (1 - broken)) if name == BROKEN else 0.0 for name in CLASSES)


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature of 0.05 to 20 at which `labels` (N,), −1 for missing, are likeliest; 1 without any."""
    logits, labels = logits[labels >= 0], labels[labels >= 0]
    if not len(labels):
        return 1.0
    tried = np.geomspace(0.05, 20, 241)
    rows = np.arange(len(labels))
    losses = [
        -np.log(np.maximum(probabilities(logits, value)[rows, labels], 1e-300)).mean() for value in tried
    ]
    return float(tried[int(np.argmin(losses))])


def summary(answers: Answers, labels: Mapping[str, np.ndarray], calibration: Calibration) -> dict[str, float]:
    """Accuracies and errors on labelled faces, see `calibrate`, for a line or a table.

    `glasses`: all classes; `glasses_or_none`: of the faces with these labels; `expected_error`: see
    `expected_calibration_error`.
    """
    known = labels["glasses"] >= 0
    chances, truth = calibration.probabilities(answers.glasses[known]), labels["glasses"][known]
    confidence, predicted = chances.max(1), chances.argmax(1)
    correct = predicted == truth
    result = {"faces": float(known.sum()), "glasses": float(correct.mean())}
    result["glasses_or_none"] = float(correct[truth < CLASSES.index(SUNGLASSES)].mean())
    thresholds = np.array([calibration.threshold(name) for name in CLASSES])[predicted]
    result["sure"] = float((confidence >= thresholds).mean())
    result["expected_error"] = expected_calibration_error(confidence, correct)
    known = labels["gender"] >= 0
    if known.any():
        correct = answers.gender[known].argmax(1) == labels["gender"][known]
        result[f"gender ({' or '.join(GENDERS)})"] = float(correct.mean())
    age = (answers.age - labels["age"])[~np.isnan(labels["age"])].astype(np.float64)
    if len(age):
        result |= {
            "age_mean_error": float(np.abs(age).mean()),
            "age_rmse": float(np.sqrt(np.square(age).mean())),
        }
    return result


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by count.

    ECE, Guo et al., arXiv 1706.04599, eq. 3; both are (n,), 0 to 1.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs((confidence - correct)[place == number].sum()) for number in range(bins)]
    return float(sum(gaps) / max(1, len(confidence)))


def find_thresholds(
    real: Mapping[str, np.ndarray], partial: Mapping[str, np.ndarray], sure: float, passing: float
) -> dict[str, float]:
    """The confidences, `sure` or more, that `glasses` and `none` need.

    Of all pairs at which at most `passing` of `partial` are called either, it is the one at which most of
    `real` keep their right answer. Classes of `real` weigh alike, and so do the kinds of `partial`.

    Args:
        real: probabilities (n, classes) of faces with glasses and with none, by class.
        partial: probabilities (n, classes) of faces with glasses that are there in part, by kind.
        sure: the lowest threshold.
        passing: fraction of `partial`, 0 to 1.

    Returns:
        Both thresholds by class; the highest ones where none are high enough.
    """
    steps = [sure, *(step for step in _STEPS if step > sure)]
    kept = {name: _fraction_of(real[name], name, steps) for name in (GLASSES, NONE)}
    passed = {
        name: np.mean([_fraction_of(kind, name, steps) for kind in partial.values()], 0)
        for name in (GLASSES, NONE)
    }
    best, most = (len(steps) - 1, len(steps) - 1), -1.0
    for glasses, none in product(range(len(steps)), repeat=2):
        right = kept[GLASSES][glasses] + kept[NONE][none]
        if right > most and passed[GLASSES][glasses] + passed[NONE][none] <= passing:
            best, most = (glasses, none), right
    return {GLASSES: float(steps[best[0]]), NONE: float(steps[best[1]])}


def _fraction_of(probabilities: np.ndarray, name: str, steps: list[float]) -> np.ndarray:
    """Fraction of faces, (n, classes) probabilities, that would be called `name` at each of `steps`."""
    if not len(probabilities):
        return np.zeros(len(steps))
    column = CLASSES.index(name)
    likeliest = np.where(probabilities.argmax(1) == column, probabilities[:, column], 0.0)
    return np.array([(likeliest >= step).mean() for step in steps])
