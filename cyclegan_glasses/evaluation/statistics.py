"""Means with their uncertainty, by group, and the agreement of raters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cyclegan_glasses.evaluation.tables import figure

RESAMPLES = 1000
SMALL_GROUP = 30


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `n` finite values with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{figure(self.mean)} [{figure(self.low)}, {figure(self.high)}]"


@dataclass(frozen=True, slots=True)
class ByGroup:
    """One score by the values of one group: the worst, its distance from the best, and the mean of each.

    Groups under 30 are shown, but neither worst nor best.
    """

    worst: str
    gap: float
    means: dict[str, Mean]


def bootstrap(values: Sequence[float] | np.ndarray, seed: int = 0) -> Mean:
    """Mean of the finite values and its 95 % percentile interval over 1,000 resamples (Efron 1979).

    NaN without any value; both limits are the mean where there is one value alone.
    """
    finite = np.array([value for value in values if math.isfinite(value)], np.float64)
    if not len(finite):
        return Mean(math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(seed)
    at_once = max(1, min(RESAMPLES, 2_000_000 // len(finite)))
    means = [
        finite[rng.integers(0, len(finite), (min(at_once, RESAMPLES - start), len(finite)))].mean(axis=1)
        for start in range(0, RESAMPLES, at_once)
    ]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return Mean(float(finite.mean()), float(low), float(high), len(finite))


def summarise(rows: Sequence[Mapping[str, float]]) -> dict[str, Mean]:
    """The mean of every score, in the order of the row that has most of them."""
    names = dict.fromkeys(name for row in (max(rows, key=len, default={}), *rows) for name in row)
    return {name: bootstrap([row[name] for row in rows if name in row]) for name in names}


def by_group(
    rows: Sequence[Mapping[str, float]], values: Sequence[str], score: str, key: Callable[[float], float]
) -> ByGroup:
    """One score by group.

    Args:
        rows: scores of each picture.
        values: of the group, one a row; empty where it is not known.
        score: name of the score.
        key: larger for a better mean.
    """
    means = {}
    for value in sorted(set(values) - {""}):
        found = [
            row[score] for row, other in zip(rows, values, strict=True) if other == value and score in row
        ]
        if found:
            means[value] = bootstrap(found)
    large = {value: m.mean for value, m in means.items() if m.n >= SMALL_GROUP and math.isfinite(m.mean)}
    if len(large) < 2:
        return ByGroup("", math.nan, means)
    worst = min(large, key=lambda value: key(large[value]))
    return ByGroup(worst, max(large.values()) - min(large.values()), means)


def mean_of(values: Sequence[float]) -> float:
    """Mean of the finite values, NaN where there are none."""
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def krippendorff(units: Sequence[Mapping[str, float]], nominal: bool = False) -> float:
    """Krippendorff's alpha: 1 is full agreement, 0 what chance gives, below 0 systematic disagreement.

    Krippendorff, "Content Analysis", 2004, ch. 11: 1 - observed / expected disagreement, over every pair of
    values of a unit and every pair of all values.

    Args:
        units: for each thing rated, the value that each rater gave; those with one rater say nothing.
        nominal: values are names, not points of a scale.

    Returns:
        NaN where no two raters rated the same thing; 1 where all values are the same.
    """
    rated = [np.array(list(unit.values()), float) for unit in units if len(unit) > 1]
    if not rated:
        return float("nan")

    def apart(values: np.ndarray) -> float:
        differences = np.subtract.outer(values, values)
        return float((differences != 0).sum() if nominal else (differences**2).sum())

    everything = np.concatenate(rated)
    observed = sum(apart(values) / (len(values) - 1) for values in rated) / len(everything)
    expected = apart(everything) / (len(everything) * (len(everything) - 1))
    return 1.0 - observed / expected if expected else 1.0
