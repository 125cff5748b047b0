"""What the tests of faces share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyclegan_glasses.faces.yunet import YuNetDetector


@pytest.fixture(scope="session")
def yunet_file(shared) -> Path:
    return shared / "models" / "face_detection_yunet_2026may.onnx"


@pytest.fixture(scope="session")
def yunet(yunet_file) -> YuNetDetector:
    return YuNetDetector(yunet_file)
