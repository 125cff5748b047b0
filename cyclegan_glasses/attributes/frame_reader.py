"""The frame reader that ships: aligned faces with glasses in, the frames that they wear out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.attributes.frame_reading import CHOICES, VALUES, FrameReading, reading_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import EYE_REGION
from cyclegan_glasses.onnx_network import OnnxNetwork
from cyclegan_glasses.shipped import FRAME_READER
from cyclegan_glasses.values import softmax, to_values

HEIGHT, WIDTH = EYE_REGION
SIDE = 176
"""Pixels of an aligned face that the eye region is cut from: one for each mm of the head, nearly."""
TOP, LEFT = 34, 8
"""Of the eye region in it."""
#: What the network reads, as its file says it.
READS = {"choices": {name: list(classes) for name, classes in CHOICES.items()}, "values": list(VALUES)}
_BATCH = 64


class FrameReader:
    """Reads frames, with a network from a file of `frame_weights.write_weights`; threads may share it."""

    def __init__(self, network: OnnxNetwork) -> None:
        self._network = network

    @staticmethod
    def load(path: str | Path | None = None) -> FrameReader:
        """The reader of the weights in `path`, by default those that ship.

        Raises:
            UserError: the file is not there, not whole, or holds something else.
        """
        network = OnnxNetwork.load(Path(path or FRAME_READER))
        if json.loads(network.facts.get("reads", "{}")) != READS:
            raise UserError(f"{path or FRAME_READER} reads other shapes or values than this toolkit draws")
        return FrameReader(network)

    def read(self, faces: Sequence[np.ndarray] | np.ndarray) -> list[FrameReading]:
        """The frame of each of `faces`, uint8 RGB (n, size, size, 3), aligned by `faces.align.align`.

        Whether a face wears glasses is not its question: on a bare face it reads a frame all the same. The
        attribute classifier tells. Each face is seen twice, as it is and mirrored.
        """
        readings = []
        for start in range(0, len(faces), _BATCH):
            regions = to_values(np.stack([eye_region(face) for face in faces[start : start + _BATCH]]))
            seen, mirrored = (self._network(np.ascontiguousarray(x)) for x in (regions, regions[..., ::-1]))
            answers = {name: (seen[name] + mirrored[name]) / 2 for name in seen}
            chances = {name: softmax(answers[name]) for name in CHOICES}
            values, scales = answers["values"], np.exp(answers["log_scales"])
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
