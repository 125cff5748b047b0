"""Faces with glasses in part, which the thresholds of the attribute classifier are found on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from cyclegan_glasses.attributes.calibration import Calibration
from cyclegan_glasses.attributes.weights import TorchAttributeNetwork
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.evaluation.calibration import PARTIAL, partial_glasses
from cyclegan_glasses.networks.facelyzr import Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.photo import Photo, write_manifest


def test_each_kind_is_drawn_on_the_faces_it_is_for(tmp_path):
    """Wiped glasses need faces that wear some."""
    rng, photos = np.random.default_rng(0), []
    for number in range(6):
        name = f"{number}.png"
        cv2.imwrite(str(tmp_path / name), rng.integers(90, 160, (32, 32, 3), dtype=np.uint8))
        photos.append(Photo(name, origin=name, label="glasses" if number < 2 else "none", split="val"))
    write_manifest(tmp_path, photos)
    torch.manual_seed(0)
    network = Facelyzr(ReaderSettings(16, (4, 6), 8)).eval()
    reads = TorchAttributeNetwork(network)
    real, partial = partial_glasses(reads, Calibration(), tmp_path, "val", LabelSettings())
    assert {name: len(rows) for name, rows in real.items()} == {"glasses": 2, "none": 4}
    assert {name: len(rows) for name, rows in partial.items()} == {
        "half_drawn": 8,
        "rubbed_out": 8,
        "wiped": 4,
    }
    assert partial["half_drawn"].sum(1) == pytest.approx(1)
    assert not np.allclose(partial["half_drawn"][:4], real["none"], atol=1e-4), "nothing was drawn"
    assert set(partial) == set(PARTIAL)
