"""Every score of one translated picture, and of a whole set of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from cyclegan_glasses.attributes.frame_reader import SIDE, FrameReader
from cyclegan_glasses.attributes.frame_reading import FrameReading
from cyclegan_glasses.attributes.verdicts import (
    BROKEN,
    AttributeClassifier,
    Encoder,
    uncertainty_of,
)
from cyclegan_glasses.domains import ADD, REMOVE, TARGETS
from cyclegan_glasses.editing.frame_scores import frame_added, frame_left, glasses_zone
from cyclegan_glasses.evaluation.change import changed_elsewhere, colour_shift, framed, landmarks_moved
from cyclegan_glasses.evaluation.distances import distances, likeness
from cyclegan_glasses.evaluation.editors import Editor
from cyclegan_glasses.evaluation.inputs import Input, Inputs
from cyclegan_glasses.evaluation.metrics import WINDOW, Mask, Picture, compare, l1, ms_ssim
from cyclegan_glasses.evaluation.outlines import outlines_moved
from cyclegan_glasses.evaluation.pretrained import SFACE_FRAMING, SFACE_SIZE, SMALLEST_LPIPS, Lpips
from cyclegan_glasses.evaluation.variety import variety
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.faces.detect import FaceDetector

Item = TypeVar("Item")
BATCH = 32
JUDGE = "judge"  # what the classifier's features are called beside a number: `FD-judge`
RING = 0.03  # width of the ring around the mask, as a fraction of the side
Faces = Sequence[tuple[Picture, NDArray]]  # pictures with their eyes
Rows = list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Instruments:
    """What scores are read with; what is None is left out.

    Attributes:
        classifier: of inputs and results.
        encoder: the classifier's features, for `FD-judge`, `KD-judge`, and likeness without SFace.
        inception: for FID and KID.
        sface: for likeness.
        lpips: for the distance to the truth as people see it.
        detector: for the movement of landmarks.
        frame_reader: for the variety of the frames that were added.
        classifier_size: side in pixels of the faces that classifier and encoder are given.
    """

    classifier: AttributeClassifier | None = None
    encoder: Encoder | None = None
    inception: Encoder | None = None
    sface: Encoder | None = None
    lpips: Lpips | None = None
    detector: FaceDetector | None = None
    frame_reader: FrameReader | None = None
    classifier_size: int = 128

    @property
    def encoders(self) -> list[Encoder]:
        """Those whose features give distances."""
        return [encoder for encoder in (self.inception, self.encoder) if encoder is not None]

    def name(self, encoder: Encoder) -> str:
        """What its features are called beside a number."""
        return JUDGE if encoder is self.encoder else encoder.name

    def encode(self, encoder: Encoder, faces: Faces) -> NDArray:
        """The features of `faces`, framed as the encoder expects them."""
        if encoder is self.inception:
            return encoder.features(np.stack([picture for picture, _ in faces]))
        if encoder is self.sface:
            return encoder.features(_framed(faces, SFACE_FRAMING, SFACE_SIZE))
        return encoder.features(_framed(faces, Framing(), self.classifier_size))


@dataclass(slots=True)
class Measured:
    """Scores of one editor: of each picture, in order, and of the whole set."""

    stems: list[str] = field(default_factory=list)
    groups: list[dict[str, str]] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)
    whole: dict[str, float] = field(default_factory=dict)


def measure(
    inputs: Inputs,
    editor: Editor,
    instruments: Instruments,
    keep: Callable[[Input, Picture, dict[str, float]], None] | None = None,
    items: Iterable[Input] | None = None,
) -> Measured:
    """Translate every input and score it.

    Args:
        inputs: the pictures.
        editor: that translates them.
        instruments: to score with.
        keep: told of each input, its result and its scores.
        items: `inputs`, for a caller that watches how far it is.
    """
    measured, direction = Measured(), inputs.settings.direction
    features: dict[str, list[NDArray]] = {}
    frames: list[FrameReading] = []
    for batch in _batches(translated(inputs, inputs if items is None else items, editor)):
        # What each picture says by itself.
        rows = [score(item, after, rec, direction, instruments.detector) for item, after, rec in batch]
        # What networks say of a batch of inputs and results.
        befores = [(item.picture, item.eyes) for item, _, _ in batch]
        afters = [(after, item.eyes) for item, after, _ in batch]
        for encoder in instruments.encoders:
            features.setdefault(encoder.name, []).append(instruments.encode(encoder, afters))
        _add_likeness(instruments, befores, afters, rows)
        _classify(instruments, befores, afters, rows, TARGETS[direction])
        if instruments.frame_reader and direction == ADD:
            worn = [face for face, row in zip(afters, rows, strict=True) if row.get("as asked", 1.0)]
            frames += instruments.frame_reader.read(_framed(worn, Framing(), SIDE) if worn else [])
        for (item, after, _), row in zip(batch, rows, strict=True):
            if instruments.lpips and item.truth is not None and min(after.shape[:2]) >= SMALLEST_LPIPS:
                row["LPIPS"] = float(instruments.lpips.distances(after[None], item.truth[None])[0])
            measured.stems.append(item.stem)
            measured.groups.append(dict(item.group))
            measured.rows.append(row)
            if keep:
                keep(item, after, row)
    # What only the whole set has: the variety of its frames, its distance to the target's pictures.
    measured.whole |= variety(frames)
    for encoder in instruments.encoders if features else ():
        targets = ((inputs.scored(picture), eyes) for picture, eyes in inputs.targets())
        real = np.concatenate([instruments.encode(encoder, batch) for batch in _batches(targets)])
        fake = np.concatenate(features[encoder.name])
        measured.whole |= distances(fake, real, instruments.name(encoder))
    return measured


def translated(
    inputs: Inputs, items: Iterable[Input], editor: Editor
) -> Iterator[tuple[Input, Picture, Picture | None]]:
    """Each of `items` that the editor can do, with its result and its reconstruction, as they are scored."""
    for item in items:
        if (output := editor(item.picture, item.mask)) is None:
            continue
        after, rec = output
        truth, rec = (None if one is None else inputs.scored(one) for one in (item.truth, rec))
        yield replace(item, picture=inputs.scored(item.picture), truth=truth), inputs.scored(after), rec


def score(
    item: Input, after: Picture, rec: Picture | None, direction: str, detector: FaceDetector | None = None
) -> dict[str, float]:
    """Every score of one result that needs no network, by name; what is undefined is left out."""
    before, eyes = item.picture, item.eyes
    scores: dict[str, float] = {}
    # Against the truth.
    if item.truth is not None:
        scores |= compare(before, after, item.truth, item.mask)[0] | _more(after, item.truth, item.mask)
    # The frame: gone, or there.
    if direction == REMOVE:
        off = frame_added(after, before, eyes)
        scores |= {"rims off": off.rims, "whole frame off": float(off.whole)}
        scores["frame left"] = frame_left(before, after, eyes)
    else:
        on = frame_added(before, after, eyes)
        scores |= {"rims on": on.rims, "bridge on": on.bridge, "temples on": on.temples}
        scores["whole frame on"] = float(on.whole)
    # Everything else, which should stay.
    scores["change"] = l1(after, before)
    zone = glasses_zone(before.shape, eyes) if item.mask is None else item.mask
    scores |= changed_elsewhere(before, after, zone)
    scores |= colour_shift(before, after, eyes)
    scores |= outlines_moved(before, after, eyes)
    if rec is not None:
        scores["cycle L1"] = l1(rec, before)
    if detector is not None:
        scores |= landmarks_moved(before, after, eyes, detector)
    return {name: value for name, value in scores.items() if not math.isnan(value)}


def already_there(inputs: Inputs, editor: Editor, limit: int) -> list[float]:
    """L1 between pictures that are in the target's domain already and their results: none of it is wanted."""
    items = (Input("", picture, eyes) for picture, eyes in inputs.targets(limit))
    return [l1(after, item.picture) for item, after, _ in translated(inputs, items, editor)]


def _more(after: Picture, truth: Picture, mask: Mask | None) -> dict[str, float]:
    """What an evaluation says of a pair beyond what test.py prints."""
    scores = {"L1": l1(after, truth)}
    if min(after.shape[:2]) >= WINDOW:
        scores["MS-SSIM"] = ms_ssim(after, truth)
    if mask is not None:
        side = 2 * max(1, round(RING * min(after.shape[:2]))) + 1
        covered = (mask > 0).astype(np.uint8)
        ring = cv2.dilate(covered, np.ones((side, side), np.uint8)) - covered
        scores["L1 ring"] = l1(after, truth, ring)
    return scores


def _add_likeness(instruments: Instruments, befores: Faces, afters: Faces, rows: Rows) -> None:
    if face := instruments.sface or instruments.encoder:
        alike = likeness(*(instruments.encode(face, faces) for faces in (befores, afters)))
        for row, value in zip(rows, alike, strict=True):
            row[f"likeness ({instruments.name(face)})"] = float(value)


def _classify(instruments: Instruments, befores: Faces, afters: Faces, rows: Rows, target: str) -> None:
    """Add the verdicts: as asked, of all classes or of two, how surely, broken, right before."""
    if instruments.classifier is None:
        return
    old, new = (
        instruments.classifier.classify(_framed(faces, Framing(), instruments.classifier_size))
        for faces in (befores, afters)
    )
    for row, was, verdict in zip(rows, old, new, strict=True):
        row["as asked"] = float(verdict.surely(target))
        row["confidence"] = 1 - uncertainty_of(target, verdict)
        row["broken"] = float(verdict.label == BROKEN)
        if verdict.of_two:
            row["as asked, of two"] = float(verdict.of_two == target)
        row["right before"] = float(was.surely(target))


def _framed(faces: Faces, framing: Framing, size: int) -> NDArray[np.uint8]:
    return np.stack([framed(picture, eyes, framing, size) for picture, eyes in faces])


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    items = iter(items)
    while batch := list(itertools.islice(items, BATCH)):
        yield batch
