"""The exposure at which a person tells real from fake, and a check that it is found.

Three up, one down: a wrong answer adds three steps to the exposure, a right one takes one away. Right and
wrong balance where three of four answers are right, half way between guessing and certainty (Kaernbach 1991;
HYPE, arXiv 1904.01121). All in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

START, STEP, LOWEST, HIGHEST = 500, 10, 100, 1000


def next_exposure(exposure: int, right: bool) -> int:
    """The exposure after an answer."""
    return min(HIGHEST, max(LOWEST, exposure - STEP if right else exposure + 3 * STEP))


def exposures(answers: Iterable[bool]) -> list[int]:
    """The exposure of each answer, and of the one that would follow: one more than there are answers."""
    return list(accumulate(answers, next_exposure, initial=START))


def threshold(exposures: Sequence[int]) -> float:
    """The exposure at which three of four answers are right, ms: mean of the second half of a staircase.

    At a limit of the staircase it says "this or beyond".
    """
    return float(np.mean(exposures[len(exposures) // 2 :]))


def simulate(true: float, trials: int, rng: np.random.Generator) -> float:
    """The threshold found for a simulated rater.

    Args:
        true: exposure in ms at which the rater is right three times of four. Its answers follow a Weibull
            function of slope 2 between guessing (half right) and certainty.
        trials: pictures shown.
        rng: of the answers.
    """
    found = [START]
    for _ in range(trials):
        sure = 1 - 2.0 ** -((found[-1] / true) ** 2)
        found.append(next_exposure(found[-1], bool(rng.random() < 0.5 + 0.5 * sure)))
    return threshold(found[:-1])
