"""Networks as ONNX: the bytes of a file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.frame_network import FrameNetwork

OPSET = 17
#: Above it, in the units of its outputs, a float32 export is no export of this network.
TOLERANCE = 1e-3
_PREFIX = "network."


class Outputs(nn.Module):
    """A network with what it says as a tuple of tensors, as an export has it.

    Args:
        compute: gives the tuple for an input of `network`.
    """

    def __init__(self, network: nn.Module, compute: Callable[[Tensor], tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.network, self._compute = network, compute
        self.training = network.training  # the exporter sets the mode of both back to that of this one

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:
        return self._compute(values)


def to_onnx(
    exported: Outputs,
    names: Sequence[str],
    example: Tensor,
    facts: Mapping[str, str],
    half: bool = False,
    axes: Mapping[int, str] | None = None,
) -> bytes:
    """A network as ONNX.

    Args:
        exported: on the CPU, in evaluation mode, in float32.
        names: of the input, then of the outputs.
        example: an input (1, …).
        facts: metadata.
        half: store the weights in half precision, under the names that they have in `network`, all of its
            state dict; they are computed with in float32. Otherwise the exporter may merge layers.
        axes: of the input and the outputs that may have other sizes than in the example, named.
    """
    axes = {0: "batch", **(axes or {})}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        with quiet():
            torch.onnx.export(
                exported,
                (example,),
                str(path),
                input_names=[names[0]],
                output_names=list(names[1:]),
                dynamic_axes=dict.fromkeys(names, axes),
                opset_version=OPSET,
                dynamo=False,
                do_constant_folding=not half,
                keep_initializers_as_inputs=half,  # else weights that are alike would become one
            )
        model = onnx.load(str(path))
    if half:
        del model.graph.input[1:]
        _halve(model.graph, {name: x.numpy() for name, x in exported.network.state_dict().items()})
    helper.set_model_props(model, dict(facts))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _halve(graph: onnx.GraphProto, weights: Mapping[str, np.ndarray]) -> None:
    """Store `weights` in `graph`, floats in half precision with a cast to float32 behind each.

    Those that it does not compute with, as counts of batches, are stored too, behind a node without effect:
    onnxruntime warns of weights that no node reads.
    """
    used = {one.name for one in graph.initializer}
    del graph.initializer[:]
    readers = []
    for name, values in weights.items():
        floats = values.dtype == np.float32
        graph.initializer.append(
            numpy_helper.from_array(values.astype(np.float16) if floats else values, name)
        )
        if floats and _PREFIX + name in used:
            readers.append(helper.make_node("Cast", [name], [_PREFIX + name], to=TensorProto.FLOAT))
        else:
            readers.append(helper.make_node("Identity", [name], ["stored." + name]))
    nodes = [*readers, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the exporters' warnings of what is deprecated or traced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def attribute_outputs(network: Facelyzr) -> tuple[Outputs, tuple[str, ...]]:
    """The attribute network for `to_onnx`, and its names: the answers of its heads, then their code."""

    def compute(faces: Tensor) -> tuple[Tensor, ...]:
        features = network.features(faces)
        return *network.answers(features), features

    return Outputs(network, compute), ("faces", "glasses", "gender", "age", "landmarks", "features")


def frame_outputs(network: FrameNetwork) -> tuple[Outputs, tuple[str, ...]]:
    """The frame network for `to_onnx`, and its names: logits by choice, values and their scales."""

    def compute(regions: Tensor) -> tuple[Tensor, ...]:
        answers = network(regions)
        return *answers.logits.values(), answers.values, answers.log_scales

    return Outputs(network, compute), ("regions", *network.choices, "values", "log_scales")
