"""The frame reader that ships: aligned faces with glasses in, the frames that they wear out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from cyclegan_glasses import weight_files
from cyclegan_glasses.attributes.frame_reading import CHOICES, VALUES, FrameReading, reading_of
from cyclegan_glasses.networks.frame_network import HEIGHT, WIDTH, FrameNetwork, mean_answers
from cyclegan_glasses.pixels import to_tensor
from cyclegan_glasses.weight_files import WeightFormat, full, half

FORMAT = WeightFormat(
    "cyclegan-glasses frame reader", 1, "frame reader", "train one with benchmarks/frame_reader.py"
)
SHIPPED = Path(__file__).parent.parent / "weights" / "frames.pt"
SIDE = 176
"""Pixels of an aligned face that the eye region is cut from: one for each mm of the head, nearly."""
TOP, LEFT = 34, 8
"""Of the eye region in it."""
_BATCH = 64


class FrameReader:
    """Reads frames, with a network whose weights come from a file."""

    def __init__(self, network: FrameNetwork) -> None:
        self.network = network.eval()

    @staticmethod
    def load(path: str | Path | None = None) -> FrameReader:
        """The reader of the weights in `path`, by default those that ship.

        Raises:
            UserError: the file is not there, not whole, or holds something else.
        """
        return FrameReader(weight_files.load(Path(path or SHIPPED), FORMAT, _build))

    @torch.inference_mode()
    def read(self, faces: Sequence[np.ndarray] | np.ndarray) -> list[FrameReading]:
        """The frame of each of `faces`, uint8 RGB (n, size, size, 3), aligned by `faces.align.align`.

        Whether a face wears glasses is not its question: on a bare face it reads a frame all the same. The
        attribute classifier tells. Each face is seen twice, as it is and mirrored.
        """
        readings = []
        for start in range(0, len(faces), _BATCH):
            regions = to_tensor(np.stack([eye_region(face) for face in faces[start : start + _BATCH]]))
            answers = mean_answers([self.network(view) for view in (regions, regions.flip(3))])
            chances = {name: logits.softmax(1).numpy() for name, logits in answers.logits.items()}
            values, scales = answers.values.numpy(), answers.log_scales.exp().numpy()
            readings += [
                reading_of({name: rows[k] for name, rows in chances.items()}, values[k], scales[k])
                for k in range(len(values))
            ]
        return readings


def eye_region(face: np.ndarray) -> np.ndarray:
    """The part of an aligned `face`, uint8 RGB (size, size, 3), that the network sees: (80, 160, 3).

    Raises:
        ValueError: it is not uint8 RGB and square.
    """
    if face.dtype != np.uint8 or face.ndim != 3 or face.shape[2] != 3 or face.shape[0] != face.shape[1]:
        raise ValueError(f"a face is uint8 (size, size, 3), not {face.dtype} {face.shape}")
    if len(face) != SIDE:
        interpolation = cv2.INTER_AREA if len(face) > SIDE else cv2.INTER_CUBIC
        face = np.asarray(cv2.resize(face, (SIDE, SIDE), interpolation=interpolation))
    return face[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def new_network() -> FrameNetwork:
    """A network with an answer for each of `CHOICES` and `VALUES`, and random weights."""
    return FrameNetwork({name: len(classes) for name, classes in CHOICES.items()}, len(VALUES))


def write_weights(path: Path, network: FrameNetwork) -> None:
    """Write what `FrameReader.load` reads, in half precision.

    Raises:
        UserError: the file cannot be written.
    """
    fields = {"choices": {name: list(classes) for name, classes in CHOICES.items()}, "values": list(VALUES)}
    weight_files.save(path, FORMAT, {**fields, "network": half(network.state_dict())})


def _build(content: dict[str, Any]) -> FrameNetwork:
    known = {name: list(classes) for name, classes in CHOICES.items()}
    if (content["choices"], content["values"]) != (known, list(VALUES)):
        raise ValueError("it reads other shapes or values than this toolkit draws")
    network = new_network()
    network.load_state_dict(full(content["network"]))
    return network
