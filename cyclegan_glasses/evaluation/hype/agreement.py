"""How far raters agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


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
