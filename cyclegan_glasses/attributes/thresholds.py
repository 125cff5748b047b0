"""How sure the judge must be to call a face `glasses` or `none`: so sure that few broken ones pass."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import torch

from cyclegan_glasses.attributes.classifier import Calibration, aligned_batches, both_ways
from cyclegan_glasses.attributes.verdicts import GLASSES, NONE
from cyclegan_glasses.data.labelled import drawn_on
from cyclegan_glasses.data.labels import CLASSES, read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.networks.facelyzr import Facelyzr

#: Glasses that are there in part, by what they are drawn on.
PARTIAL = {"half_drawn": NONE, "rubbed_out": NONE, "wiped": GLASSES}
_STEPS = np.round(np.arange(0.5, 1.0, 0.01), 2)
_OFTEN = 2  # drawings on each face: calibration faces are few
_DRAWING = 11  # keeps these drawings apart from those of training and benchmark


def partial_glasses(
    network: Facelyzr, calibration: Calibration, dataroot: Path, phase: str, labels: LabelSettings
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What `network` says of the faces of a phase as they are, and with glasses that are there in part.

    Returns:
        Probabilities (n, classes) of the real faces by label, `glasses` and `none`; and by way of `PARTIAL`.
    """
    rows = read_labels(dataroot, phase, labels)
    by_label = {
        name: [row for row in rows if row[1].glasses == CLASSES.index(name)] for name in (GLASSES, NONE)
    }
    size = network.settings.size

    def asked(faces: list[np.ndarray]) -> np.ndarray:
        shrunk = [cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA) for face in faces]
        if not shrunk:
            return np.empty((0, len(CLASSES)))
        logits = [both_ways(network, batch).glasses for batch in aligned_batches(np.stack(shrunk), size)]
        return calibration.shares(torch.cat(logits)).double().numpy()

    pictures = {name: [np.asarray(open_picture(path)) for path, _ in own] for name, own in by_label.items()}
    real = {name: asked(own) for name, own in pictures.items()}
    partial = {}
    for number, (way, worn) in enumerate(PARTIAL.items()):
        faces = list(zip(pictures[worn], by_label[worn], strict=True)) * _OFTEN
        partial[way] = asked(
            [
                drawn_on(face, way, known, np.random.default_rng([_DRAWING, number, index]))
                for index, (face, (_, known)) in enumerate(faces)
            ]
        )
    return real, partial


def thresholds(
    real: dict[str, np.ndarray], partial: dict[str, np.ndarray], sure: float, passing: float
) -> dict[str, float]:
    """The confidences, `sure` or more, that `glasses` and `none` need.

    Of all pairs at which at most `passing` of `partial` are called either, it is the one at which most of
    `real` keep their right answer.

    Args:
        real, partial: see `partial_glasses`; labels weigh alike, and so do ways.

    Returns:
        Both thresholds by class; the highest ones where none are high enough.
    """
    tried = [sure, *(step for step in _STEPS if step > sure)]
    kept = {name: _said(real[name], name, tried) for name in (GLASSES, NONE)}
    passed = {
        name: np.mean([_said(shares, name, tried) for shares in partial.values()], 0)
        for name in (GLASSES, NONE)
    }
    best, most = (len(tried) - 1, len(tried) - 1), -1.0
    for glasses, none in product(range(len(tried)), repeat=2):
        right = kept[GLASSES][glasses] + kept[NONE][none]
        if right > most and passed[GLASSES][glasses] + passed[NONE][none] <= passing:
            best, most = (glasses, none), right
    return {GLASSES: float(tried[best[0]]), NONE: float(tried[best[1]])}


def _said(shares: np.ndarray, name: str, tried: list[float]) -> np.ndarray:
    """Share of `shares` (n, classes) that would be called `name` at each threshold of `tried`."""
    if not len(shares):
        return np.zeros(len(tried))
    own = np.where(shares.argmax(1) == CLASSES.index(name), shares[:, CLASSES.index(name)], 0.0)
    return np.array([(own >= limit).mean() for limit in tried])
