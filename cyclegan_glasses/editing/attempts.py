"""One try at taking the glasses off the faces of a picture, what was found of it, and the better of two."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclegan_glasses.editing.inspection import Inspection
from cyclegan_glasses.editing.models import Translated
from cyclegan_glasses.editing.reports import FaceReport
from cyclegan_glasses.editing.targets import Target, keeping_glasses


@dataclass(frozen=True, eq=False)
class Attempt:
    """An edited picture.

    Attributes:
        targets: every face.
        made: what the model made of those that it edits, in their order.
        picture: the result.
        reports: of every face.
        found: the inspection of each face whose glasses were taken off, by its place among the targets.
    """

    targets: Sequence[Target]
    made: Sequence[Translated]
    picture: np.ndarray
    reports: Sequence[FaceReport]
    found: Mapping[int, Inspection]

    @property
    def doubtful(self) -> list[int]:
        """The faces that are worth a second try."""
        return [place for place, one in self.found.items() if one.warnings]

    def better(self, other: Attempt) -> list[int]:
        """The doubtful faces that are better in `other`."""
        found, others = self.found, other.found
        return [place for place in self.doubtful if others[place].badness < found[place].badness]

    def by_place(self) -> dict[int, Translated]:
        """What the model made of the faces that it edits, by their place among the targets."""
        places = [place for place, target in enumerate(self.targets) if target.crop.size]
        return dict(zip(places, self.made, strict=True))

    def exchanged(self, others: dict[int, Translated]) -> list[Translated]:
        """`made`, with others for some of the faces."""
        made = self.by_place() | others
        return [made[place] for place in sorted(made)]

    def reasons_to_leave(self, drawn: bool) -> dict[int, str]:
        """Why faces are better left as they were, see `Inspection.reason_to_leave`."""
        found = {place: one.reason_to_leave(drawn) for place, one in self.found.items()}
        return {place: reason for place, reason in found.items() if reason}

    def leaving(self, reasons: Mapping[int, str]) -> tuple[list[Target], list[Translated]]:
        """The targets and what was made of them, without the faces that keep their glasses for `reasons`."""
        made, targets = self.by_place(), list(self.targets)
        for place, reason in reasons.items():
            targets[place] = keeping_glasses(targets[place], reason)
        return targets, [made[place] for place in sorted(made.keys() - reasons.keys())]

    def told(self, twice: Collection[int]) -> Attempt:
        """With warnings and the count of tries in the reports; `twice` are faces that were tried twice."""
        reports = list(self.reports)
        for place, one in self.found.items():
            tries = 2 if place in twice else 1
            reports[place] = replace(reports[place], warnings=one.warnings, tries=tries)
        return replace(self, reports=reports)
