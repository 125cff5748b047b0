"""A check: a score, its threshold, and the words of a rejection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cyclegan_glasses.criteria.settings import Thresholds


@dataclass(frozen=True, slots=True)
class Check:
    """One question with a threshold, asked of a score that was measured before.

    Attributes:
        criterion: whose question it is; the reason of a rejection starts with it.
        score: its name among the scores of a photo.
        threshold: its name in `Thresholds`; `min_…` is a lower limit, `max_…` an upper one.
        scale: how far from the limit there is no doubt any more, in the score's unit.
        words: of the reason; may use `{value}` and `{limit}`.
        framing: asked only of pictures kept `whole`, or only of those to be `aligned`; empty: of both.
    """

    criterion: str
    score: str
    threshold: str
    scale: float
    words: str
    framing: str = ""

    def margin(self, scores: Mapping[str, float], thresholds: Thresholds) -> float:
        """How far inside the limit, in units of `scale`; negative outside; infinite where not measured."""
        if self.score not in scores:
            return float("inf")
        distance = (scores[self.score] - getattr(thresholds, self.threshold)) / self.scale
        return distance if self.threshold.startswith("min_") else -distance

    def reason(self, scores: Mapping[str, float], thresholds: Thresholds) -> str:
        """Why the photo is rejected, or an empty string."""
        if self.margin(scores, thresholds) >= 0:
            return ""
        value, limit = scores[self.score], getattr(thresholds, self.threshold)
        return f"{self.criterion}: {self.words.format(value=value, limit=limit)}"
