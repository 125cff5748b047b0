"""The network of the frame reader in torch, for its training, and its file."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from cyclegan_glasses.attributes.frame_reader import READS
from cyclegan_glasses.attributes.frame_reading import CHOICES, VALUES
from cyclegan_glasses.files import atomic_write
from cyclegan_glasses.networks.frame_network import HEIGHT, WIDTH, FrameNetwork
from cyclegan_glasses.networks.onnx_export import frame_outputs, to_onnx
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.onnx_network import read_stored


def new_network() -> FrameNetwork:
    """A network with an answer for each of `CHOICES` and `VALUES`, and random weights."""
    return FrameNetwork({name: len(classes) for name, classes in CHOICES.items()}, len(VALUES))


def read_network(path: Path) -> FrameNetwork:
    """The network in the file `path`, to be trained further.

    Raises:
        UserError: the file is not there, or holds another network.
    """
    network = new_network()
    weights = {name: torch.from_numpy(values) for name, values in read_stored(path).weights.items()}
    load_weights(network, weights, str(path))
    return network


def write_weights(path: Path, network: FrameNetwork) -> None:
    """Write what `FrameReader.load` reads, in half precision.

    Raises:
        UserError: the file cannot be written.
    """
    facts = {"reads": json.dumps(READS)}
    training = network.training
    data = to_onnx(*frame_outputs(network.eval()), torch.zeros(1, 3, HEIGHT, WIDTH), facts, half=True)
    network.train(training)
    with atomic_write(path) as file:
        file.write(data)
