"""The exposure at which a person tells real from fake, and a check that it is found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Staircase:
    """Three up, one down: a wrong answer adds three steps to the exposure, a right one takes one away.

    Right and wrong balance where three of four answers are right, half way between guessing and certainty
    (Kaernbach 1991; HYPE, arXiv 1904.01121). All in milliseconds.
    """

    start: int = 500
    step: int = 10
    low: int = 100
    high: int = 1000

    def next(self, exposure: int, right: bool) -> int:
        """The exposure after an answer."""
        return min(self.high, max(self.low, exposure - self.step if right else exposure + 3 * self.step))

    def exposures(self, answers: Iterable[bool]) -> list[int]:
        """What is shown at each answer, and what would be shown next: one more than there are answers."""
        exposures = [self.start]
        for right in answers:
            exposures.append(self.next(exposures[-1], right))
        return exposures


def threshold(exposures: Sequence[int]) -> float:
    """The exposure at which three of four answers are right, ms: mean of the second half of a staircase.

    At a limit of the staircase it says "this or beyond".
    """
    return float(np.mean(exposures[len(exposures) // 2 :]))


def simulate(true: float, trials: int, rng: np.random.Generator, stairs: Staircase | None = None) -> float:
    """The threshold found for a simulated rater.

    Args:
        true: exposure in ms at which the rater is right three times of four. Its answers follow a Weibull
            function of slope 2 between guessing (half right) and certainty.
        trials: pictures shown.
        rng: of the answers.
    """
    stairs = stairs or Staircase()
    exposures = [stairs.start]
    for _ in range(trials):
        sure = 1 - 2.0 ** -((exposures[-1] / true) ** 2)
        exposures.append(stairs.next(exposures[-1], bool(rng.random() < 0.5 + 0.5 * sure)))
    return threshold(exposures[:-1])
