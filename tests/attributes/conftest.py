"""A small untrained attribute classifier."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cyclegan_glasses.attributes.calibration import AgeBand, Calibration
from cyclegan_glasses.attributes.weights import write_weights
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings


@pytest.fixture(scope="package")
def weights(tmp_path_factory) -> Path:
    """A file of weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "judge.pt"
    network = Facelyzr(ReaderSettings(16, (4, 6), 8)).eval()
    write_weights(path, network, Calibration(glasses=2.0, sure=0.3, bands=(AgeBand(0.0, 1.5, -9.0, 7.0),)))
    return path
