"""The attribute classifier as a protocol, and what it says of a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cyclegan_glasses.domains import GLASSES, LABELS, NONE

BROKEN = "broken"
#: The classes of the glasses head, by index.
CLASSES = (*LABELS, BROKEN)
#: The classes of the gender head, by index, in the terms of the training data's labels.
GENDERS = ("male", "female")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a face wears glasses.

    Attributes:
        label: the likeliest of `CLASSES`; `broken` is a face that no person would take for a photograph.
        confidence: of the label, 0 to 1.
        probabilities: by label, for those that the classifier tells apart; empty where it has none.
        sure: the confidence is as high as the label needs by the classifier's calibration. Whoever needs
            more, or less, asks the confidence or the probabilities.
    """

    label: str
    confidence: float
    probabilities: Mapping[str, float] = field(default_factory=dict)
    sure: bool = True

    def __post_init__(self) -> None:
        if self.label not in CLASSES:
            raise ValueError(f"{self.label!r} is no label: use one of {', '.join(CLASSES)}")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence lies between 0 and 1, not at {self.confidence}")

    def surely(self, *labels: str) -> bool:
        """Whether it is sure, and says one of `labels`."""
        return self.sure and self.label in labels

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
    """How much `verdict` speaks against `label`: 0 (agrees surely) to 1 (disagrees surely)."""
    if label in verdict.probabilities:
        return 1.0 - verdict.probabilities[label]
    return 1.0 - verdict.confidence if verdict.label == label else verdict.confidence
