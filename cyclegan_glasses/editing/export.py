"""A generator for other programs: ONNX or TorchScript, checked against torch on faces."""

from __future__ import annotations

import copy
import io
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cyclegan_glasses.editing.models import EditingModel, Generator
from cyclegan_glasses.editing.shipped_model import EDITED, FRAME, PHOTO, facts_of
from cyclegan_glasses.editing.trained import module_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.faces.detect import FaceDetector
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.images import find_pictures, readable_pictures
from cyclegan_glasses.networks.onnx_export import TOLERANCE, Outputs, quiet, to_onnx
from cyclegan_glasses.onnx_network import OnnxNetwork
from cyclegan_glasses.pixels import luminance, to_tensor
from cyclegan_glasses.values import LEVELS
from cyclegan_glasses.walk import report

#: What every export says of itself, in words.
MEANING = (
    "RGB, (batch, 3, height, width), level / 127.5 - 1 in and out; the eyes lie at the framing's place;"
    " `frame`, where it is, says how much of each pixel the glasses take, 0 to 1"
)


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported network, and how far it is from torch in float32 on faces.

    Attributes:
        path: of the file.
        size: of the file in bytes.
        faces: how many were compared.
        largest: difference, in the network's units of -1 to 1.
        mean: difference, in levels of 255.
        change: what the network itself changes on average, in levels of 255, to compare the mean with.
    """

    path: Path
    size: int
    faces: int
    largest: float
    mean: float
    change: float


def export(
    model: EditingModel, direction: str, kind: str, precision: str, path: Path, faces: np.ndarray
) -> Exported:
    """Write the generator of one direction as `kind` (`onnx`, `torchscript`) in `precision`.

    Args:
        precision: `fp32`; `fp16`, half the size (in ONNX the weights alone, under the names that they have in
            torch: a file that can ship); `int8` (ONNX), a quarter: products in 8 bits, calibrated on the
            first half of `faces` and compared on the rest.
        faces: aligned to the model's size and framing, uint8 RGB (n, size, size, 3), two at least.

    Raises:
        UserError: the generator is conditioned, the combination does not exist, the
            file cannot be written, or a float32 export differs from torch by more than 0.001.
    """
    generator = model.get(direction)
    if generator.settings.conditioned:
        raise UserError(
            "the generator that adds is shown a drawn frame, which other programs do not have: export it with"
            " --format package, or --direction AtoB"
        )
    if precision == "int8" and kind != "onnx":
        raise UserError("int8 is there for --format onnx alone")
    network = copy.deepcopy(module_of(generator)).cpu().float().eval()
    network = network.to(memory_format=torch.contiguous_format)  # the exporters know no other norm layer
    inputs = to_tensor(faces)
    if generator.settings.input_nc == 1:
        inputs = luminance(inputs)
    make_folder(path.parent)
    if kind == "torchscript":
        data = _torchscript(_Half(network) if precision == "fp16" else network, inputs[:1])
        with quiet():
            run: Callable[[Tensor], Tensor] = torch.jit.load(io.BytesIO(data))
    else:
        facts = facts_of(generator, direction, model.facts) | {"meaning": MEANING}
        exported = _outputs(network, generator.settings.locates_frame)
        data = _onnx(exported, generator, facts, precision, inputs[: len(inputs) // 2])
        run = _session(data)
    compared = inputs[len(inputs) // 2 :]
    with torch.inference_mode():
        wanted, got = network(compared), run(compared)
    difference = (wanted - got).abs()
    largest = float(difference.max())
    if precision == "fp32" and not largest <= TOLERANCE:
        apart = f"the export differs from torch by {largest:.3g}"
        raise UserError(f"{apart}, which is a defect: nothing was written")
    with atomic_write(path) as file:
        file.write(data)
    change = float((wanted - compared).abs().mean()) * LEVELS
    return Exported(path, len(data), len(compared), largest, float(difference.mean()) * LEVELS, change)


def aligned_faces(generator: Generator, folder: Path, detector: FaceDetector, limit: int) -> np.ndarray:
    """The largest face of each photo below `folder`, `limit` at most, as `export` takes them.

    Raises:
        UserError: the photos show fewer than two.
    """
    crops, left_out = list[np.ndarray](), Counter[str]()
    for _, image in readable_pictures(find_pictures(folder), left_out):
        faces = detector.find_faces(image)[:1]
        crops += [align(image, face, generator.size, generator.framing)[0] for face in faces]
        left_out["without a face"] += not faces
        if len(crops) == limit:
            break
    report(folder, left_out)
    if len(crops) < 2:
        raise UserError(f"{folder} shows {len(crops)} faces: two at least are needed to compare")
    return np.stack(crops)


class _Half(nn.Module):
    """Float32 in and out around a network in half precision."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, photo: Tensor) -> Tensor:
        edited: Tensor = self.network(photo.half()).float()
        return edited


def _torchscript(network: nn.Module, example: Tensor) -> bytes:
    buffer = io.BytesIO()
    with quiet(), torch.inference_mode():
        torch.jit.save(torch.jit.trace(network, example), buffer)
    return buffer.getvalue()


def _outputs(network: nn.Module, locates_frame: bool) -> tuple[Outputs, tuple[str, ...]]:
    """The network for `to_onnx`, and its names."""

    def compute(photo: Tensor) -> tuple[Tensor, ...]:
        if not locates_frame:
            return (network(photo),)
        made = network(photo, frame=True)
        return made[:, :-1], torch.sigmoid(made[:, -1:])

    return Outputs(network, compute), (PHOTO, EDITED, FRAME)[: 2 + locates_frame]


def _onnx(
    exported: tuple[Outputs, tuple[str, ...]],
    generator: Generator,
    facts: Mapping[str, str],
    precision: str,
    faces: Tensor,
) -> bytes:
    axes = {2: "height", 3: "width"} if generator.settings.exports_any_size else {}
    data = to_onnx(*exported, faces[:1], facts, half=precision == "fp16", axes=axes)
    return _int8(data, faces) if precision == "int8" else data


def _int8(data: bytes, faces: Tensor) -> bytes:
    """Weights and activations of the convolutions in 8 bits; the first and the last one stay as they are."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Faces(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(faces.split(1))

        def get_next(self) -> dict[str, Any] | None:
            face = next(self.left, None)
            return None if face is None else {PHOTO: face.numpy()}

    model = onnx.load_from_string(data)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    products = [node.name for node in model.graph.node if node.op_type.startswith("Conv")]
    with TemporaryDirectory() as folder, quiet():
        target = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            str(target),
            Faces(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "ConvTranspose"],
            nodes_to_exclude=[products[0], products[-1]],
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
        )
        quantized = onnx.load(str(target))
    onnx.helper.set_model_props(quantized, facts)
    return bytes(quantized.SerializeToString())


def _session(data: bytes) -> Callable[[Tensor], Tensor]:
    network = OnnxNetwork(data)
    return lambda photo: torch.from_numpy(network(photo.numpy())[EDITED])
