"""A criterion measures scores of a picture; later, by its checks, it keeps a photo or rejects it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cyclegan_glasses.criteria.context import Context
from cyclegan_glasses.criteria.settings import Thresholds

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Check:
    """A threshold for a score that was measured before.

    Attributes:
        score: its name among the scores of a photo.
        threshold: its name in `Thresholds`; `min_…` is a lower limit, `max_…` an upper one.
        scale: how far from the limit the decision is certain, in the score's unit.
        message: the reason of a rejection; may use `{value}` and `{limit}`.
        framing: applies only to pictures kept `whole`, or only to those to be `aligned`; empty: to both.
    """

    score: str
    threshold: str
    scale: float
    message: str
    framing: str = ""

    def margin(self, scores: Scores, thresholds: Thresholds) -> float:
        """How far inside the limit, in units of `scale`; negative outside; infinite where not measured."""
        if self.score not in scores:
            return float("inf")
        distance = (scores[self.score] - getattr(thresholds, self.threshold)) / self.scale
        return distance if self.threshold.startswith("min_") else -distance

    def reason(self, scores: Scores, thresholds: Thresholds) -> str:
        """Why the photo is rejected, or an empty string."""
        if self.margin(scores, thresholds) >= 0:
            return ""
        return self.message.format(value=scores[self.score], limit=getattr(thresholds, self.threshold))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question asked of a photo: what it measures, apart from the thresholds that decide.

    Attributes:
        name: the reason of a rejection starts with it.
        score: measures a picture; gives scores by name.
        checks: in the order in which they are asked.
    """

    name: str
    score: Callable[[Context], dict[str, float]]
    checks: tuple[Check, ...]

    def asked(self, align: bool) -> Iterator[Check]:
        """The checks of pictures that will be cropped to the face (`align`), or of those that will not."""
        other = "whole" if align else "aligned"
        return (check for check in self.checks if check.framing != other)

    def reason(self, scores: Scores, thresholds: Thresholds, align: bool) -> str:
        """Why the photo is rejected; empty: it is kept."""
        reasons = (check.reason(scores, thresholds) for check in self.asked(align))
        return next((f"{self.name}: {reason}" for reason in reasons if reason), "")
