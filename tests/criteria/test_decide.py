"""From scores to verdicts: the reasons that people read."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.criteria.criterion import Check
from cyclegan_glasses.criteria.decide import decide, is_ours, uncertainty
from cyclegan_glasses.criteria.measure import scores_of
from cyclegan_glasses.criteria.settings import Thresholds
from cyclegan_glasses.photo import Photo
from tests.criteria.helpers import context_of, draw, with_glasses

LIMITS = Thresholds()
SCORES = scores_of(context_of(with_glasses(draw())))


def photo(label: str = "glasses", facts: dict | None = None, **scores: float) -> Photo:
    """A good measured photo, with some scores changed."""
    return Photo("a.png", label=label, facts={"measured": "1", **(facts or {})}, scores={**SCORES, **scores})


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (photo(), ""),
        (photo(facts={"unreadable": "the file is empty"}), "unreadable: the file is empty"),
        (photo(faces=0.0), "framing: no face found"),
        (photo(turn=41.0), "eyes: turned 41.0 degrees to the side"),
        (photo(eye_distance=11.0), "quality: small: 11 pixels between the eyes"),
        (photo(lens=0.2), "glasses: dark lenses: 0.20 of the skin's brightness"),
        (photo("sunglasses"), "glasses: labelled sunglasses"),
        (photo(""), "glasses: not known whether the person wears glasses"),
        (
            photo(lower_colour=50.0),
            "coverings: mouth and chin differ by 50 in colour from the skin around the eyes",
        ),
        (photo(facts={"judged": "none"}, judge_confidence=0.9), "glasses: labelled glasses, judged none"),
        (photo(facts={"judged": "none"}, judge_confidence=0.5), ""),
    ],
)
def test_the_reason_says_what_is_wrong(bad, reason):
    decided = decide(bad, LIMITS, align=True)
    assert decided.reason == reason
    assert decided.verdict == ("rejected" if reason else "accepted")


def test_a_verdict_fills_in_a_missing_label_and_only_as_long_as_it_is_sure():
    unlabelled = photo("", facts={"judged": "none"}, judge_confidence=0.9)
    decided = decide(unlabelled, LIMITS, align=True)
    assert (decided.label, decided.verdict) == ("none", "accepted")
    stricter = decide(decided, dataclasses.replace(LIMITS, min_judge_confidence=0.95), align=True)
    assert (stricter.label, stricter.verdict) == ("", "rejected")


def test_what_was_not_measured_or_decided_elsewhere_stays():
    assert decide(Photo("a.png"), LIMITS, align=True) == Photo("a.png")
    assert not is_ours(Photo("a.png", verdict="rejected", reason="align: side view"))
    assert not is_ours(photo(facts={"reviewed": "accept"}))
    assert is_ours(photo())


def test_uncertainty_is_high_on_the_edge_and_where_the_edges_contradict_the_label():
    clear = uncertainty(decide(photo(edges=0.99), LIMITS, True), LIMITS, True)
    edge = uncertainty(decide(photo(edges=0.99, turn=30.1), LIMITS, True), LIMITS, True)
    against = uncertainty(decide(photo(edges=0.02), LIMITS, True), LIMITS, True)
    assert edge > 0.95
    assert against >= 0.98
    assert clear < min(edge, against)
    assert uncertainty(photo(faces=0.0), LIMITS, True) == 0


ROUNDED = st.integers(-1_000_000, 1_000_000).map(lambda number: number / 10_000)


@given(ROUNDED, ROUNDED)
def test_a_limit_itself_is_accepted_and_the_margin_has_the_sign_of_the_verdict(value, limit):
    for name in ("min_lens", "max_turn"):
        check = Check("score", name, 2.0, "{value} against {limit}")
        limits = dataclasses.replace(LIMITS, **{name: limit})
        inside = value >= limit if name.startswith("min") else value <= limit
        assert (check.reason({"score": value}, limits) == "") == inside
        assert (check.margin({"score": value}, limits) >= 0) == inside
    assert check.reason({}, LIMITS) == ""
