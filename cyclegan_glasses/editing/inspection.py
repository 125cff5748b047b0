"""What an edit that took glasses off left behind: asked of the classifier, and read off the pixels.

Crops are uint8 RGB (size, size, 3), before and after, aligned alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cyclegan_glasses.attributes.frame_reading import to_lab
from cyclegan_glasses.attributes.verdicts import BROKEN, Verdict
from cyclegan_glasses.domains import NONE, SUNGLASSES
from cyclegan_glasses.editing.filters import blur
from cyclegan_glasses.editing.frame_scores import frame_left, glasses_zone
from cyclegan_glasses.editing.targets import (
    HIDDEN,
    STAY_ON,
    Target,
    is_bare,
    probability_of,
    worn_probability,
)
from cyclegan_glasses.faces.align import take

#: From which value on each measure is a warning.
WORN, DAMAGED, TRACE, STAIN = 0.3, 0.7, 0.3, 0.3
#: Sunglasses with the first probability hid the eyes, unless there is a bare face after it with the second.
_PERHAPS, _OFF = 0.1, 0.85
#: Levels of 255 that a pixel has changed by, and units of CIELAB that its chroma has moved out of the skin's.
_CHANGED, _BEYOND, _FURTHER = 8.0, 8.0, 4.0
#: What is darker than the skin by so much (L* of CIELAB) is brow, lash or iris, which have their own colour.
_DARKER = 20.0
#: In eye distances: middle, below the eyes, and half axes of the face; how far away the skin around is; what
#: is too small to be seen.
_FACE, _NEARBY, _SPECK = (0.45, (0.95, 1.1)), 0.25, 0.05
_TEXTS = {
    "worn": "glasses may still be seen",
    "damaged": "the eyes may be damaged",
    "trace": "a trace of the frame is left",
    "stain": "the skin has changed its colour",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found of one face; measures are multiples of what is a warning.

    Attributes:
        worn: probability that glasses are still seen.
        damaged: probability that the face would not pass for a photograph, where it did before.
        trace: share of the contrast of the rims that is left.
        stain: area of skin that has not the colour of the skin around.
        bare: the classifier has no doubt that the glasses are off.
        hidden: lenses hid the eyes, and in their place there is no bare face.
    """

    worn: float
    damaged: float
    trace: float
    stain: float
    bare: bool
    hidden: bool = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """In words."""
        return tuple(text for name, text in _TEXTS.items() if getattr(self, name) >= 1)

    @property
    def badness(self) -> tuple[bool, float]:
        """What two results of one face are compared by: glasses and damage count more than traces."""
        return max(self.worn, self.damaged) >= 1, self.worn + self.damaged + self.trace + self.stain

    def reason_to_leave(self, drawn: bool) -> str:
        """Why the face is better left as it was; empty where it is not.

        Args:
            drawn: a frame is to be drawn where the glasses were.
        """
        if self.hidden:
            return HIDDEN
        return STAY_ON if drawn and not self.bare else ""


def inspect(target: Target, picture: np.ndarray, verdict: Verdict | None) -> Inspection:
    """Inspect a face whose glasses were taken off.

    Args:
        target: the face before, with its crop.
        picture: the result, uint8 RGB (height, width, 3).
        verdict: on the face there; None where there is no classifier.
    """
    if target.alignment is None:
        raise ValueError("a face that was left alone has nothing to be inspected")
    after = take(picture, target.alignment)
    eyes = target.alignment.to_crop(target.face.landmarks[:2])
    newly_broken = probability_of(verdict, BROKEN) - probability_of(target.report.before, BROKEN)
    return Inspection(
        worn_probability(verdict) / WORN,
        max(0.0, newly_broken) / DAMAGED,
        (frame_left(target.crop, after, eyes) if (after != target.crop).any() else 0.0) / TRACE,
        stained(target.crop, after, eyes) / STAIN,
        verdict is None or is_bare(verdict),
        verdict is not None
        and probability_of(target.report.before, SUNGLASSES) >= _PERHAPS
        and probability_of(verdict, NONE) < _OFF,
    )


def stained(before: np.ndarray, after: np.ndarray, eyes: NDArray) -> float:
    """How much of the changed region has a colour that the skin around it does not have.

    Returns:
        The area in squares of the eye distance where the chroma (a*, b* of CIELAB) differs from that of the
        unchanged skin nearby by more than `_BEYOND`, and by more than it did before.
    """
    distance = float(np.hypot(*(eyes[1] - eyes[0])))
    old, new = (_lab(one, 0.03 * distance) for one in (before, after))
    zone = glasses_zone(before.shape, eyes) > 0
    changed = (np.abs(after.astype(np.float32) - before).max(axis=2) > _CHANGED) & zone
    # Skin is what has the lightness of the face below the eyes; its chroma is continued into what changed.
    face = np.zeros(before.shape[:2], np.uint8)
    middle = eyes.mean(axis=0) + np.array([0, _FACE[0] * distance])
    axes = tuple(2 * half * distance for half in _FACE[1])
    cv2.ellipse(face, (tuple(middle.tolist()), axes, 0), 1, -1)
    lightest = float(np.median(old[face > 0][:, 0])) - _DARKER
    skin = ((face > 0) & (old[:, :, 0] > lightest) & ~changed).astype(np.float32)
    weight = _soft(skin, _NEARBY * distance) + 1e-4
    usual = _soft(old * skin[:, :, None], _NEARBY * distance) / weight[:, :, None]
    was, now = (np.hypot(*np.moveaxis((one - usual)[:, :, 1:], 2, 0)) for one in (old, new))
    out = changed & (new[:, :, 0] > lightest) & (now > _BEYOND) & (now > was + _FURTHER) & (face > 0)
    speck = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(1, round(_SPECK * distance)),) * 2)
    return float(cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_OPEN, speck).sum() / distance**2)


def _lab(crop: np.ndarray, sigma: float) -> np.ndarray:
    return _soft(to_lab(crop), sigma)


def _soft(values: np.ndarray, sigma: float) -> np.ndarray:
    return blur(values, max(sigma, 0.3))
