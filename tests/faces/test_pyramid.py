"""The detector that ships finds faces without any file, wherever, however large and however tilted."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.faces import landmark_crops, pyramid
from cyclegan_glasses.faces.align import yaw_of
from cyclegan_glasses.faces.face import Face
from cyclegan_glasses.faces.landmark_crops import CROP, SWAPPED, TEMPLATE
from cyclegan_glasses.faces.pyramid import STRIDE, PyramidDetector, Sheet
from cyclegan_glasses.portraits.aligned import drawn_portrait
from tests.faces.photographs import photographs

BLANK = (1, 1, 3), (2, 900, 3), (64, 64, 3), (300, 40, 3)


@pytest.fixture(scope="module")
def detector() -> PyramidDetector:
    return PyramidDetector()


def scene(*faces: tuple[int, float, float, float, float], size: tuple[int, int]) -> tuple[np.ndarray, list]:
    """Portraits (number, x, y, pixels from eye to eye, degrees clockwise) on grey, and their landmarks."""
    picture = np.full((size[1], size[0], 3), 120, np.uint8)
    truth = []
    for number, x, y, distance, degrees in faces:
        image, face = drawn_portrait(number, int(np.clip(distance / 0.36, 64, 512)), number % 2 == 0)
        eyes = face.landmarks[:2]
        scale = distance / np.hypot(*(eyes[1] - eyes[0]))
        matrix = cv2.getRotationMatrix2D((0, 0), -degrees, scale)
        matrix[:, 2] = (x, y) - matrix[:, :2] @ face.landmarks.mean(0)
        there = cv2.warpAffine(np.ones(image.shape[:2], np.uint8), matrix, size) > 0
        picture[there] = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_AREA)[there]
        truth.append(face.landmarks @ matrix[:, :2].T + matrix[:, 2])
    return picture, truth


def eye_error(face: Face, truth: np.ndarray) -> float:
    """Of the worse eye, as a fraction of the eye distance."""
    apart = np.hypot(*(face.landmarks[:2] - truth[:2]).T).max()
    return float(apart / np.hypot(*(truth[1] - truth[0])))


def test_portraits_are_found_with_their_landmarks(detector) -> None:
    """With glasses and without, on every skin: an editor that aligns by the eyes needs them exactly."""
    errors, others = [], []
    for number in range(20):
        image, truth = drawn_portrait(number, 224, number % 2 == 0)
        face, *_ = detector.find_faces(image) or [None]
        if face is None:
            continue
        errors.append(eye_error(face, truth.landmarks))
        apart = np.hypot(*(face.landmarks - truth.landmarks).T).max()
        others.append(apart / np.hypot(*(truth.landmarks[1] - truth.landmarks[0])))
        assert np.isfinite(face.landmarks).all()
    assert len(errors) == 20
    assert np.median(errors) < 0.035
    assert max(errors) < 0.09
    assert max(others) < 0.14


@pytest.mark.parametrize("degrees", [-40, -30, -15, 15, 30, 40])
def test_tilted_faces_are_found(detector, degrees) -> None:
    for number in (2, 5, 11):
        image, (truth,) = scene((number, 200, 150, 50, degrees), size=(400, 300))
        assert eye_error(detector.find_faces(image)[0], truth) < 0.15


@pytest.mark.parametrize(("distance", "size"), [(12, (160, 200)), (12, (420, 300)), (900, (2600, 3000))])
def test_faces_of_every_size_are_found(detector, distance, size) -> None:
    """12 pixels from eye to eye are a face of 24."""
    for number in (3, 8):
        image, (truth,) = scene((number, 0.5 * size[0], 0.45 * size[1], distance, 0), size=size)
        (face,) = detector.find_faces(image)
        assert eye_error(face, truth) < (0.12 if distance == 12 else 0.04)


def test_several_faces_are_told_apart_and_the_largest_comes_first(detector) -> None:
    image, truth = scene((1, 90, 120, 25, 0), (4, 330, 190, 70, 15), (6, 540, 330, 40, -20), size=(640, 420))
    faces = detector.find_faces(image)
    assert [min(range(3), key=lambda i: eye_error(face, truth[i])) for face in faces] == [1, 2, 0]


@pytest.mark.parametrize("shape", BLANK)
def test_blank_pictures_have_no_face(detector, shape) -> None:
    assert detector.find_faces(np.full(shape, 128, np.uint8)) == []


@pytest.mark.parametrize("coarse", [1, 3, 8, 20])
def test_noise_has_no_face(detector, coarse) -> None:
    rng = np.random.default_rng(coarse)
    for _ in range(3):
        few = rng.integers(0, 256, (300 // coarse, 400 // coarse, 3)).astype(np.uint8)
        assert detector.find_faces(cv2.resize(few, (400, 300), interpolation=cv2.INTER_CUBIC)) == []


@pytest.mark.parametrize(
    "image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)], ids=str
)
def test_other_arrays_are_refused(detector, image) -> None:
    with pytest.raises(ValueError, match="uint8"):
        detector.find_faces(image)


def test_the_second_look_is_the_more_exact(detector) -> None:
    once, errors = PyramidDetector(steady=False), []
    for each in (once, detector):
        found = []
        for number in range(12):
            image, truth = drawn_portrait(number, 200, False)
            found.append(eye_error(each.find_faces(image)[0], truth.landmarks))
        errors.append(np.mean(found))
    assert errors[1] < errors[0]


def test_threads_may_share_a_detector(detector) -> None:
    """A network keeps its input: without a lock, pictures of several sizes would mix."""
    images = [drawn_portrait(number, 150 + 20 * number, False)[0] for number in range(4)] * 2
    alone = [[face.landmarks.tolist() for face in detector.find_faces(image)] for image in images]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(detector.find_faces, images))
    assert [[face.landmarks.tolist() for face in faces] for faces in found] == alone


def test_threads_and_processes_change_no_bit(detector) -> None:
    """Data that several processes align are the data that one aligns."""
    code = (
        "import sys, cv2; cv2.setNumThreads(int(sys.argv[1]))\n"
        "from cyclegan_glasses.faces.pyramid import PyramidDetector\n"
        "from cyclegan_glasses.portraits.aligned import drawn_portrait\n"
        "(face,) = PyramidDetector().find_faces(drawn_portrait(2, 224, True)[0])\n"
        "print(face.box, face.score, face.landmarks.tolist())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code, threads], capture_output=True, text=True, check=True, env=os.environ
        ).stdout
        for threads in ("1", "3")
    }
    (face,) = detector.find_faces(drawn_portrait(2, 224, True)[0])
    assert answers == {f"{face.box} {face.score} {face.landmarks.tolist()}\n"}


@pytest.mark.parametrize("shape", [(480, 640), (640, 480), (160, 161), (33, 700), (900, 7), (40, 40)])
def test_a_sheet_holds_every_size_and_leads_back(shape) -> None:
    """A face that the finder reports on any part of the sheet is where it is in the picture."""
    image = np.random.default_rng(0).integers(1, 256, (*shape, 3)).astype(np.uint8)
    sheet = Sheet.of(image)
    assert all(side % STRIDE == 0 for side in sheet.picture.shape[:2])
    for x, y, width, height, factor in sheet.places:
        assert (sheet.picture[y : y + height, x : x + width] > 0).all()
        column, row = (x + width // 2) // STRIDE, (y + height // 2) // STRIDE
        maps = np.full((15, sheet.picture.shape[0] // STRIDE, sheet.picture.shape[1] // STRIDE), -9.0)
        maps[0, row, column] = 9
        maps[1:, row, column] = 0
        ((left, top, wide, high),), points, _ = sheet.candidates(maps, 0.5)
        middle = (np.array([column + 0.5, row + 0.5]) * STRIDE - (x, y)) * factor
        assert (wide, high) == (pyramid.UNIT * factor, pyramid.UNIT * factor)
        np.testing.assert_allclose((left + wide / 2, top + high / 2), middle)
        np.testing.assert_allclose(points[0], np.tile(middle, (5, 1)))
    rest = sheet.picture.copy()
    for x, y, width, height, _ in sheet.places:
        rest[y : y + height, x : x + width] = 0
    assert not rest.any()


def test_overlapping_boxes_become_one_and_separate_ones_stay() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [40, 0, 10, 10], [42, 2, 5, 5]], float)
    points = np.arange(4.0)[:, None, None] * np.ones((4, 5, 2))
    faces = pyramid.merged(boxes, points, np.array([0.6, 0.9, 0.8, 0.5]))
    assert [round(score, 3) for _, _, score in faces] == [0.9, 0.8]
    np.testing.assert_allclose(faces[0][0], [0.6, 0, 10, 10])
    np.testing.assert_allclose(faces[0][1], np.full((5, 2), 0.6))
    assert pyramid.merged(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0)) == []


@given(
    st.floats(-180, 180), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500)
)  # fmt: skip
def test_the_similarity_is_found_exactly(degrees, scale, x, y) -> None:
    matrix = cv2.getRotationMatrix2D((0, 0), degrees, scale)
    matrix[:, 2] = x, y
    points = (TEMPLATE - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    np.testing.assert_allclose(
        landmark_crops.similarity(points, TEMPLATE), matrix, rtol=1e-6, atol=1e-6 * (1 + abs(x) + abs(y))
    )


@pytest.mark.parametrize("size", [60, 300, 2000])
@pytest.mark.parametrize("degrees", [0, 30])
def test_a_crop_shows_the_landmarks_where_its_matrix_says(size, degrees) -> None:
    """To a tenth of a pixel at every size: what shrinks the picture may not shift it."""
    y, x = np.mgrid[:size, :size] + 0.5
    rotation = cv2.getRotationMatrix2D((0, 0), degrees, size / CROP / 2)
    points = TEMPLATE @ rotation[:, :2].T
    points += size / 2 - points.mean(0)
    image = np.zeros((size, size, 3), np.uint8)
    for px, py in points[:2]:
        image[:] = np.maximum(
            image, 255 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (0.03 * size) ** 2)[:, :, None]
        )
    crop, matrix = landmark_crops.crop_of(image, points, TEMPLATE)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], TEMPLATE, atol=1e-6)
    left = crop[:, : CROP // 2, 0].astype(float)
    rows, columns = np.mgrid[:CROP, : CROP // 2] + 0.5
    middle = np.array([(left * columns).sum(), (left * rows).sum()]) / left.sum()
    assert np.abs(middle - TEMPLATE[0]).max() < 0.12


def test_heat_maps_give_their_centre_of_mass() -> None:
    rows, columns = np.mgrid[:20, :20] * CROP / 20 + CROP / 40
    heat = [-((columns - x) ** 2 + (rows - y) ** 2) / 40 for x, y in TEMPLATE]
    np.testing.assert_allclose(landmark_crops.points_of(np.array([heat]))[0], TEMPLATE, atol=0.01)


def test_a_mirrored_face_has_its_landmarks_swapped(detector) -> None:
    image, _ = drawn_portrait(5, 224, False)
    (face,), (mirrored,) = detector.find_faces(image), detector.find_faces(image[:, ::-1].copy())
    again = mirrored.landmarks[SWAPPED] * (-1, 1) + (224, 0)
    assert np.abs(again - face.landmarks).max() < 2.5


def test_photographs_have_their_faces_where_the_sources_say(shared, detector) -> None:
    """Both sources cropped their pictures so that the eyes lie near these points."""
    for source, eyes in (("fairface", [(70, 66), (152, 66)]), ("utkface", [(57, 57), (141, 57)])):
        found = [detector.find_faces(image) for image in photographs(shared, source, 20)]
        assert sum(map(bool, found)) >= 18
        points = np.median([faces[0].landmarks[:2] for faces in found if faces], axis=0)
        assert np.abs(points - eyes).max() < 6


def test_photographs_are_seen_as_yunet_sees_them(shared, yunet, detector) -> None:
    """On people that it was not trained on; side views are told as such."""
    errors, yaws = [], []
    for image in photographs(shared, "lfw", 25):
        truth = yunet.find_faces(image)[0]
        found = [face for face in detector.find_faces(image) if eye_error(face, truth.landmarks) < 0.5]
        if not found:
            continue
        face = found[0]
        errors.append(eye_error(face, truth.landmarks))
        yaws.append(abs((yaw_of(face) or 0) - (yaw_of(truth) or 0)))
    assert len(errors) >= 24
    assert np.median(errors) < 0.06
    assert np.median(yaws) < 4


@pytest.mark.parametrize("factor", [0.2, 1.0, 2.0, 12.0])
def test_the_size_of_a_photograph_does_not_matter(shared, detector, factor) -> None:
    for image in photographs(shared, "lfw", 5):
        there = detector.find_faces(image)[0].landmarks[:2]
        size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
        again = detector.find_faces(cv2.resize(image, size, interpolation=cv2.INTER_AREA))[0].landmarks[:2]
        distance = np.hypot(*(there[1] - there[0]))
        assert np.hypot(*(again / factor - there).T).max() < (0.25 if factor < 1 else 0.2) * distance


def test_grey_photographs_have_faces_too(shared, detector) -> None:
    apart = []
    for image in photographs(shared, "lfw", 5):
        grey = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None], 3, 2)
        apart.append(detector.find_faces(grey)[0].landmarks - detector.find_faces(image)[0].landmarks)
    assert np.median(np.abs(apart).max((1, 2))) < 6


def test_a_face_is_followed_from_near_and_lost_where_there_is_none(detector) -> None:
    image, (truth,) = scene((3, 200, 150, 60, 5), size=(400, 300))
    followed = detector.follow(image, truth + np.array([12.0, -8.0]))
    assert followed is not None and eye_error(followed, truth) < 0.06
    x, y, width, height = detector.find_faces(image)[0].box
    apart = np.abs(np.subtract(followed.box, (x, y, width, height))).max() / width
    assert apart < 0.4, "about the same box"
    assert detector.follow(np.full_like(image, 128), truth) is None
