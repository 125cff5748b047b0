"""Frames that suit a face, by rules that opticians publish: rules, not taste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.face_traits import FaceTraits
from cyclegan_glasses.overlays.fitting_rules import FIT, FIT_NEARLY, RULES, SHAPE, Rule, Source
from cyclegan_glasses.overlays.frames import ACETATE, METAL, POPULAR, Frame
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.settings import FrameSettings
from cyclegan_glasses.overlays.styling import front_width, restyled

_WIDTHS = (122.0, 144.0)
"""Of fronts that are sold, in mm."""
_NEAR = 4.0
"""A front that is less than so many mm off is as wide as the face."""
_SURE = 0.3
"""A rule is given as a reason from this likelihood of its trait on."""
_WORN = {
    "rectangle": 0.2, "panto": 0.2, "square": 0.15, "oval": 0.1, "browline": -0.1, "half-rim": -0.1,
    "cat-eye": -0.4, "butterfly": -0.5, "hexagon": -0.3, "navigator": -0.4,
    "blue": -0.4, "red": -0.6, "green": -0.2, "ivory": -0.6, "champagne": -0.2, "burgundy": -0.1,
}  # fmt: skip
"""How much more often than others a shape or colour is worn: our judgement, to choose among equals."""
_SAME_SHAPE, _SAME_COLOUR, _SAME_MATERIAL = 3.0, 0.7, 0.15
"""What a second frame of the same kind loses, so that six differ."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a frame suits, in a sentence, and who says so."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A frame that suits.

    Attributes:
        name: of the frame in the catalogue.
        colour: a name of the palette.
        frame: in that colour, as wide as the face.
        score: sum of the weights of the rules that speak for it, less those against it.
        reasons: the rules that speak for it, the weightiest first; the size last.
    """

    name: str
    colour: str
    frame: Frame
    score: float
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """What a person wants to know of it, as JSON values."""
        reasons = [{"text": r.text, "source": str(r.source), "url": r.source.url} for r in self.reasons]
        facts = {"frame": self.name, "colour": self.colour, "width": round(front_width(self.frame), 1)}
        return facts | {"score": round(self.score, 2), "reasons": reasons}


def recommend(traits: FaceTraits, count: int = 6) -> list[Recommendation]:
    """The `count` frames that suit a face best, see `ranked`."""
    return list(islice(ranked(traits), count))


def ranked(traits: FaceTraits) -> Iterator[Recommendation]:
    """Frames that suit a face, the best first, no two of one shape while there are others.

    Each frame of the catalogue in each colour of its material gets the weights of the rules that speak for
    it, times how likely the face has the trait that the rule is about. Of equals that which is worn
    most comes first. Where the shape or the colours of a face cannot be told, the other rules decide.
    """
    evidence = _evidence(traits)
    scored = {kind: _score(kind, evidence) for kind in _kinds()}
    while scored:
        best = max(scored, key=scored.__getitem__)
        yield _made(best, traits, evidence)
        del scored[best]
        for kind in scored:
            scored[kind] -= _SAME_SHAPE * (kind.shape == best.shape)
            scored[kind] -= _SAME_COLOUR * (kind.colour == best.colour)
            scored[kind] -= _SAME_MATERIAL * (kind.material == best.material)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A shape in a material and colour."""

    shape: str
    material: str
    colour: str


def _kinds() -> Iterator[_Kind]:
    for shape, made in SHAPES.items():
        for material in made.materials:
            for colour in ACETATE if material == "acetate" else METAL:
                yield _Kind(shape, material, colour)


def _evidence(traits: FaceTraits) -> Mapping[Rule, float]:
    """How far each rule applies to a face, 0 to 1."""
    known = {(SHAPE, shape): p for shape, p in traits.shapes.items()}
    known |= {("undertone", traits.undertone): 1.0, ("hair", traits.hair_colour): 1.0}
    return {rule: known[rule.trait, rule.value] for rule in RULES if known.get((rule.trait, rule.value))}


def _score(kind: _Kind, evidence: Mapping[Rule, float]) -> float:
    worn = 0.1 * np.log(POPULAR.get(kind.colour, 0.4))
    worn += _WORN.get(kind.shape, 0) + _WORN.get(kind.colour, 0)
    return float(worn + sum(w * rule.weight_for(kind.shape, kind.colour) for rule, w in evidence.items()))


def _made(kind: _Kind, traits: FaceTraits, evidence: Mapping[Rule, float]) -> Recommendation:
    """The frame of a kind, as wide as the face, and what speaks for it."""
    width = float(np.clip(traits.width, *_WIDTHS))
    wish = FrameSettings(colour=kind.colour, material=kind.material, size=f"{width:.0f}")
    frame = restyled(read_catalogue()[kind.shape].frame, wish)
    assert isinstance(frame, Frame)
    speaking = [rule for rule, weight in evidence.items()
                if weight >= _SURE and rule.weight_for(kind.shape, kind.colour) > 0]  # fmt: skip
    speaking.sort(key=lambda rule: -rule.weight * evidence[rule])
    fits = FIT if abs(width - traits.width) < _NEAR else FIT_NEARLY
    fit = Reason(fits.text.format(width=f"{width:.0f}", face=f"{traits.width:.0f}"), fits.source)
    reasons = [Reason(rule.text, rule.source) for rule in speaking]
    return Recommendation(kind.shape, kind.colour, frame, _score(kind, evidence), (*reasons, fit))
