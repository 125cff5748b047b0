"""Weights of the attribute classifier: as `calibrate` writes them, for torch, and as they ship, in ONNX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cyclegan_glasses import weight_files
from cyclegan_glasses.attributes.answers import Answers, aligned_batches
from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import atomic_write
from cyclegan_glasses.networks.facelyzr import Facelyzr, infer_facelyzr
from cyclegan_glasses.networks.onnx_export import TOLERANCE, attribute_outputs, to_onnx
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.networks.weights import network_from
from cyclegan_glasses.onnx_network import OnnxNetwork
from cyclegan_glasses.weight_files import WeightFormat, full, half, load_tensors

#: Version 1 had neither bias nor thresholds, version 2 no bands of ages.
FORMAT = WeightFormat(
    "cyclegan-glasses attributes", 3, "attribute classifier", "make one with the verb calibrate"
)


@dataclass(frozen=True, slots=True, eq=False)
class TorchAttributeNetwork:
    """An `AttributeNetwork` that torch runs on the CPU.

    Attributes:
        network: in evaluation mode.
    """

    network: Facelyzr

    @property
    def size(self) -> int:
        return self.network.settings.size

    def __call__(self, faces: np.ndarray) -> Answers:
        with torch.inference_mode():
            features = self.network.features(torch.from_numpy(faces))
            return Answers(*(head.numpy() for head in (*self.network.answers(features), features)))


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
    return network.eval(), Calibration.of(content["calibration"])


def write_weights(path: Path, network: Facelyzr, calibration: Calibration) -> None:
    """Write what `read_weights` reads, in half precision."""
    content = {
        "settings": asdict(network.settings) | {"channels": list(network.settings.channels)},
        "calibration": asdict(calibration),
        "network": half(without_decoder(network.state_dict())),
    }
    weight_files.save(path, FORMAT, content)


def is_classifier(path: Path) -> bool:
    """Whether `path` is a file of `write_weights`.

    Raises:
        UserError: it is a file of weights that cannot be read.
    """
    return path.suffix == ".pt" and path.is_file() and load_tensors(path).get("format") == FORMAT.name


def export_classifier(path: Path, out: Path, faces: np.ndarray) -> float:
    """Write the classifier in `path` as the ONNX file that ships, in half precision.

    Args:
        faces: to compare on, uint8 RGB (n, size, size, 3), aligned.

    Returns:
        The largest difference of the logits of the glasses on them, onnxruntime against torch.

    Raises:
        UserError: one of the files cannot be read or written, or they differ by more than 0.001.
    """
    network, calibration = read_weights(path)
    data = onnx_of(network, calibration)
    there, difference = OnnxNetwork(data), 0.0
    for batch in aligned_batches(faces, network.settings.size):
        wanted = TorchAttributeNetwork(network)(batch)
        difference = max(difference, float(np.abs(there(batch)["glasses"] - wanted.glasses).max()))
    if not difference <= TOLERANCE:
        raise UserError(f"the export differs from torch by {difference:.3g}, a defect: nothing was written")
    with atomic_write(out) as file:
        file.write(data)
    return difference


def onnx_of(network: Facelyzr, calibration: Calibration) -> bytes:
    """What `classifier.OnnxAttributeNetwork` reads: weights in half precision, size and calibration."""
    size = network.settings.size
    facts = {"size": str(size), "calibration": json.dumps(asdict(calibration))}
    return to_onnx(*attribute_outputs(network), torch.zeros(1, 3, size, size), facts, half=True)


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
