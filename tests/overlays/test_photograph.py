"""What is read off a photograph: if these fail, drawn glasses look pasted on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cyclegan_glasses.overlays.fit import FACE, fit_pose
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.photograph import measure_camera, read_scene
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.overlays.scene import Camera, Scene
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait
from tests.data.drawing import ramp

EYES = ((41.0, 51.0), (87.0, 51.0))


def angles(pose: Pose) -> tuple[float, float]:
    ahead = pose.rotation[2]
    return float(np.degrees(np.arctan2(ahead[0], ahead[2]))), -float(np.degrees(np.arcsin(ahead[1])))


@pytest.mark.parametrize("yaw", [-25.0, 0.0, 20.0])
@pytest.mark.parametrize("pitch", [-8.0, 0.0, 8.0])
def test_a_turned_head_is_seen_turned(yaw: float, pitch: float) -> None:
    """A frame drawn straight on a turned face lies beside the nose."""
    true = Pose.from_eyes(*EYES, yaw, pitch, distance=900.0, principal=(64.0, 51.0))
    found = fit_pose(true.project(FACE) + 0.5)
    assert angles(found)[0] == pytest.approx(yaw, abs=2)
    assert angles(found)[1] == pytest.approx(pitch / 2, abs=2)
    eyes = found.project(FACE[:2])
    np.testing.assert_allclose(eyes, true.project(FACE[:2]), atol=0.01)


def test_a_face_without_measured_nose_looks_ahead() -> None:
    """The Haar cascades know the eyes alone."""
    landmarks = np.full((5, 2), np.nan)
    landmarks[:2] = EYES
    assert angles(fit_pose(landmarks)) == pytest.approx((0, 0))


@pytest.mark.parametrize("blur", [0.8, 1.5, 2.2])
def test_the_blur_of_a_picture_is_measured(blur: float) -> None:
    """Sharp glasses on a soft face are seen to be drawn."""
    blocks = np.random.default_rng(0).integers(30, 220, (8, 8), np.uint8)
    sharp = cv2.resize(blocks, (128, 128), interpolation=cv2.INTER_NEAREST)
    soft = cv2.GaussianBlur(np.dstack([sharp] * 3), (0, 0), blur)
    assert measure_camera(soft).blur == pytest.approx(blur, rel=0.3)


@pytest.mark.parametrize("grain", [0.0, 4.0, 9.0])
def test_the_grain_of_a_picture_is_measured(grain: float) -> None:
    noise = np.random.default_rng(0).normal(128, grain, (128, 128, 1)).repeat(3, axis=2)
    assert measure_camera(np.clip(np.round(noise), 0, 255).astype(np.uint8)).grain == pytest.approx(
        grain, abs=0.35 * grain + 0.4
    )


def test_drawn_parts_take_on_blur_and_grain() -> None:
    picture, frame = np.full((128, 128, 3), 200, np.uint8), Frame(rim=5.0, gloss=0.0)
    pose = Pose.from_eyes(*EYES)
    sharp, _ = draw_glasses(picture, frame, pose)
    soft, mask = draw_glasses(picture, frame, pose, Scene(camera=Camera(blur=2.0)))
    grainy, _ = draw_glasses(picture, frame, pose, Scene(camera=Camera(grain=8.0, seed=3)))
    again, _ = draw_glasses(picture, frame, pose, Scene(camera=Camera(grain=8.0, seed=3)))
    steepest = [int(np.abs(np.diff(p[:, :, 1].astype(int), axis=0)).max()) for p in (sharp, soft)]
    assert steepest[1] < 0.6 * steepest[0]
    assert ((soft != picture).any(axis=2) == (mask > 0)).all()
    rim = (sharp < 60).all(axis=2)
    assert (grainy[rim].astype(int) - sharp[rim]).std() == pytest.approx(8, rel=0.35)
    assert (grainy == again).all()


def test_the_lamp_is_found_at_its_side() -> None:
    """Shadows that fall towards the lamp give a drawn frame away."""
    picture = np.full((128, 128, 3), 120, np.uint8)
    ramp = np.linspace(60, 180, 128).astype(np.uint8)[None, :, None]
    bright = [
        read_scene(p, Pose.from_eyes(*EYES)).light for p in (picture + 0 * ramp, picture // 2 + ramp // 2)
    ]
    assert abs(bright[0].direction[0]) < 0.05 and bright[1].direction[0] > 0.15
    assert bright[1].ambient < bright[0].ambient


def test_a_dark_warm_room_makes_a_dark_warm_light() -> None:
    warm = np.full((128, 128, 3), (120, 90, 60), np.uint8)
    light = read_scene(warm, Pose.from_eyes(*EYES)).light
    assert light.colour[0] > 1.2 * light.colour[2] and max(light.colour) < 0.7


@pytest.mark.parametrize("number", range(4))
def test_skin_is_told_from_hair_and_background(number: int) -> None:
    """Temples over hair, and shadows on the wall, are what people see first."""
    drawing = draw_portrait(random_portrait(0, number), 96)
    scene = read_scene(drawing.image, drawing.pose)
    true = drawing.scene
    sure, none = true.skin > 250, (true.skin == 0) & (true.cover == 0)
    none[75:] = False  # the neck is skin too
    assert scene.skin[sure].mean() > 150 and scene.skin[none].mean() < 70
    assert (scene.cover == 255 - scene.skin).all()


def test_a_large_photo_is_read_as_its_small_copy() -> None:
    """Light and skin of a photo of many megapixels cost no more, and are the same."""
    drawing = draw_portrait(random_portrait(0, 1), 128)
    scale = 6
    large = cv2.resize(drawing.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    wide = cv2.copyMakeBorder(large, 300, 0, 200, 0, cv2.BORDER_REPLICATE).astype(np.uint16) * 257
    pose = drawing.pose.in_window((-200 / scale, -300 / scale), 1 / scale)
    near, far = read_scene(drawing.image, drawing.pose), read_scene(wide, pose)
    assert far.step > 1.5 and far.skin is not None and far.skin.size < 0.4 * large[..., 0].size
    np.testing.assert_allclose(far.light.direction, near.light.direction, atol=0.1)
    np.testing.assert_allclose(far.light.colour, near.light.colour, atol=0.06)
    crop = Crop(200, 300, 128 * scale, 128 * scale, 1)
    seen = cv2.resize(far.fraction(far.skin, crop), (128, 128), interpolation=cv2.INTER_AREA)
    there = near.fraction(near.skin, Crop(0, 0, 128, 128, 1))[..., 0]
    assert np.abs(seen - there).mean() < 0.05


def test_a_picture_is_read_alike_wherever_in_memory_it_lies() -> None:
    """A run that goes on draws what it would have drawn, bit for bit."""
    image = np.asarray(ramp(100).resize((32, 32)))
    found = set()
    for _ in range(200):
        scene = read_scene(image, Pose.from_eyes((12, 12), (20, 12)))
        found.add(scene.camera.blur)
    assert len(found) == 1
