"""What an editor sees of a photo: its faces, upright or not, and what the classifier says of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from cyclegan_glasses.attributes.verdicts import BROKEN, AttributeClassifier, Verdict
from cyclegan_glasses.editing.lenses import hides_eyes
from cyclegan_glasses.editing.targets import worn_probability
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import alignment_of, take
from cyclegan_glasses.faces.detect import Face, FaceDetector
from cyclegan_glasses.faces.turned import turned_faces

CLASSIFIED_SIZE = 128
#: Upright faces have a higher score as a rule; upside down, a detector finds faces that it trusts less.
_TRUSTED = 0.9


@dataclass(eq=False)
class Sight:
    """Finds the faces of a picture and classifies them; may be shared by threads.

    Pictures are uint8 RGB (height, width, 3). With `upright` no faces are looked for that lie on their
    side, or are upside down.
    """

    detector: FaceDetector
    classifier: AttributeClassifier | None
    upright: bool = False
    _classifying: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def find(self, picture: np.ndarray) -> tuple[list[Face], list[Verdict | None]]:
        """The faces of a picture, largest first, and the verdict on each.

        Detectors take the eyes of a face that lies on its side, or is upside down, for something else, or do
        not find it. To the classifier it is no clear face then, or the detector trusts it less, so that such
        faces are looked for again in turned views; what is a clear face there is taken.
        """
        faces = self.detector.find_faces(picture)
        verdicts = self.classify(picture, faces)
        if self.classifier is None or self.upright:
            return faces, verdicts
        if not faces:
            faces = turned_faces(picture, self.detector)
            seen = zip(faces, self.classify(picture, faces), strict=True)
            clear = [(face, verdict) for face, verdict in seen if verdict and verdict.label != BROKEN]
            return [face for face, _ in clear], [verdict for _, verdict in clear]
        for number, (face, verdict) in enumerate(zip(faces, verdicts, strict=True)):
            if verdict is None or not verdict.probabilities:
                continue
            unclear = _is_unclear(verdict)
            if unclear or face.score < _TRUSTED:
                others = turned_faces(picture, self.detector, face)
                seen = zip(others, self.classify(picture, others), strict=True)
                clear = [(one, new) for one, new in seen if new and not _is_unclear(new)]
                best = max(clear, key=lambda pair: pair[0].score, default=None)
                if best and (unclear or best[0].score > face.score):
                    faces[number], verdicts[number] = best
        return faces, verdicts

    def classify(self, picture: np.ndarray, faces: Sequence[Face]) -> list[Verdict | None]:
        """The verdict on each face, None where there is no classifier or the face cannot be aligned."""
        verdicts: list[Verdict | None] = [None] * len(faces)
        if self.classifier is None:
            return verdicts
        crops: dict[int, np.ndarray] = {}
        for number, face in enumerate(faces):
            with suppress(UserError):
                crops[number] = _crop(picture, face)
        if crops:
            with self._classifying:
                found = self.classifier.classify(np.stack([*crops.values()]))
            for number, verdict in zip(crops, found, strict=True):
                verdicts[number] = verdict
        return verdicts

    def hides_eyes(self, picture: np.ndarray, face: Face, verdict: Verdict | None) -> bool:
        """Whether a face wears lenses too dark, or too strong a mirror, to see its eyes."""
        return worn_probability(verdict) > 0 and hides_eyes(_crop(picture, face), verdict)


def _is_unclear(verdict: Verdict) -> bool:
    """Whether the classifier sees no clear face."""
    return verdict.label == BROKEN or not verdict.sure


def _crop(picture: np.ndarray, face: Face) -> np.ndarray:
    return take(picture, alignment_of(face, CLASSIFIED_SIZE, picture.shape))
