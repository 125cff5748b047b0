"""The two domains, A with glasses and B without, and the two directions between them."""

from __future__ import annotations

GLASSES, NONE, SUNGLASSES = "glasses", "none", "sunglasses"
#: What a photo may be labelled.
LABELS = (GLASSES, NONE, SUNGLASSES)
#: Which domain a label belongs to; sunglasses belong to neither.
DOMAINS = {GLASSES: "A", NONE: "B"}

#: Directions as options and files name them.
REMOVE, ADD = "AtoB", "BtoA"
DIRECTIONS = (REMOVE, ADD)
#: The label of what a direction results in.
TARGETS = {REMOVE: NONE, ADD: GLASSES}
#: The generator of a direction, as files of weights name it.
GENERATOR_NAMES = {REMOVE: "G_A", ADD: "G_B"}


def opposite(direction: str) -> str:
    """The direction back."""
    return ADD if direction == REMOVE else REMOVE
