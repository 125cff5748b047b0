"""What an optician looks at before choosing a frame: the shape of a face, its width, and its colours."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from cyclegan_glasses.overlays.face_outline import Outline, mouth_below_eyes, trace_outline
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.pose import PUPILS

_USUAL = {"length": (0.77, 0.06), "jaw": (0.83, 0.065), "chin": (0.52, 0.07)}
"""Median and spread on 200 FairFace faces of three measures as fractions of the width at the cheekbones: from
the eyes to the chin, and the widths at the mouth and just above the chin. Hair decides how much of a forehead
is seen, so its width is none of them."""
_SHAPES = {
    "oval": (0.3, -0.2, -0.2),
    "round": (-1.3, -0.1, 0.3),
    "square": (-0.2, 1.2, 1.2),
    "heart": (0.1, -1.3, -1.1),
    "oblong": (1.6, 0.4, 0.2),
}
"""What opticians call the shapes, in these spreads from the median: a round face is nearly as wide as long, a
square one wide at jaw and chin, a heart narrow there, an oblong one long."""
_OFTEN = {"oval": 1.5}
"""How often a shape is met beside the others."""
_UNCLEAR, _TURNED = 0.55, 25.0
LIKELY = 0.45
"""A shape is named from this probability on."""
_WIDTHS = (110.0, 165.0)
_BARE = np.array(
    [(x, y) for x in (-34, -26, 26, 34) for y in (22, 30, 38)] + [(0, 16), (-12, -30), (12, -30)], float
)
"""Places in mm where skin is bare on most faces."""
_MIDDLE_HUE, _NEUTRAL, _SKIN_HUES = 46.0, 6.0, (8.0, 88.0)
"""Median hue angle in degrees of the skin of 200 FairFace faces, how far from it an undertone is neutral, and
the hues of skin in ordinary light. (Thong, Joniak and Xiang 2023, arXiv 2309.05148, who measure skin by
this angle beside its lightness, part red from yellow at 55.)"""


@dataclass(frozen=True, slots=True)
class FaceTraits:
    """What can be seen of a face; what cannot be seen surely is left open.

    Attributes:
        shapes: probability of `oval`, `round`, `square`, `heart` and `oblong`; empty where the outline is not
            clear or the head is turned.
        width: mm at the cheekbones, the pupils being as far apart as was said.
        skin, hair: CIE L*a*b* (D65) of bare skin and of what lies above the forehead; None where not seen.
        undertone: `warm`, `cool`, `neutral`, or empty. Light that is yellow makes skin look warm.
        hair_colour: `black`, `brown`, `blonde`, `red`, `grey`, or empty.
    """

    shapes: dict[str, float]
    width: float
    skin: tuple[float, ...] | None = None
    hair: tuple[float, ...] | None = None
    undertone: str = ""
    hair_colour: str = ""

    @property
    def shape(self) -> str:
        """The shape of the face, or empty where none is likely enough."""
        best = max(self.shapes, key=self.shapes.__getitem__, default="")
        return best if self.shapes.get(best, 0) >= LIKELY else ""

    def in_words(self) -> str:
        """What is seen, in a sentence, and what is not."""
        first, second = sorted(self.shapes, key=lambda shape: -self.shapes[shape])[:2] or ("", "")
        if self.shape:
            shape = f"{first} face ({self.shapes[first]:.0%})"
        elif first:
            shape = f"{first} ({self.shapes[first]:.0%}) or {second} ({self.shapes[second]:.0%}) face"
        else:
            shape = "shape of the face not clear"
        skin = f"{self.undertone} skin" if self.undertone else "undertone of the skin not clear"
        hair = f"{self.hair_colour} hair" if self.hair_colour else "hair not clear"
        return f"{shape}, {self.width:.0f} mm wide, {skin}, {hair}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        shapes = {shape: round(p, 3) for shape, p in self.shapes.items()}
        return asdict(self) | {"shape": self.shape, "shapes": shapes, "width": round(self.width, 1)}


def read_traits(image: np.ndarray, landmarks: np.ndarray, pupils: float = PUPILS) -> FaceTraits:
    """The traits of a face.

    Args:
        image: uint8 RGB (height, width, 3).
        landmarks: (5, 2) in pixels, as `faces.detect` gives them.
        pupils: their distance in mm, which gives the width its scale.

    Raises:
        ValueError: the eyes coincide.
    """
    pose = fit_pose(landmarks)
    outline = trace_outline(image, pose, mouth_below_eyes(np.asarray(landmarks, float), pose))
    if outline is None:
        return FaceTraits({}, 140.0 * pupils / PUPILS)
    width = float(np.clip(face_width(outline), *_WIDTHS))
    turned = abs(np.degrees(np.arcsin(np.clip(pose.rotation[2, 0], -1, 1)))) > _TURNED
    clear = not turned and outline.certainty.mean() > _UNCLEAR
    lab = cv2.cvtColor(outline.window.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    skin, hair = _skin(lab, outline), _hair(lab, outline)
    return FaceTraits(
        shapes_of(outline) if clear else {},
        width * pupils / PUPILS,
        skin,
        hair,
        undertone_of(skin),
        hair_colour_of(hair),
    )


def face_width(outline: Outline) -> float:
    """In mm at the cheekbones, where the face is widest."""
    return max(outline.width(height) for height in range(-5, 26, 5))


def shapes_of(outline: Outline) -> dict[str, float]:
    """How likely a face has each shape: the nearer its measures, in spreads, the likelier."""
    width = face_width(outline)
    measures = outline.chin, outline.width(0.61 * outline.chin), outline.width(outline.chin - 14)
    away = np.array(
        [(m / width - usual) / spread for m, (usual, spread) in zip(measures, _USUAL.values(), strict=True)]
    )
    squares = np.array([np.square(np.clip(away, -2.5, 2.5) - shape).sum() for shape in _SHAPES.values()])
    chances = np.exp(-0.35 * (squares - squares.min()) * float(outline.certainty.mean()))
    chances = chances * [_OFTEN.get(shape, 1.0) for shape in _SHAPES]
    return dict(zip(_SHAPES, (chances / chances.sum()).tolist(), strict=True))


def undertone_of(skin: tuple[float, ...] | None) -> str:
    """`warm`, `cool` or `neutral` by the hue angle of a skin colour; empty for grey and odd light."""
    if skin is None or np.hypot(skin[1], skin[2]) < 6:
        return ""
    hue = float(np.degrees(np.arctan2(skin[2], skin[1])))
    if not _SKIN_HUES[0] <= hue <= _SKIN_HUES[1]:
        return ""
    return "neutral" if abs(hue - _MIDDLE_HUE) < _NEUTRAL else "warm" if hue > _MIDDLE_HUE else "cool"


def hair_colour_of(hair: tuple[float, ...] | None) -> str:
    """The word for a colour of hair, or empty where it is none that hair has."""
    if hair is None:
        return ""
    light, red, yellow = hair
    chroma = np.hypot(red, yellow)
    if light < 18:
        return "black"
    if light > 40 and chroma < 8:
        return "grey"
    if light > 25 and red > 16 and chroma > 24:
        return "red"
    if light > 45 and yellow > 12 and red > -4:
        return "blonde"
    return "brown" if light <= 45 and yellow > 0 and red > -4 else ""


def _skin(lab: np.ndarray, outline: Outline) -> tuple[float, ...] | None:
    """The median colour of the brighter half of cheeks, nose and forehead: shadows are left out."""
    x, y = _inside(outline, _BARE, lab.shape)
    colours = cv2.blur(lab, (3, 3))[y, x]
    if len(colours) < 6:
        return None
    brighter = colours[colours[:, 0] >= np.median(colours[:, 0])]
    return _rounded(np.median(brighter, axis=0))


def _hair(lab: np.ndarray, outline: Outline) -> tuple[float, ...] | None:
    """The median colour of a band above the outline of the forehead; None where it is skin, or mixed."""
    upper = outline.points[outline.points[:, 1] < -35]
    band = np.concatenate([upper * (1 + far) for far in np.linspace(0.05, 0.2, 6)])
    x, y = _inside(outline, band, lab.shape, depth=20.0)
    hairy = outline.skin[y, x] < 90
    if hairy.sum() < max(12, 0.5 * len(x)):
        return None
    colours = lab[y[hairy], x[hairy]]
    middle = np.median(colours, axis=0)
    mixed = np.median(np.linalg.norm(colours - middle, axis=1)) > 16
    return None if mixed else _rounded(middle)


def _rounded(colour: np.ndarray) -> tuple[float, ...]:
    return tuple(np.round(colour.astype(float), 1).tolist())


def _inside(
    outline: Outline, points: np.ndarray, shape: tuple[int, ...], depth: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the window at `points` (n, 2) in mm, without those outside of it."""
    x, y = np.round(outline.pose.project(points, depth)).astype(int).T
    seen = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    return x[seen], y[seen]
