"""What the scores of a test say, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.evaluation.scores import ranking_key

Scores = Mapping[str, float]
Pair = tuple[Scores, Scores]
WHERE = "L1 inside"
"""What is looked at, where there are masks: the difference where the glasses are."""

DONE = {REMOVE: "takes glasses off", ADD: "puts glasses on"}
WANTED = {REMOVE: "the same face without glasses", ADD: "the same face with its own glasses"}


def left(pair: Pair) -> float:
    """The share of the input's difference to the truth that a result leaves where the glasses are.

    0 for none, 1 where nothing was done; NaN where it is not known.

    Args:
        pair: scores of a result and of its untouched input, by name (`metrics.compare`).
    """
    after, before = (scores.get(WHERE, math.nan) for scores in pair)
    return after / before if before else math.nan


def gain(pair: Pair) -> float:
    """How much better a result is than its input, larger is better; NaN where nothing can be compared.

    By the share that it leaves; without masks by the first score that both have, such as PSNR.
    """
    after, before = pair
    if not math.isnan(fraction := left(pair)):
        return 1 - fraction
    if name := next((name for name in after if name in before), ""):
        return ranking_key(name, after[name]) - ranking_key(name, before[name])
    return math.nan


def conclusion(direction: str, pairs: Sequence[Pair]) -> str:
    """A sentence about all results of a direction that have a truth; empty without any.

    Args:
        direction: `AtoB` or `BtoA`.
        pairs: scores of each result and of its untouched input.
    """
    known = [pair for pair in pairs if not math.isnan(gain(pair))]
    if not known:
        return ""
    better = sum(gain(pair) > 0 for pair in known)
    count = f"all {len(known)}" if better == len(known) else f"{better} of {len(known)}"
    subject = f"{count} results are" if len(known) > 1 else f"the result is{'' if better else ' not'}"
    nearer = f"{subject} nearer to {{}} than the picture was"
    masked = [pair for pair in known if not math.isnan(left(pair))]
    if not masked:
        name = next(name for name in known[0][0] if name in known[0][1])
        return f"by {name}, {nearer.format(WANTED[direction])}"
    total = sum(after[WHERE] for after, _ in masked) / sum(before[WHERE] for _, before in masked)
    text = f"{total:.0%} of the difference to {WANTED[direction]} is left, and"
    other = "; another frame than its own counts as a difference" if direction == ADD else ""
    return f"{text} {nearer.format('it')}{other}"
