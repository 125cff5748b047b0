"""Measure photos: read each file once and note every score. Nothing is decided here."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses.attributes.verdicts import AttributeClassifier
from cyclegan_glasses.criteria import duplicates
from cyclegan_glasses.criteria.context import Context, look
from cyclegan_glasses.criteria.decide import CRITERIA
from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.faces.detect import FaceDetector, process_detector
from cyclegan_glasses.files import read_regular
from cyclegan_glasses.images import FILE_BYTES, UnreadablePicture, open_picture
from cyclegan_glasses.photo import Photo

VERSION = 1


def fingerprint(detector: FaceDetector, classifier: AttributeClassifier | None) -> str:
    """Names how scores were measured: photos with another one are measured again."""
    return f"{VERSION} {detector.name} {classifier.name if classifier else 'none'}"


def measure(
    folder: Path,
    photos: Iterable[Photo],
    yunet: Path | None = None,
    classifier: AttributeClassifier | None = None,
) -> list[Photo]:
    """Rows of the manifest of `folder` with scores, size, SHA-256, hashes and fingerprint, and their verdict.

    A picture that cannot be read, or measured for another reason, gets the fact `unreadable` with the reason,
    and no scores.
    """
    detector = process_detector(yunet)
    stamp = fingerprint(detector, classifier)
    measured: list[Photo] = []
    crops: dict[int, np.ndarray] = {}
    for photo in photos:
        photo, context = _measure(folder, photo, detector, stamp)
        if context is not None:
            crops[len(measured)] = context.crop
        measured.append(photo)
    if classifier is not None and crops:
        verdicts = classifier.classify(np.stack(list(crops.values())))
        for index, verdict in zip(crops, verdicts, strict=True):
            photo = measured[index]
            facts = {**photo.facts, "judged": verdict.label}
            scores = {**photo.scores, "judge_confidence": round(verdict.confidence, 4)}
            measured[index] = dataclasses.replace(photo, facts=facts, scores=scores)
    return measured


def scores_of(context: Context) -> dict[str, float]:
    """Every score of a picture with a face, rounded to four decimals."""
    return {
        name: round(value, 4) for criterion in CRITERIA for name, value in criterion.score(context).items()
    }


def _measure(folder: Path, photo: Photo, detector: FaceDetector, stamp: str) -> tuple[Photo, Context | None]:
    facts: dict[str, Any] = {**photo.facts, "measured": stamp}
    for old in ("unreadable", "judged", "hashes"):
        facts.pop(old, None)
    try:
        with explained(lambda error: UnreadablePicture(photo.path, reason_of(error))):
            return _scored(folder, photo, facts, detector)
    except UnreadablePicture as error:
        facts["unreadable"] = error.reason
        return dataclasses.replace(photo, facts=facts, scores={}), None


def _scored(
    folder: Path, photo: Photo, facts: dict[str, Any], detector: FaceDetector
) -> tuple[Photo, Context | None]:
    content = _read(folder, photo.path)
    image = open_picture(content)
    facts["hashes"] = duplicates.hashes(image)
    pixels = np.asarray(image)
    scores: dict[str, float] = {"faces": 0.0}
    context = None
    faces = detector.find_faces(pixels)
    if faces:
        try:
            context = look(pixels, faces)
            scores = scores_of(context)
        except UserError:
            pass  # the eyes lie on one point: that is no face
    digest = hashlib.sha256(content).hexdigest()
    photo = dataclasses.replace(
        photo, facts=facts, scores=scores, sha256=digest, width=image.width, height=image.height
    )
    return photo, context


def _read(folder: Path, path: str) -> bytes:
    try:
        return read_regular(folder / path, FILE_BYTES)
    except FileNotFoundError:
        reason = "the file is gone"
    except OSError as error:
        reason = error.strerror or str(error)
    raise UnreadablePicture(path, reason)
