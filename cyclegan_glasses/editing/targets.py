"""Which faces of a photo are edited, and why the others are left alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE, SUNGLASSES
from cyclegan_glasses.editing.reports import LEFT, FaceReport
from cyclegan_glasses.editing.settings import ALL, LARGEST, EditSettings
from cyclegan_glasses.faces.align import Alignment
from cyclegan_glasses.faces.detect import Face

#: A verdict that is none of the two still says that a face is bare where that is so many times likelier: for
#: drawing on it, and for leaving it as it is.
BARE, LEAVE_BARE = 9.0, 3.0
#: A face whose box is less than this as high as the largest one's, or of which so much lies beyond the side
#: of the picture, is a bystander's.
BYSTANDER, CUT_OFF = 2 / 3, 0.1
#: Why a frame is not drawn over old glasses, and why lenses that let too little through stay on.
STAY_ON = "its glasses do not come off: --force draws over what is left"
HIDDEN = "dark or mirrored lenses, or a deep shadow, hide the eyes: --force tries"
#: Degrees of yaw up to which glasses are drawn, and up to which they are taken off.
MOST_YAW, MOST_YAW_OFF = 35.0, 50.0


@dataclass(frozen=True, eq=False)
class Target:
    """A face that was looked at: its report so far and how it is aligned, None where it is left alone.

    Attributes:
        crop: its aligned crop where the model is to edit it, else empty.
        removes: the model is to take glasses off.
    """

    face: Face
    report: FaceReport
    alignment: Alignment | None = None
    crop: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    removes: bool = False


def edited_by_model(targets: Sequence[Target]) -> list[Target]:
    """Those that the model edits."""
    return [target for target in targets if target.crop.size]


def keeping_glasses(target: Target, reason: str) -> Target:
    """The target left alone."""
    return Target(target.face, replace(target.report, done=LEFT, reason=reason))


def asked_for(face: str, count: int) -> Collection[int]:
    """The places of the faces that `EditSettings.face` names, among `count` of them, largest first."""
    if face == ALL:
        return range(count)
    return {0} if face == LARGEST else {int(number) - 1 for number in face.split(",")}


def probability_of(verdict: Verdict | None, label: str) -> float:
    """What the classifier gives for a label, 0 to 1; 0 where there is no verdict."""
    if verdict is None:
        return 0.0
    return verdict.probabilities.get(label, verdict.confidence * (verdict.label == label))


def worn_probability(verdict: Verdict | None) -> float:
    """What the classifier gives for glasses of any kind, 0 to 1; 0 where there is no verdict."""
    return probability_of(verdict, GLASSES) + probability_of(verdict, SUNGLASSES)


def is_bare(verdict: Verdict | None, times: float = BARE) -> bool:
    """Whether a face surely wears no glasses.

    An unsure verdict, or one on no clear face, counts as worn, unless `none` is so many times likelier.
    """
    if verdict is None or verdict.surely(NONE, GLASSES, SUNGLASSES):
        return verdict is not None and verdict.label == NONE
    chances = verdict.probabilities
    worn = chances.get(GLASSES, 1.0) + chances.get(SUNGLASSES, 0.0)
    return chances.get(NONE, 0.0) >= times * worn


def reason_to_leave(
    report: FaceReport,
    asked: bool,
    direction: str,
    settings: EditSettings,
    drawn: bool,
    bystander: bool,
    dark: bool = False,
) -> str:
    """Why a face is left alone; empty where it is to be edited.

    Args:
        asked: it is among the faces that `settings.face` names.
        drawn: a frame is drawn on it.
        bystander: see `bystanders`.
        dark: see `lenses.hides_eyes`.
    """
    if not asked:
        return "not asked for"
    if settings.force:
        return ""
    verdict, yaw = report.before, abs(report.yaw or 0.0)
    if direction == REMOVE and is_bare(verdict, LEAVE_BARE):
        return "wears no glasses"
    if direction == ADD and verdict and not is_bare(verdict):
        word = "wears" if verdict.surely(GLASSES, SUNGLASSES) else "may wear"
        return f"{word} glasses already: swap takes them off first"
    if direction != REMOVE and bystander and settings.face == ALL:
        return "a bystander: --face asks for one by its number"
    if drawn and yaw > MOST_YAW:
        return f"turned by {yaw:.0f} degrees, glasses are drawn up to {MOST_YAW:.0f}"
    if direction != ADD and dark:
        return HIDDEN
    if direction == REMOVE and yaw > MOST_YAW_OFF:
        return f"turned by {yaw:.0f} degrees, glasses come off up to {MOST_YAW_OFF:.0f}: --force tries"
    return ""


def bystanders(faces: Sequence[Face], width: int) -> list[bool]:
    """Which faces of a picture so wide are those of bystanders: much smaller than the largest, or cut off."""
    largest = max((face.box[3] for face in faces), default=0.0)
    found = []
    for face in faces:
        left, _, across, high = face.box
        beyond = max(-left, left + across - width) / across
        cut = beyond > CUT_OFF and high < largest
        found.append(cut or high < BYSTANDER * largest)
    return found
