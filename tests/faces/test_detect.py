"""Faces are found in pictures of every size and kind, with the eyes where they are."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from cyclegan_glasses.faces.align import yaw_of
from cyclegan_glasses.faces.detect import HaarDetector, YuNetDetector, make_detector
from cyclegan_glasses.faces.models import VARIABLE, YUNET_NAME
from cyclegan_glasses.images import open_picture


@pytest.fixture(scope="module")
def yunet(shared) -> YuNetDetector:
    return YuNetDetector(shared / "models" / YUNET_NAME)


@pytest.fixture(scope="module")
def haar() -> HaarDetector:
    return HaarDetector()


def photographs(shared: Path, source: str, count: int) -> list[np.ndarray]:
    files = sorted((shared / "data/photos" / source).iterdir())
    return [np.asarray(open_picture(file)) for file in files[:: len(files) // count][:count]]


def test_without_the_file_haar_serves_and_says_the_remedy(monkeypatch, tmp_path, caplog) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    with caplog.at_level(logging.WARNING):
        assert make_detector().name == "haar"
    assert len(caplog.records) == 1
    assert VARIABLE in caplog.text and "--download_yunet" in caplog.text


def test_with_the_file_there_is_no_warning(shared, caplog) -> None:
    assert make_detector(shared / "models" / YUNET_NAME).name == "yunet"
    assert not caplog.records


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (64, 64, 3), (300, 40, 3)])
def test_a_picture_without_a_face_gives_none(haar, shape) -> None:
    assert haar.find_faces(np.full(shape, 128, np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (64, 64, 3), (300, 40, 3)])
def test_yunet_gives_none_too(yunet, shape) -> None:
    """However often: on narrow pictures OpenCV once found faces in memory that nobody had written."""
    for _ in range(20):
        assert yunet.find_faces(np.full(shape, 128, np.uint8)) == []
        yunet.find_faces(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))


@pytest.mark.parametrize(
    "image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)], ids=str
)
def test_other_arrays_are_refused(haar, image) -> None:
    with pytest.raises(ValueError, match="uint8"):
        haar.find_faces(image)


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


def test_yunet_finds_the_faces_and_haar_the_same_ones(shared, yunet, haar) -> None:
    """Haar is a stand-in: the same faces, eyes not in all of them, and nothing made up."""
    eyes = 0
    for image in photographs(shared, "lfw", 12):
        one, other = yunet.find_faces(image)[0], haar.find_faces(image)[0]
        assert one.eyes_found and np.isfinite(one.landmarks).all()
        assert yaw_of(other) is None and np.isfinite(other.landmarks[:2]).all()
        apart = np.abs(one.landmarks[:2] - other.landmarks[:2]).max()
        distance = np.hypot(*(one.landmarks[1] - one.landmarks[0]))
        assert apart < (0.25 if other.eyes_found else 0.6) * distance
        eyes += other.eyes_found
    assert 2 <= eyes <= 11


def test_haar_finds_a_face_that_fills_the_picture(shared, haar) -> None:
    found = [haar.find_faces(image) for image in photographs(shared, "utkface", 8)]
    assert sum(map(bool, found)) >= 6
    middle = np.median([faces[0].landmarks[:2].mean(0) for faces in found if faces], axis=0)
    assert np.abs(middle - (99, 57)).max() < 12


@pytest.mark.parametrize("factor", [0.2, 1.0, 2.0, 12.0])
def test_the_size_of_the_picture_does_not_matter(shared, yunet, factor) -> None:
    for image in photographs(shared, "lfw", 5):
        there = yunet.find_faces(image)[0].landmarks[:2]
        size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
        again = yunet.find_faces(cv2.resize(image, size, interpolation=cv2.INTER_AREA))[0].landmarks[:2]
        assert np.hypot(*(again / factor - there).T).max() < (0.25 if factor < 1 else 0.12) * np.hypot(
            *(there[1] - there[0])
        )


def test_the_second_look_steadies_the_eyes(shared, yunet) -> None:
    """Eyes that jump with the size of the picture would shift the glasses that a model learns."""
    once = YuNetDetector(shared / "models" / YUNET_NAME, steady=False)
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


def test_grey_pictures_have_faces_too(shared, yunet) -> None:
    for image in photographs(shared, "lfw", 5):
        grey = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None], 3, 2)
        assert np.abs(yunet.find_faces(grey)[0].landmarks - yunet.find_faces(image)[0].landmarks).max() < 6


def test_the_largest_face_comes_first(shared, yunet) -> None:
    first, second = photographs(shared, "lfw", 2)
    scene = np.zeros((500, 800, 3), np.uint8)
    scene[:250, :250] = first
    scene[:, 300:] = cv2.resize(second, (500, 500))
    faces = yunet.find_faces(scene)
    assert len(faces) >= 2
    assert faces[0].box[0] > 300 > faces[1].box[0]


def test_threads_may_share_a_detector(shared, yunet) -> None:
    """The network keeps the input size: without a lock, pictures of several sizes would mix."""
    images = [image[: 250 - 9 * i] for i, image in enumerate(photographs(shared, "lfw", 4))] * 2
    alone = [[face.landmarks.tolist() for face in yunet.find_faces(image)] for image in images]
    with ThreadPoolExecutor(6) as pool:
        found = pool.map(yunet.find_faces, images)
        together = [[face.landmarks.tolist() for face in faces] for faces in found]
    assert together == alone
