"""YuNet, where its file is given, serves in the place of the detector that ships."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import detector_file, make_detector, process_detector
from cyclegan_glasses.faces.yunet import VARIABLE, YUNET_SHA256, YuNetDetector, find_yunet
from tests.faces.photographs import photographs


@pytest.fixture(autouse=True)
def no_variable(monkeypatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_without_a_file_the_detector_that_ships_serves_without_a_word(caplog, tmp_path, monkeypatch) -> None:
    """What lies in a cache decides nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert detector_file() is None
    assert (
        make_detector().name == make_detector(steady=False).name == process_detector(None).name == "pyramid"
    )
    assert not caplog.records


def test_with_the_file_yunet_serves(yunet_file, monkeypatch) -> None:
    assert make_detector(yunet_file).name == make_detector(yunet_file, steady=False).name == "yunet"
    monkeypatch.setenv(VARIABLE, str(yunet_file))
    assert make_detector().name == "yunet"
    assert detector_file() == yunet_file


def test_the_path_goes_before_the_variable(tmp_path, monkeypatch) -> None:
    for name in ("path", "variable"):
        (tmp_path / name).write_bytes(b"")
    assert find_yunet() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path / "variable"))
    assert find_yunet() == tmp_path / "variable"
    assert find_yunet(tmp_path / "path") == tmp_path / "path"


def test_a_name_without_a_file_is_said(tmp_path, monkeypatch) -> None:
    with pytest.raises(UserError, match=r"typo\.onnx, which is not there"):
        find_yunet(tmp_path / "typo.onnx")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "typo.onnx"))
    with pytest.raises(UserError, match=VARIABLE):
        make_detector()


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 500], ids=["empty", "text", "bytes"])
def test_another_file_is_refused(tmp_path, content) -> None:
    (tmp_path / "yunet.onnx").write_bytes(content)
    with pytest.raises(UserError, match="is not a YuNet model"):
        make_detector(tmp_path / "yunet.onnx")


def test_the_known_hash_is_that_of_the_tested_file(yunet_file) -> None:
    assert hashlib.sha256(yunet_file.read_bytes()).hexdigest() == YUNET_SHA256


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (64, 64, 3), (300, 40, 3)])
def test_a_picture_without_a_face_gives_none(yunet, shape) -> None:
    """However often: on narrow pictures OpenCV once found faces in memory that nobody had written."""
    for _ in range(20):
        assert yunet.find_faces(np.full(shape, 128, np.uint8)) == []
        yunet.find_faces(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))


@pytest.mark.parametrize(
    ("source", "eyes"),
    [("fairface", [(70, 66), (152, 66)]), ("utkface", [(57, 57), (141, 57)])],
)
def test_eyes_are_where_the_sources_say(shared, yunet, source, eyes) -> None:
    """Both sources cropped their pictures so that the eyes lie near these points."""
    found = [yunet.find_faces(image) for image in photographs(shared, source, 20)]
    assert sum(map(bool, found)) >= 19
    points = np.median([faces[0].landmarks[:2] for faces in found if faces], axis=0)
    assert np.abs(points - eyes).max() < 6


@pytest.mark.parametrize("factor", [0.2, 1.0, 2.0, 12.0])
def test_the_size_of_the_picture_does_not_matter(shared, yunet, factor) -> None:
    for image in photographs(shared, "lfw", 5):
        there = yunet.find_faces(image)[0].landmarks[:2]
        size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
        again = yunet.find_faces(cv2.resize(image, size, interpolation=cv2.INTER_AREA))[0].landmarks[:2]
        assert np.hypot(*(again / factor - there).T).max() < (0.25 if factor < 1 else 0.12) * np.hypot(
            *(there[1] - there[0])
        )


def test_the_second_look_steadies_the_eyes(shared, yunet, yunet_file) -> None:
    """Eyes that jump with the size of the picture would shift the glasses that a model learns."""
    once = YuNetDetector(yunet_file, steady=False)
    apart = []
    for detector in (once, yunet):
        distances = []
        for image in photographs(shared, "utkface", 10):
            there = detector.find_faces(image)[0].landmarks[:2]
            again = detector.find_faces(cv2.resize(image, (120, 120), interpolation=cv2.INTER_AREA))[0]
            off = np.hypot(*(again.landmarks[:2] / 0.6 - there).T).max()
            distances.append(off / np.hypot(*(there[1] - there[0])))
        apart.append(float(np.median(distances)))
    assert apart[1] < 0.04 < 0.06 < apart[0]
