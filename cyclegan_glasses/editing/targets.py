"""Which faces of a photo are edited, and why the others are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cyclegan_glasses.attributes.verdicts import BROKEN, UNSURE
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE, SUNGLASSES
from cyclegan_glasses.editing.reports import LEFT, FaceReport
from cyclegan_glasses.editing.settings import ALL, LARGEST, SWAP, EditSettings
from cyclegan_glasses.faces.align import Alignment
from cyclegan_glasses.faces.detect import Face

WEARING = "wears glasses already: swap takes them off first"
#: Why a face is left alone, by what is done and the verdict. Glasses are never drawn over others.
NOTHING_TO_DO = {
    REMOVE: {NONE: "wears no glasses"},
    ADD: {
        GLASSES: WEARING,
        SUNGLASSES: WEARING,
        UNSURE: "may wear glasses already: swap takes them off first",
        BROKEN: "may wear glasses already: swap takes them off first",
    },
    SWAP: {},
}
#: A face whose box is less than this as wide as the largest one's is a bystander's.
BYSTANDER = 0.4
#: Degrees of yaw up to which glasses are drawn.
MOST_YAW = 40.0


@dataclass(frozen=True, eq=False)
class Target:
    """A face that was looked at: its report so far and how it is aligned, None where it is left alone.

    `crop` is its aligned crop where the model is to edit it, else empty.
    """

    face: Face
    report: FaceReport
    alignment: Alignment | None = None
    crop: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))


def edited_by_model(targets: Sequence[Target]) -> list[Target]:
    """Those that the model edits."""
    return [target for target in targets if target.crop.size]


def leave(targets: Sequence[Target], worn: Sequence[Target]) -> list[Target]:
    """`targets`, those left alone that still wear their glasses."""
    reason = "its glasses could not be taken off"
    return [
        Target(target.face, replace(target.report, done=LEFT, reason=reason)) if target in worn else target
        for target in targets
    ]


def reason_to_leave(
    report: FaceReport, number: int, largest: float, direction: str, settings: EditSettings, drawn: bool
) -> str:
    """Why the face of that number is left alone; empty where it is to be edited."""
    if number != ({ALL: number, LARGEST: 1}.get(settings.face) or int(settings.face)):
        return "not asked for"
    if settings.force:
        return ""
    if report.before and (reason := NOTHING_TO_DO[direction].get(report.before.label)):
        return reason
    if direction != REMOVE and settings.face == ALL and report.box[2] < BYSTANDER * largest:
        return f"a bystander, much smaller than the largest face: --face {number} asks for it"
    if drawn and report.yaw is not None and abs(report.yaw) > MOST_YAW:
        return f"turned by {abs(report.yaw):.0f} degrees, glasses are drawn up to {MOST_YAW:.0f}"
    return ""
