"""The confidences that `glasses` and `none` need, so that few faces with glasses in part pass for either."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.domains import GLASSES, NONE

_STEPS = np.round(np.arange(0.5, 1.0, 0.01), 2)


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
