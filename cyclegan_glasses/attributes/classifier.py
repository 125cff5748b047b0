"""The trained judge: aligned faces in, glasses, gender, age and landmarks out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from cyclegan_glasses import weight_files
from cyclegan_glasses.attributes.verdicts import UNSURE, Verdict
from cyclegan_glasses.data.labels import CLASSES, GENDERS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.networks.facelyzr import Answers, Facelyzr, probabilities
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.pixels import to_tensor
from cyclegan_glasses.weight_files import WeightFormat, full, half

#: Version 1 had neither bias nor thresholds.
FORMAT = WeightFormat("cyclegan-glasses attributes", 2, "judge", "make one with the verb calibrate")
SHIPPED = Path(__file__).parent.parent / "weights" / "judge.pt"
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes of scores honest confidences (Guo et al., arXiv 1706.04599).

    Attributes:
        glasses, gender: temperatures that the logits are divided by.
        bias: added to those of the glasses' classes thereafter; empty for none.
        age: mean absolute error in years.
        sure: below this confidence the judge says `unsure`.
        thresholds: the same for single classes, see `reading.thresholds`.
    """

    glasses: float = 1.0
    gender: float = 1.0
    age: float = 0.0
    sure: float = 0.6
    bias: Sequence[float] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def shares(self, logits: Tensor) -> Tensor:
        """Probabilities (N, classes) of what wears what, from the logits of the glasses' head."""
        return probabilities(logits, self.glasses, self.bias)

    def limit(self, label: str) -> float:
        """The confidence that `label` needs."""
        return self.thresholds.get(label, self.sure)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the judge reads off one face.

    Attributes:
        verdict: on glasses.
        gender: one of `GENDERS`, as the labels of the training data used these words.
        gender_confidence: of it, 0.5 to 1.
        age: estimate in years.
        landmarks: float64 (5, 2), in shares of the crop's side, in the order of `faces.detect.LANDMARKS`.
    """

    verdict: Verdict
    gender: str
    gender_confidence: float
    age: float
    landmarks: np.ndarray


class TrainedJudge:
    """A `Judge` with weights from a file, which are loaded when first asked; it can be pickled.

    Attributes:
        name: `facelyzr` and the beginning of `sha256`.
        sha256: of the file, hexadecimal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sha256 = sha256_of(path)
        self.name = f"facelyzr {self.sha256[:12]}"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_loaded"}

    @cached_property
    def _loaded(self) -> tuple[Facelyzr, Calibration]:
        return read_weights(self.path)

    @property
    def calibration(self) -> Calibration:
        """That of the weights."""
        return self._loaded[1]

    def judge(self, faces: np.ndarray) -> list[Verdict]:
        """One verdict for each of `faces`: uint8 RGB (n, size, size, 3), aligned by `align`."""
        return [reading.verdict for reading in self.read(faces)]

    def read(self, faces: np.ndarray) -> list[Reading]:
        """All that the heads say of each of `faces`: uint8 RGB (n, size, size, 3), aligned by `align`."""
        network, calibration = self._loaded
        readings: list[Reading] = []
        for batch in aligned_batches(faces, network.settings.size):
            answers = both_ways(network, batch)
            glasses = calibration.shares(answers.glasses).double().numpy()
            gender = probabilities(answers.gender, calibration.gender).double().numpy()
            for row in range(len(batch)):
                readings.append(
                    Reading(
                        verdict_of(glasses[row], calibration),
                        GENDERS[int(gender[row].argmax())],
                        float(gender[row].max()),
                        float(answers.age[row]),
                        answers.landmarks[row].double().numpy(),
                    )
                )
        return readings

    def features(self, faces: np.ndarray) -> np.ndarray:
        """What the heads read of each of `faces`, uint8 RGB (n, size, size, 3): float32 (n, features)."""
        network, _ = self._loaded
        with torch.inference_mode():
            parts = [
                network.features(batch).numpy() for batch in aligned_batches(faces, network.settings.size)
            ]
        return np.concatenate(parts) if parts else np.empty((0, network.settings.features), np.float32)


def load_judge(path: str | Path | None = None) -> TrainedJudge | None:
    """The judge of the weights in `path`, by default those that ship; None where none ship.

    Raises:
        UserError: `path` is not there, or holds no judge.
    """
    file = Path(path) if path is not None else SHIPPED
    if path is None and not file.is_file():
        return None
    if not file.is_file():
        raise UserError(f"there is no judge {file}: leave it out for the one that ships")
    judge = TrainedJudge(file)
    _ = judge.calibration  # what is wrong with the file is told now
    return judge


def read_weights(path: Path) -> tuple[Facelyzr, Calibration]:
    """The network in `path`, in evaluation mode and without its decoder, and its calibration.

    Raises:
        UserError: the file is cut off, of a newer version, or holds something else.
    """
    return weight_files.load(path, FORMAT, _build)


def _build(content: dict[str, Any]) -> tuple[Facelyzr, Calibration]:
    settings = content["settings"] | {"channels": tuple(content["settings"]["channels"])}
    network = Facelyzr(ReaderSettings(**settings), decoder=False)
    network.load_state_dict(full(content["network"]))
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


@torch.inference_mode()
def both_ways(network: Facelyzr, faces: Tensor) -> Answers:
    """The mean of what the heads say of `faces` (N, 3, size, size) in [-1, 1] and of their mirror images."""
    seen, mirrored = network(faces), network(faces.flip(3))
    marks = mirrored.landmarks[:, [1, 0, 2, 4, 3]] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    mirrored = mirrored._replace(landmarks=marks)
    return Answers(*((one + other) / 2 for one, other in zip(seen, mirrored, strict=True)))


def verdict_of(shares: np.ndarray, calibration: Calibration) -> Verdict:
    """The verdict of probabilities (classes,): the likeliest class, or `unsure` where it is not likely."""
    best = int(shares.argmax())
    label = CLASSES[best] if shares[best] >= calibration.limit(CLASSES[best]) else UNSURE
    by_name = {name: float(share) for name, share in zip(CLASSES, shares, strict=True)}
    return Verdict(label, min(1.0, float(shares[best])), by_name)


def aligned_batches(faces: np.ndarray, size: int) -> Iterator[Tensor]:
    """`faces`, uint8 RGB (n, side, side, 3), as float32 (≤ 64, 3, size, size) in [-1, 1]."""
    if faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[3] != 3:
        raise ValueError(f"faces are uint8 (n, size, size, 3), not {faces.dtype} {faces.shape}")
    for start in range(0, len(faces), _BATCH):
        part = faces[start : start + _BATCH]
        shrinks = size < faces.shape[1]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        resized = np.stack([cv2.resize(face, (size, size), interpolation=way) for face in part])
        yield to_tensor(resized)
