"""The attribute classifier that ships: aligned faces in, glasses, gender, age and landmarks out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from cyclegan_glasses import weight_files
from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.attributes.verdicts import CLASSES, GENDERS, UNSURE, Verdict
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.networks.facelyzr import Answers, Facelyzr, infer_facelyzr, probabilities
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.networks.weights import network_from
from cyclegan_glasses.pixels import to_tensor
from cyclegan_glasses.weight_files import WeightFormat, full, half

#: Version 1 had neither bias nor thresholds.
FORMAT = WeightFormat(
    "cyclegan-glasses attributes", 2, "attribute classifier", "make one with the verb calibrate"
)
SHIPPED = Path(__file__).parent.parent / "weights" / "judge.pt"
_BATCH = 64


@dataclass(frozen=True, slots=True)
class FaceAttributes:
    """All that the heads of the network say of one face.

    Attributes:
        verdict: on glasses.
        gender: one of `GENDERS`, as the labels of the training data used these words.
        gender_confidence: of it, 0.5 to 1.
        age: estimate in years.
        landmarks: float64 (5, 2), in fractions of the crop's side, in the order of `faces.detect.LANDMARKS`.
    """

    verdict: Verdict
    gender: str
    gender_confidence: float
    age: float
    landmarks: np.ndarray


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
    def _loaded(self) -> tuple[Facelyzr, Calibration]:
        return read_weights(self.path)

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
        for batch in aligned_batches(faces, network.settings.size):
            answers = mirrored_mean(network, batch)
            glasses = calibration.probabilities(answers.glasses).double().numpy()
            gender = probabilities(answers.gender, calibration.gender).double().numpy()
            predicted += [
                FaceAttributes(
                    verdict_of(glasses[row], calibration),
                    GENDERS[int(gender[row].argmax())],
                    float(gender[row].max()),
                    float(answers.age[row]),
                    answers.landmarks[row].double().numpy(),
                )
                for row in range(len(batch))
            ]
        return predicted

    def features(self, faces: np.ndarray) -> np.ndarray:
        """See `Encoder.features`: the code that the heads are given."""
        network, _ = self._loaded
        with torch.inference_mode():
            features = [
                network.features(batch).numpy() for batch in aligned_batches(faces, network.settings.size)
            ]
        return np.concatenate(features) if features else np.empty((0, network.settings.features), np.float32)


def load_classifier(path: str | Path | None = None) -> FacelyzrClassifier | None:
    """The classifier of the weights in `path`, by default those that ship; None where none ship.

    Raises:
        UserError: `path` is not there, or holds no classifier.
    """
    file = Path(path) if path is not None else SHIPPED
    if path is None and not file.is_file():
        return None
    if not file.is_file():
        raise UserError(f"there is no attribute classifier {file}: leave it out for the one that ships")
    classifier = FacelyzrClassifier(file)
    _ = classifier.calibration  # what is wrong with the file is reported now
    return classifier


def read_weights(path: Path) -> tuple[Facelyzr, Calibration]:
    """The network in `path`, in evaluation mode and without its decoder, and its calibration.

    Raises:
        UserError: the file is cut off, of a newer version, or holds something else.
    """
    return weight_files.load(path, FORMAT, _build)


def _build(content: dict[str, Any]) -> tuple[Facelyzr, Calibration]:
    settings = content["settings"] | {"channels": tuple(content["settings"]["channels"])}
    build = partial(Facelyzr, ReaderSettings(**settings), decoder=False)
    network = network_from(build, full(content["network"]), FORMAT.label)
    return network.eval(), Calibration(**content["calibration"])


def write_weights(path: Path, network: Facelyzr, calibration: Calibration) -> None:
    """Write what `read_weights` reads, in half precision."""
    content = {
        "settings": asdict(network.settings) | {"channels": list(network.settings.channels)},
        "calibration": asdict(calibration),
        "network": half(without_decoder(network.state_dict())),
    }
    weight_files.save(path, FORMAT, content)


def without_decoder(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that the heads need."""
    return {name: value for name, value in weights.items() if not name.startswith("decoder.")}


def network_of(weights: Mapping[str, Tensor], size: int, name: str) -> Facelyzr:
    """The network that `weights` of a run belong to, without its decoder, in evaluation mode.

    Args:
        size: side of the faces in pixels.
        name: of the weights, for the message.

    Raises:
        UserError: they are of another kind of network.
    """
    needed = without_decoder(weights)
    try:
        settings = infer_facelyzr(needed, size)
    except (LookupError, ValueError):
        raise UserError(f"{name} is no network of --model facelyzr") from None
    return network_from(partial(Facelyzr, settings, decoder=False), needed, name).eval()


@torch.inference_mode()
def mirrored_mean(network: Facelyzr, faces: Tensor) -> Answers:
    """The mean of what the heads say of `faces` (N, 3, size, size) in [-1, 1] and of their mirror images."""
    plain, mirrored = network(faces), network(faces.flip(3))
    marks = mirrored.landmarks[:, [1, 0, 2, 4, 3]] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    mirrored = mirrored._replace(landmarks=marks)
    return Answers(*((one + other) / 2 for one, other in zip(plain, mirrored, strict=True)))


def verdict_of(probabilities: np.ndarray, calibration: Calibration) -> Verdict:
    """The verdict of probabilities (classes,): the likeliest class, or `unsure` where it is not likely."""
    best = int(probabilities.argmax())
    label = CLASSES[best] if probabilities[best] >= calibration.threshold(CLASSES[best]) else UNSURE
    by_name = {name: float(value) for name, value in zip(CLASSES, probabilities, strict=True)}
    return Verdict(label, min(1.0, float(probabilities[best])), by_name)


def aligned_batches(faces: Sequence[np.ndarray] | np.ndarray, size: int) -> Iterator[Tensor]:
    """`faces`, each uint8 RGB (side, side, 3), as float32 (≤ 64, 3, size, size) in [-1, 1]."""
    for start in range(0, len(faces), _BATCH):
        yield to_tensor(np.stack([_resized(face, size) for face in faces[start : start + _BATCH]]))


def _resized(face: np.ndarray, size: int) -> np.ndarray:
    if face.dtype != np.uint8 or face.ndim != 3 or face.shape[2] != 3:
        raise ValueError(f"a face is uint8 (size, size, 3), not {face.dtype} {face.shape}")
    interpolation = cv2.INTER_AREA if size < len(face) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(face, (size, size), interpolation=interpolation))
