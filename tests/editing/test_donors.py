"""What a frame covered gets its detail from a place beside it that looks like it."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.editing.donors import STEP, detail_of_donors, find_donors
from cyclegan_glasses.editing.rims import SMOOTH

SIZE = 96
BAND = slice(44, 52)


def hair_beside_skin() -> np.ndarray:
    """Dark hair with strands, left of a slanted border, and plain skin: float32 (SIZE, SIZE, 3)."""
    row, column = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    hair = 50 + 25 * np.sign(np.sin(column * 0.6))
    skin = np.full((SIZE, SIZE), 190, np.float32)
    return np.repeat(np.where(column < 40 + row / 4, hair, skin)[:, :, None], 3, axis=2)


def covered() -> np.ndarray:
    """Where the frame is: float32 (SIZE, SIZE), 0 or 1."""
    near = np.zeros((SIZE, SIZE), np.float32)
    near[BAND] = 1
    return near


def test_hair_comes_from_hair_skin_from_skin_and_a_border_from_the_border() -> None:
    truth, near = hair_beside_skin(), covered()
    soft = cv2.GaussianBlur(truth, (0, 0), SMOOTH)
    donors = find_donors(soft, np.where(near[:, :, None] > 0, 0, truth), near, SMOOTH)
    assert donors is not None
    where = np.nonzero(near)
    detail = truth - soft
    hidden = np.where(near[:, :, None] > 0, 0, detail)
    matrix = np.eye(2, 3)
    found = detail_of_donors(where, np.zeros_like(hidden), hidden, donors, matrix)
    rows = np.arange(BAND.start, BAND.stop, STEP)
    assert not near[(rows[:, None] + donors.offset[rows // STEP, :, 1]).astype(int), 0].any()
    missing = np.abs(detail[where]).mean(axis=1)
    left = np.abs(found - detail[where]).mean(axis=1)
    border = np.abs(where[1] - 40 - where[0] / 4) < 4
    for there in (border, ~border & (where[1] < 40)):
        assert left[there].mean() < 0.7 * missing[there].mean()
    skin = where[1] > 60
    assert np.abs(found[skin]).max() < 2


def test_what_is_like_nothing_beside_the_frame_stays_soft() -> None:
    near, photo = covered(), np.full((SIZE, SIZE, 3), 190, np.float32)
    donors = find_donors(photo - 60, photo, near, SMOOTH)
    assert donors is not None and not donors.trust.any()
    some = np.ones((SIZE, SIZE, 3), np.float32)
    assert not detail_of_donors(np.nonzero(near), some, some, donors, np.eye(2, 3)).any()


def test_a_turned_and_enlarged_photo_takes_the_same_places() -> None:
    """The offsets are those of the crop; a photo four times as large, turned by 90 degrees, has its own."""
    near = covered()
    photo = np.repeat(np.mgrid[:SIZE, :SIZE][1].astype(np.float32)[:, :, None], 3, axis=2)
    donors = find_donors(photo, photo, near, SMOOTH)
    assert donors is not None
    scale = 4
    matrix = np.array([[0, 1 / scale, 0], [-1 / scale, 0, SIZE - 1]])  # of (x, y) of the photo, to the crop
    side = scale * SIZE
    columns = np.mgrid[:side, :side][0].astype(np.float32)[:, :, None] / scale  # of the crop
    pixel = (np.array([200]), np.array([side - scale * 48]))  # row 48 of the crop, column 50
    i, j = 24, 25
    found = detail_of_donors(pixel, columns, columns, donors, matrix)[0, 0]
    assert abs(found - donors.trust[i, j] * (50 + donors.offset[i, j, 0])) < 0.3


def test_without_a_frame_or_anything_beside_it_there_are_none() -> None:
    photo = np.zeros((SIZE, SIZE, 3), np.float32)
    assert find_donors(photo, photo, np.zeros((SIZE, SIZE), np.float32), SMOOTH) is None
    assert find_donors(photo, photo, np.ones((SIZE, SIZE), np.float32), SMOOTH) is None
