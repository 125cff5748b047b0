"""Networks that onnxruntime runs on the CPU, from the ONNX files that ship; torch is not needed.

`networks.onnx_export` writes such files: weights in half precision under the names that they have in torch,
which the graph brings to float32 before it computes, and in the metadata all that is to be known of the
network. Files of others are not run: a graph may ask for any amount of memory and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime

from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.machine import threads

_ERRORS_ALONE = 3
"""Of the levels of onnxruntime's log, which says at lower ones what it simplifies."""


class OnnxNetwork:
    """A network. Threads may share it.

    Attributes:
        facts: its metadata, text by name.
    """

    def __init__(self, data: bytes) -> None:
        """The network of an ONNX file with these bytes."""
        session = onnxruntime.InferenceSession(data, _options(), providers=["CPUExecutionProvider"])
        self.facts: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self._input = session.get_inputs()[0].name
        self._outputs = [output.name for output in session.get_outputs()]
        self._session = session

    @staticmethod
    def load(path: Path) -> OnnxNetwork:
        """The network in a file.

        Raises:
            UserError: it is not there or damaged.
        """
        with explained(partial(_unreadable, path)):
            return OnnxNetwork(path.read_bytes())

    def __call__(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs by name, float32 (n, …), for `values`, float32 (n, …)."""
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: values}), strict=True))


class Stored(NamedTuple):
    """What a file holds: weights by their names in torch, floats in float32, and its metadata."""

    weights: dict[str, np.ndarray]
    facts: dict[str, str]


def read_stored(path: Path) -> Stored:
    """What is in the ONNX file `path`, without onnxruntime.

    Raises:
        UserError: the file is not there or damaged.
    """
    import onnx

    with explained(partial(_unreadable, path)):
        model = onnx.load(str(path), load_external_data=False)
        weights = {one.name: np.array(onnx.numpy_helper.to_array(one)) for one in model.graph.initializer}
    for name, values in weights.items():
        weights[name] = values.astype(np.float32) if values.dtype == np.float16 else values
    return Stored(weights, {entry.key: entry.value for entry in model.metadata_props})


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} cannot be loaded ({reason_of(error)}): install this toolkit again")


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ALONE
    options.intra_op_num_threads = threads()
    # A waiting thread sleeps: others of this process have work for the core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
