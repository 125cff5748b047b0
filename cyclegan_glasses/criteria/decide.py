"""From scores to a verdict: pure functions of a measured photo and the thresholds."""

from __future__ import annotations

import dataclasses

from cyclegan_glasses.attributes.verdicts import CLASSES, Verdict, uncertainty_of
from cyclegan_glasses.criteria import coverings, eyes, framing, glasses, quality
from cyclegan_glasses.criteria.settings import Thresholds
from cyclegan_glasses.domains import GLASSES, LABELS, NONE, SUNGLASSES
from cyclegan_glasses.photo import ACCEPTED, REJECTED, Photo

CRITERIA = (framing.CRITERION, eyes.CRITERION, quality.CRITERION, glasses.CRITERION, coverings.CRITERION)
"""Asked in this order: the first that rejects gives the reason."""

REASONS = ("unreadable", *(criterion.name for criterion in CRITERIA), "duplicates")
"""What a reason of the filter may begin with."""

UNLABELLED = "glasses: not known whether the person wears glasses"
"""The reason of a photo that has no label."""

REVIEWED = "reviewed"


def is_ours(photo: Photo) -> bool:
    """Whether the criteria may decide on this photo: nobody else rejected it before, no person decided."""
    if photo.facts.get(REVIEWED):
        return False
    return photo.verdict != REJECTED or "measured" in photo.facts


def decide(photo: Photo, thresholds: Thresholds, align: bool) -> Photo:
    """`photo` with verdict and reason, by everything but duplicates.

    One without a label may get the attribute classifier's. A photo that was not measured stays as it is.
    """
    if "measured" not in photo.facts:
        return photo
    judged = photo.facts.get("judged", "")
    sure = photo.scores.get("judge_confidence", 0.0) >= thresholds.min_judge_confidence
    if photo.facts.get("label_origin") == "judge":
        photo = dataclasses.replace(photo, label="")
    if not photo.label and sure and judged in LABELS:
        photo = dataclasses.replace(photo, label=judged, facts={**photo.facts, "label_origin": "judge"})
    reason = _reason(photo, thresholds, align, judged if sure else "")
    return dataclasses.replace(photo, verdict=REJECTED if reason else ACCEPTED, reason=reason)


def uncertainty(photo: Photo, thresholds: Thresholds, align: bool) -> float:
    """How much a person should look at this photo: 0 (clear) to 1 (on the edge, or contradictory).

    One minus the distance to the nearest limit; where the photo is accepted, doubt about the label counts.
    """
    if not photo.scores.get("faces"):
        return 0.0
    scores = all_scores(photo)
    checks = (check for criterion in CRITERIA for check in criterion.asked(align))
    margins = [check.margin(scores, thresholds) for check in checks]
    nearest = min((margin for margin in margins if margin != float("inf")), default=1.0)
    uncertainty = 1 - min(1.0, abs(nearest))
    if photo.verdict != REJECTED:
        uncertainty = max(uncertainty, scores.get("label_doubt", 0.0), scores.get("judge_doubt", 0.0))
    return round(uncertainty, 4)


def _reason(photo: Photo, thresholds: Thresholds, align: bool, judged: str) -> str:
    if "unreadable" in photo.facts:
        return f"unreadable: {photo.facts['unreadable']}"
    if not photo.scores.get("faces"):
        return "framing: no face found"
    scores = all_scores(photo)
    for criterion in CRITERIA:
        if reason := criterion.reason(scores, thresholds, align):
            return reason
    if photo.label == SUNGLASSES:
        return "glasses: labelled sunglasses"
    if photo.label not in (GLASSES, NONE):
        return UNLABELLED
    if judged in CLASSES and judged != photo.label:
        return f"glasses: labelled {photo.label}, judged {judged}"
    return ""


def all_scores(photo: Photo) -> dict[str, float]:
    """The measured scores, and those that follow from several of them or from the label."""
    scores = dict(photo.scores)
    if "lens" in scores and "edges" in scores:
        scores["clearness"] = glasses.clearness(scores["lens"], scores["edges"])
    against = glasses.label_doubt(photo.label, scores["edges"]) if "edges" in scores else None
    if against is not None:
        scores["label_doubt"] = against
    if photo.facts.get("judged") in CLASSES and photo.label in (GLASSES, NONE):
        sure = min(1.0, max(0.0, scores.get("judge_confidence", 0.0)))
        scores["judge_doubt"] = uncertainty_of(photo.label, Verdict(photo.facts["judged"], sure))
    return scores
