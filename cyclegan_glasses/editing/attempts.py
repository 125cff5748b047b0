"""One try at taking the glasses off the faces of a picture, what was found of it, and the better of two."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclegan_glasses.editing.inspection import Inspection
from cyclegan_glasses.editing.models import Translated
from cyclegan_glasses.editing.reports import FaceReport
from cyclegan_glasses.editing.targets import Target, keeping_glasses
from cyclegan_glasses.faces.align import Framing, align

#: The second try sees a little more around the face: its eyes are so much nearer to each other.
NEARER = 0.9


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
        return [number for number, one in self.found.items() if one.warnings]

    def better(self, other: Attempt) -> list[int]:
        """The doubtful faces that are better in `other`."""
        found, others = self.found, other.found
        return [number for number in self.doubtful if others[number].badness < found[number].badness]

    def by_place(self) -> dict[int, tuple[Target, Translated]]:
        """The faces that the model edits, by their place among the targets."""
        edited = [(number, target) for number, target in enumerate(self.targets) if target.crop.size]
        return {number: (target, made) for (number, target), made in zip(edited, self.made, strict=True)}

    def with_faces(
        self, others: Mapping[int, tuple[Target, Translated]]
    ) -> tuple[list[Target], list[Translated]]:
        """The targets and what was made of them, some of them exchanged, by their places."""
        edited = self.by_place() | others
        targets = [edited[number][0] if number in edited else one for number, one in enumerate(self.targets)]
        return targets, [edited[number][1] for number in sorted(edited)]

    def leaving(self, places: Collection[int]) -> tuple[list[Target], list[Translated]]:
        """The targets and what was made of them, without those faces, which keep their glasses."""
        edited = self.by_place()
        targets = [keeping_glasses(one) if place in places else one for place, one in enumerate(self.targets)]
        return targets, [edited[number][1] for number in sorted(edited.keys() - set(places))]

    def told(self, twice: Collection[int]) -> Attempt:
        """With warnings and the count of tries in the reports; `twice` are faces that were tried twice."""
        reports = list(self.reports)
        for number, one in self.found.items():
            tries = 2 if number in twice else 1
            reports[number] = replace(reports[number], warnings=one.warnings, tries=tries)
        return replace(self, reports=reports)


def seen_wider(target: Target, picture: np.ndarray, framing: Framing) -> Target:
    """The target with a crop that shows more of `picture`, uint8 RGB, than `framing` does."""
    wider = replace(framing, eye_distance=NEARER * framing.eye_distance)
    crop, alignment = align(picture, target.face, len(target.crop), wider)
    return replace(target, crop=crop, alignment=alignment)
