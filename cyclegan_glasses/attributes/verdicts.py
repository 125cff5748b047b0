"""The attribute classifier as a protocol, and what it says of a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cyclegan_glasses.domains import GLASSES, LABELS, NONE

BROKEN, UNSURE = "broken", "unsure"
#: The classes of the glasses head, by index.
CLASSES = (*LABELS, BROKEN)
#: What a verdict may say.
VERDICTS = (*CLASSES, UNSURE)
#: The classes of the gender head, by index, in the terms of the training data's labels.
GENDERS = ("male", "female")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a face wears glasses.

    Attributes:
        label: one of `VERDICTS`; `broken` is a face that no person would take for a photograph, `unsure`
            one of which no class is likely enough.
        confidence: of the label, 0 to 1.
        probabilities: by label, for those that the classifier tells apart; empty where it has none.
    """

    label: str
    confidence: float
    probabilities: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.label not in VERDICTS:
            raise ValueError(f"{self.label!r} is no label: use one of {', '.join(VERDICTS)}")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence lies between 0 and 1, not at {self.confidence}")

    @property
    def of_two(self) -> str | None:
        """The likelier of `glasses` and `none`, as if there were no other; None where not both are known."""
        if not {GLASSES, NONE} <= self.probabilities.keys():
            return None
        return max((NONE, GLASSES), key=self.probabilities.__getitem__)


class Encoder(Protocol):
    """Turns pictures into vectors in which alike pictures lie close together.

    Attributes:
        name: what it is, as it stands beside a number that comes from it.
        sha256: of its weights, hexadecimal; empty where it has none.
    """

    name: str
    sha256: str

    def features(self, faces: np.ndarray) -> np.ndarray:
        """One vector for each of `faces`: uint8 RGB (n, size, size, 3) to float32 (n, d)."""


class AttributeClassifier(Protocol):
    """Classifies aligned faces. One that is also an `Encoder` serves distances and likeness, too.

    One that works in other processes is pickled: it keeps a path and loads its weights when first asked.

    Attributes:
        name: what it is, with the version of its weights.
    """

    name: str

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        """One verdict for each of `faces`: uint8 RGB (n, size, size, 3), aligned by `align`."""


def uncertainty_of(label: str, verdict: Verdict) -> float:
    """How much `verdict` speaks against `label`: 0 (agrees surely) to 1 (disagrees surely); unsure is 0.5."""
    if label in verdict.probabilities:
        return 1.0 - verdict.probabilities[label]
    if verdict.label == UNSURE:
        return 0.5
    return 1.0 - verdict.confidence if verdict.label == label else verdict.confidence
