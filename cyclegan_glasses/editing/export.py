"""A generator for other programs: ONNX or TorchScript, checked against torch on faces."""

from __future__ import annotations

import copy
import io
import json
import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from cyclegan_glasses.editing.models import Generator
from cyclegan_glasses.editing.package import EditingModel
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.faces.detect import FaceDetector
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.images import find_pictures, readable_pictures
from cyclegan_glasses.pixels import luminance, to_tensor
from cyclegan_glasses.values import LEVELS
from cyclegan_glasses.walk import report

PHOTO, EDITED = "photo", "edited"
#: What every export says of itself, in words.
MEANING = "RGB, (batch, 3, height, width), level / 127.5 - 1 in and out; the eyes lie at the framing's place"
OPSET = 17
#: Above it, in the network's units of -1 to 1, a float32 export is no export of this network.
TOLERANCE = 1e-3


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
        precision: `fp32`; `fp16`, half the size; `int8` (ONNX), a quarter: products in 8 bits, calibrated on
            the first half of `faces` and compared on the rest.
        faces: aligned to the model's size and framing, uint8 RGB (n, size, size, 3), two at least.

    Raises:
        UserError: the generator is conditioned, the combination does not exist, the
            file cannot be written, or a float32 export differs from torch by more than 0.001.
    """
    if model.get(direction).settings.conditioned:
        raise UserError(
            "the generator that adds is shown a drawn frame, which other programs do not have: export it with"
            " --format package, or --direction AtoB"
        )
    if precision == "int8" and kind != "onnx":
        raise UserError("int8 is there for --format onnx alone")
    network = copy.deepcopy(model.get(direction).network).cpu().float().eval()
    network = network.to(memory_format=torch.contiguous_format)  # the exporters know no other norm layer
    inputs = to_tensor(faces)
    if model.get(direction).settings.input_nc == 1:
        inputs = luminance(inputs)
    make_folder(path.parent)
    written = _Half(network) if precision == "fp16" else network
    if kind == "torchscript":
        data = _torchscript(written, inputs[:1])
        with _quiet():
            run: Callable[[Tensor], Tensor] = torch.jit.load(io.BytesIO(data))
    else:
        data = _onnx(written, model, direction, precision, inputs[: len(inputs) // 2])
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
    with _quiet(), torch.inference_mode():
        torch.jit.save(torch.jit.trace(network, example), buffer)
    return buffer.getvalue()


def _onnx(network: nn.Module, model: EditingModel, direction: str, precision: str, faces: Tensor) -> bytes:
    import onnx

    axes = {0: "batch"}
    if model.get(direction).settings.exports_any_size:
        axes |= {2: "height", 3: "width"}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        with _quiet():
            torch.onnx.export(
                network,
                (faces[:1],),
                str(path),
                input_names=[PHOTO],
                output_names=[EDITED],
                dynamic_axes={PHOTO: axes, EDITED: axes},
                opset_version=OPSET,
                dynamo=False,
            )
        if precision == "int8":
            path = _int8(path, faces)
        graph = onnx.load(str(path))
    generator = model.get(direction)
    facts = {"direction": direction, "size": str(generator.size), "passes": str(generator.passes)}
    facts["framing"] = json.dumps(asdict(generator.framing))
    onnx.helper.set_model_props(graph, facts | {"meaning": MEANING, "facts": json.dumps(dict(model.facts))})
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


def _int8(path: Path, faces: Tensor) -> Path:
    """Weights and activations of the convolutions in 8 bits; the first and the last one stay as they are."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Faces(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(faces.split(1))

        def get_next(self) -> dict[str, Any] | None:
            face = next(self.left, None)
            return None if face is None else {PHOTO: face.numpy()}

    products = [node.name for node in onnx.load(str(path)).graph.node if node.op_type.startswith("Conv")]
    target = path.with_name("int8.onnx")
    with _quiet():
        quantize_static(
            str(path),
            str(target),
            Faces(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "ConvTranspose"],
            nodes_to_exclude=[products[0], products[-1]],
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
        )
    return target


def _session(data: bytes) -> Callable[[Tensor], Tensor]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return lambda photo: torch.from_numpy(session.run([EDITED], {PHOTO: photo.numpy()})[0])


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' warnings of what is deprecated or traced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
