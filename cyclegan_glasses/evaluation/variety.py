"""How much the frames differ that a model draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from cyclegan_glasses.attributes.frame_reading import FrameReading, to_lab

SHAPES, COLOURS = "frame shapes", "frame colours"


def variety(readings: Sequence[FrameReading]) -> dict[str, float]:
    """The variety of the frames that were read off results; empty for none.

    `frame shapes` is the effective number of shapes, exp(H) of the entropy H of how often each was read
    (Hill 1973, doi 10.2307/1934352, order 1): 1 where all are alike, 13 where all are as frequent.
    `frame colours` is the mean distance of a rim's colour from that of all, ΔE (CIE 1976).
    """
    if not readings:
        return {}
    counts = Counter(found.frame.shape for found in readings)
    fractions = np.array([*counts.values()]) / len(readings)
    colours = to_lab(np.array([found.frame.colour for found in readings]))
    away = np.linalg.norm(colours - colours.mean(axis=0), axis=1)
    return {SHAPES: float(np.exp(-(fractions * np.log(fractions)).sum())), COLOURS: float(away.mean())}
