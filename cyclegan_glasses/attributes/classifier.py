"""The attribute classifier that ships: aligned faces in, glasses, gender, age and landmarks out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cyclegan_glasses.attributes.answers import (
    Answers,
    AttributeNetwork,
    aligned_batches,
    mirrored_mean,
    probabilities,
)
from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.attributes.verdicts import CLASSES, GENDERS, Verdict
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.onnx_network import OnnxNetwork
from cyclegan_glasses.shipped import CLASSIFIER

GENDER_SURE = 0.9
"""Confidence from which a gender is claimed; below it nobody should be told one."""


class OnnxAttributeNetwork:
    """The `AttributeNetwork` of the file that ships, with its calibration, see `weights.onnx_of`."""

    def __init__(self, network: OnnxNetwork) -> None:
        self._network = network
        self.size = int(self._network.facts["size"])
        self.calibration = Calibration.of(json.loads(self._network.facts["calibration"]))

    def __call__(self, faces: np.ndarray) -> Answers:
        return Answers(**self._network(faces))


@dataclass(frozen=True, slots=True)
class FaceAttributes:
    """All that the heads of the network say of one face.

    Attributes:
        verdict: on glasses.
        gender: the likelier of `GENDERS`, as the labels of the training data used these words.
        gender_confidence: of it, 0.5 to 1.
        age: estimate in years.
        ages: from, to: nine of ten people whose age is estimated so are as old.
        landmarks: float64 (5, 2), in fractions of the crop's side, in the order of `faces.detect.LANDMARKS`.
    """

    verdict: Verdict
    gender: str
    gender_confidence: float
    age: float
    ages: tuple[float, float]
    landmarks: np.ndarray

    @property
    def gender_sure(self) -> bool:
        """Whether the gender's confidence is as high as a claim needs."""
        return self.gender_confidence >= GENDER_SURE


class FacelyzrClassifier:
    """An `AttributeClassifier` with weights from a file, loaded at the first call; it can be pickled.

    Attributes:
        name: `facelyzr` and the beginning of `sha256`.
        sha256: of the file, hexadecimal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sha256 = sha256_of(path)
        self.name = f"facelyzr {self.sha256[:12]}"

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_loaded"}

    @cached_property
    def _loaded(self) -> tuple[AttributeNetwork, Calibration]:
        if self.path.resolve() == CLASSIFIER:
            shipped = OnnxAttributeNetwork(OnnxNetwork.load(self.path))
            return shipped, shipped.calibration
        from cyclegan_glasses.attributes.weights import TorchAttributeNetwork, read_weights

        network, calibration = read_weights(self.path)
        return TorchAttributeNetwork(network), calibration

    @property
    def calibration(self) -> Calibration:
        """That of the weights."""
        return self._loaded[1]

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        """See `AttributeClassifier.classify`."""
        return [attributes.verdict for attributes in self.predict(faces)]

    def predict(self, faces: np.ndarray) -> list[FaceAttributes]:
        """All attributes of each of `faces`: uint8 RGB (n, size, size, 3), aligned by `align`."""
        network, calibration = self._loaded
        predicted: list[FaceAttributes] = []
        for batch in aligned_batches(faces, network.size):
            answers = mirrored_mean(network, batch)
            glasses = calibration.probabilities(answers.glasses)
            predicted += [
                attributes_of(answers, row, verdict_of(glasses[row], calibration), calibration)
                for row in range(len(batch))
            ]
        return predicted

    def features(self, faces: np.ndarray) -> np.ndarray:
        """See `Encoder.features`: the code that the heads are given."""
        network, _ = self._loaded
        features = [network(batch).features for batch in aligned_batches(faces, network.size)]
        none = np.zeros((1, 3, network.size, network.size), np.float32)
        return np.concatenate(features) if features else network(none).features[:0]


def load_classifier(path: str | Path | None = None) -> FacelyzrClassifier | None:
    """The classifier of the weights in `path`, by default those that ship; None where none ship.

    Raises:
        UserError: `path` is not there, or holds no classifier.
    """
    file = Path(path) if path is not None else CLASSIFIER
    if path is None and not file.is_file():
        return None
    if not file.is_file():
        raise UserError(f"there is no attribute classifier {file}: leave it out for the one that ships")
    classifier = FacelyzrClassifier(file)
    _ = classifier.calibration  # what is wrong with the file is reported now
    return classifier


def verdict_of(probabilities: np.ndarray, calibration: Calibration) -> Verdict:
    """The verdict of probabilities (classes,): the likeliest class, and whether it is likely enough."""
    best = int(probabilities.argmax())
    label, confidence = CLASSES[best], min(1.0, float(probabilities[best]))
    by_name = {name: float(value) for name, value in zip(CLASSES, probabilities, strict=True)}
    return Verdict(label, confidence, by_name, confidence >= calibration.threshold(label))


def attributes_of(answers: Answers, row: int, verdict: Verdict, calibration: Calibration) -> FaceAttributes:
    """What `answers` say of face `row`, calibrated by its age."""
    age = float(answers.age[row])
    band = calibration.band(age)
    gender = probabilities(answers.gender[row : row + 1], band.gender)[0]
    return FaceAttributes(
        verdict,
        GENDERS[int(gender.argmax())],
        float(gender.max()),
        age,
        (max(0.0, age + band.low), age + band.high),
        answers.landmarks[row].astype(np.float64),
    )
