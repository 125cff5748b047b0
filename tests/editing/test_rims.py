"""A frame in a photo sharper than the model goes: no line, no ghost, no strip smoother than the skin."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from cyclegan_glasses.editing.blend import Change, apply_change, measure_change
from cyclegan_glasses.editing.rims import rims_of
from cyclegan_glasses.faces.align import Alignment, align, take
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.render import draw_layers
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.head import eyes_of
from cyclegan_glasses.portraits.parameters import random_portrait

SIZE, CROP = 480, 160
FRAME = Frame("round", lens_width=50, lens_height=48, rim=3.0, colour=(20, 20, 24))


@cache
def worn_and_bare(size: int = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray, Face]:
    """A portrait with glasses, the same without, both with a camera's grain, the frame, 0 to 1; the face."""
    portrait = random_portrait(7, 1)
    drawing = draw_portrait(portrait, size)
    worn, _, layers = draw_layers(drawing.image, FRAME, drawing.pose, drawing.scene)
    grain = np.random.default_rng(0).normal(0, 4, (size, size, 1))
    worn, bare = (np.clip(np.rint(p + grain), 0, 255).astype(np.uint8) for p in (worn, drawing.image))
    landmarks = np.full((5, 2), np.nan)
    landmarks[:2] = eyes_of(portrait, size)
    return worn, bare, layers[:, :, 0] / np.float32(255), Face((0, 0, size, size), 1.0, landmarks)


def as_a_model_gives_it(size: int = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray, Alignment]:
    """The crop, the bare face and the frame, as softly as a good model would say them."""
    worn, bare, cover, face = worn_and_bare(size)
    crop, alignment = align(worn, face, CROP)
    made = cv2.GaussianBlur(take(bare, alignment).astype(np.float32), (0, 0), 0.7)
    frame = take(np.repeat(cover[:, :, None], 3, axis=2), alignment)[:, :, 0]
    return crop.astype(np.float32), made, np.clip(cv2.GaussianBlur(frame, (0, 0), 0.7), 0, 1), alignment


def applied(pixels: np.ndarray, change: Change, alignment: Alignment) -> np.ndarray:
    result = pixels.copy()
    apply_change(result, change, alignment)
    return result


def rim_on_skin() -> np.ndarray:
    """Where the rim and its edges lie on skin without features: bool (SIZE, SIZE)."""
    _, bare, cover, _ = worn_and_bare()
    smooth = cv2.GaussianBlur(to_grey(bare).astype(np.float32), (0, 0), 2)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    there = (cv2.dilate(cover, np.ones((5, 5))) > 0.2) & (cv2.blur(slope, (15, 15)) < 12)
    assert there.sum() > 2000
    return there


@pytest.mark.parametrize("trace", [0, 6, -8])
def test_no_line_of_a_rim_is_left(trace: float) -> None:
    """A model may leave the rim a few levels lighter or darker than the skin; the photo hardly shows it."""
    worn, bare, _, _ = worn_and_bare()
    crop, made, frame, alignment = as_a_model_gives_it()
    rim, traced = rim_on_skin(), made + trace * frame[:, :, None]

    def line(change: Change) -> float:
        """What differs from the bare face along the rim, texture apart."""
        apart = cv2.GaussianBlur(applied(worn, change, alignment).astype(np.float32) - bare, (0, 0), 2)
        return float(np.percentile(np.abs(apart).max(2)[rim], 90))

    known = line(measure_change(crop, traced, frame))
    assert known < (5 if trace else 3.5)
    if trace:
        assert known < 0.8 * line(measure_change(crop, traced))


def test_thin_lines_that_a_model_leaves_beside_a_rim_go_and_an_eye_under_it_stays() -> None:
    cover, face = np.zeros((96, 96), np.float32), np.full((96, 96, 3), (190, 150, 130), np.float32)
    cover[46:50] = 1
    ghost = face.copy()
    ghost[45, ::2] += (12, -6, -6)
    ghost[50, 1::2] += (12, -6, -6)
    ghost[40:56, 20:40] = 50  # lashes
    behind = rims_of(cover, ghost, ghost).behind
    assert np.abs(behind - face)[40:56, 48:].max() < 0.5 * np.abs(ghost - face)[40:56, 48:].max()
    assert np.abs(behind - ghost)[40:56, 24:36].max() < 4


def test_the_replaced_strip_is_as_textured_as_the_skin() -> None:
    worn, bare, cover, _ = worn_and_bare()
    crop, made, frame, alignment = as_a_model_gives_it()
    strip = cv2.erode(cover, np.ones((3, 3))) > 0.9

    def texture(picture: np.ndarray) -> float:
        return float(np.abs(cv2.Laplacian(to_grey(picture), cv2.CV_32F))[strip].mean())

    known, unknown = (
        texture(applied(worn, measure_change(crop, made, *how), alignment)) for how in ([frame], [])
    )
    assert 0.4 * texture(bare) < known < 1.1 * texture(bare)
    assert unknown < 0.3 * texture(bare)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind, peak", [("uint8", 255), ("uint16", 65535), ("float32", 1.0)])
def test_what_lies_outside_and_transparency_stay_in_every_type(kind: str, peak: float, channels: int) -> None:
    crop, made, frame, alignment = as_a_model_gives_it()
    worn = worn_and_bare()[0]
    pixels = np.dstack([worn, worn[:, :, :1]])[:, :, :channels]
    pixels = (pixels / 255 * peak).astype(kind)
    result = applied(pixels, measure_change(crop, made, frame), alignment)
    colours = 1 if channels < 3 else 3
    assert result.dtype == pixels.dtype
    assert np.array_equal(result[:, :, colours:], pixels[:, :, colours:])
    changed = (result != pixels).any(2)
    corners = alignment.to_picture(np.array([[0.0, 0.0], [CROP, CROP]]))
    (left, top), (right, bottom) = np.clip(corners, 0, SIZE).astype(int)
    changed[top : bottom + 2, left : right + 2] = False
    assert not changed.any()


def test_what_the_model_does_far_from_the_frame_is_not_done() -> None:
    """A haze over cheeks and forehead, or a stain at the mouth, is no part of taking glasses off."""
    crop, made, frame, alignment = as_a_model_gives_it()
    hazy = made.copy()
    hazy[130:155, 50:110] += 30
    hazy[:23] += 12
    pure, spoilt = measure_change(crop, made, frame), measure_change(crop, hazy, frame)
    assert not spoilt.mask[125:].any() and not spoilt.mask[:16].any()
    assert measure_change(crop, hazy).mask[130:155].max() == 1
    worn = worn_and_bare()[0]
    apart = applied(worn, pure, alignment).astype(int) - applied(worn, spoilt, alignment)
    assert np.percentile(np.abs(apart), 99) < 4


def test_eyes_behind_lenses_stay_as_sharp_as_the_photo() -> None:
    """A model gives the whole face back softer; that softness is no part of the edit."""
    worn, bare, _, face = worn_and_bare()
    crop, made, frame, alignment = as_a_model_gives_it()
    result = applied(worn, measure_change(crop, made, frame), alignment)
    x, y = face.landmarks[0].astype(int)
    eye = np.s_[y - 12 : y + 13, x - 20 : x + 21]
    edges = [np.abs(cv2.Laplacian(to_grey(p), cv2.CV_32F))[eye].mean() for p in (result, bare)]
    assert edges[0] > 0.8 * edges[1]


def test_a_small_photo_takes_what_the_model_gives() -> None:
    """Where the photo is no sharper than the crop there is no texture to add."""
    worn, bare, cover, _ = worn_and_bare(80)
    crop, made, frame, alignment = as_a_model_gives_it(80)
    assert alignment.scale > 1.5
    result = applied(worn, measure_change(crop, made, frame), alignment)
    rim = cover > 0.5
    assert np.abs(result.astype(int) - bare)[rim].mean() < 0.15 * np.abs(worn.astype(int) - bare)[rim].mean()


def test_without_a_frame_in_it_the_mask_of_a_model_changes_nothing() -> None:
    crop, made, frame, _ = as_a_model_gives_it()
    one, other = measure_change(crop, made, np.zeros_like(frame)), measure_change(crop, made)
    assert one.rims is None and np.array_equal(one.mask, other.mask)


def test_a_model_that_changes_nothing_on_a_tilted_head_leaves_the_photo() -> None:
    """The window of no pixels was an error of OpenCV."""
    worn, _, _, face = worn_and_bare()
    landmarks = face.landmarks + np.array([[0, -15], [0, 15], [0, 0], [0, 0], [0, 0]])
    crop, alignment = align(worn, Face(face.box, 1.0, landmarks), CROP)
    result = worn.copy()
    levels = crop.astype(np.float32)
    assert apply_change(result, measure_change(levels, levels.copy()), alignment) == 0
    assert np.array_equal(result, worn)
