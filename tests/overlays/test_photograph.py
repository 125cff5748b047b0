"""What is read off a photograph: if these fail, drawn glasses look pasted on."""

from __future__ import annotations

import dataclasses

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
    """Of some faces the eyes alone are known."""
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
    seen = cv2.resize(far.layer(far.skin, crop), (128, 128), interpolation=cv2.INTER_AREA)
    there = near.layer(near.skin, Crop(0, 0, 128, 128, 1))[..., 0]
    assert np.abs(seen - there).mean() < 0.05


def painted_head(hair: np.ndarray | None = None, skin: tuple[int, ...] = (205, 150, 120)) -> np.ndarray:
    """A face of 200 by 200 pixels, eyes at `HEAD_EYES`, with dark hair where `hair` (200, 200) says so."""
    picture = np.full((200, 200, 3), (120, 150, 170), np.uint8)
    cv2.ellipse(picture, (100, 105), (66, 92), 0, 0, 360, skin, -1, cv2.LINE_AA)
    if hair is not None:
        picture[hair] = (40, 30, 26)
    for x, _ in HEAD_EYES:
        cv2.ellipse(picture, (round(x), 62), (20, 4), 0, 0, 360, (52, 38, 30), -1, cv2.LINE_AA)  # brows
        cv2.ellipse(picture, (round(x), 80), (12, 6), 0, 0, 360, (235, 232, 228), -1, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


HEAD_EYES = ((68.5, 80.0), (131.5, 80.0))


def test_a_fringe_and_long_hair_lie_over_the_front() -> None:
    """Rims on top of a fringe are the first thing that people see."""
    y, x = np.indices((200, 200))
    cap = y < 40
    fringe, long_hair = cap | ((y < 74) & (np.abs(x - 100) < 60)), cap | (np.abs(x - 100) > 52)
    scenes = [read_scene(painted_head(hair), Pose.from_eyes(*HEAD_EYES)) for hair in (cap, fringe, long_hair)]
    layers = [s.layer(s.hair, Crop(0, 0, 200, 200, 1))[..., 0] for s in scenes if s.hair is not None]
    short, low, sides = layers
    assert short[60:66, 55:82].mean() < 0.05  # a brow is no hair
    assert low[52:58, 60:140].mean() > 0.8 and low[78:120, 60:140].mean() < 0.05
    assert sides[80:110, 40:46].mean() > 0.6 and sides[80:110, 56:144].mean() < 0.05


def test_the_front_is_hidden_where_hair_is_and_drawn_elsewhere() -> None:
    y, x = np.indices((200, 200))
    picture = painted_head((y < 40) | ((y < 74) & (np.abs(x - 100) < 60)))
    pose, frame = Pose.from_eyes(*HEAD_EYES), Frame(lens_height=36.0, drop=0.0, colour=(230, 40, 40))
    scene = read_scene(picture, pose)
    behind, mask = draw_glasses(picture, frame, pose, scene)
    over, _ = draw_glasses(picture, frame, pose, dataclasses.replace(scene, hair=None))
    assert ((behind != picture).any(axis=2) == (mask > 0)).all()
    above, below = (slice(56, 66), slice(60, 78)), (slice(92, 108), slice(60, 78))
    red = [p[..., 0].astype(int) - p[..., 1] for p in (behind, over)]
    assert red[1][above].max() > 90 > 40 > red[0][above].max()
    assert red[0][below].max() > 90


def test_a_bare_head_and_a_wall_behind_it_are_no_hair() -> None:
    """A rim that stands out beyond the cheek must not vanish into the background."""
    y, x = np.indices((200, 200))
    for picture in (painted_head(), painted_head((np.abs(x - 100) > 64) & (y > 30))):
        scene = read_scene(picture, Pose.from_eyes(*HEAD_EYES))
        assert scene.hair is not None and scene.hair.mean() < 2


@pytest.mark.parametrize("level", [0.35, 1.0])
def test_a_pale_frame_is_no_brighter_than_the_face_allows(level: float) -> None:
    """Ivory rims that glow on a face in the dark were the most frequent sign of a drawing."""
    picture = np.round(painted_head() * level).astype(np.uint8)
    pose = Pose.from_eyes(*HEAD_EYES)
    frame = Frame(colour=(232, 224, 204), rim=5.0, gloss=0.3)
    after, _ = draw_glasses(picture, frame, pose, read_scene(picture, pose))
    rim = after[84:92, 26:40].reshape(-1, 3).max(axis=1)
    white = float(picture[78:82, 60:78].max())
    assert 0.6 * white < rim.max() < 1.2 * white


def test_the_side_in_shade_darkens_the_rim() -> None:
    light = np.clip(np.linspace(1.5, 0.3, 200), 0.35, 1.1)[None, :, None]
    picture = np.round(np.clip(painted_head() * light, 0, 255)).astype(np.uint8)
    pose, frame = Pose.from_eyes(*HEAD_EYES), Frame(colour=(200, 190, 180), rim=5.0, gloss=0.0)
    scene = read_scene(picture, pose)
    after, mask = draw_glasses(picture, frame, pose, scene)
    even, _ = draw_glasses(picture, frame, pose, dataclasses.replace(scene, shade=None))
    left, right = (mask > 250) & (np.arange(200) < 50), (mask > 250) & (np.arange(200) > 150)
    assert after[left].mean() > 1.3 * after[right].mean()
    assert after[left].mean() / after[right].mean() > 1.08 * even[left].mean() / even[right].mean()


def test_a_grey_photo_gets_a_grey_frame_and_a_hazy_one_no_black() -> None:
    """A red frame in a photo of 1930, or black rims in a faded print, were put there yesterday."""
    pose, red = Pose.from_eyes(*HEAD_EYES), Frame(colour=(200, 30, 30), rim=5.0)
    grey = cv2.cvtColor(cv2.cvtColor(painted_head(), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    after, mask = draw_glasses(grey, red, pose, read_scene(grey, pose))
    assert np.ptp(after[mask > 250].astype(int), axis=1).max() <= 6
    hazy = (60 + 0.7 * painted_head().astype(float)).astype(np.uint8)
    after, _ = draw_glasses(hazy, Frame(rim=5.0), pose, read_scene(hazy, pose))
    assert after.min() > 45


def test_a_picture_is_read_alike_wherever_in_memory_it_lies() -> None:
    """A run that goes on draws what it would have drawn, bit for bit."""
    image = np.asarray(ramp(100).resize((32, 32)))
    found = set()
    for _ in range(200):
        scene = read_scene(image, Pose.from_eyes((12, 12), (20, 12)))
        found.add(scene.camera.blur)
    assert len(found) == 1


def test_a_temple_lies_over_sideburns_and_under_long_hair() -> None:
    """A temple that ends where the hair begins holds on to nothing."""
    pose = Pose.from_eyes((60.0, 80.0), (112.0, 80.0), yaw=25.0)
    y, x = np.indices((200, 200))
    frame, changed = Frame(colour=(220, 40, 40), material="acetate", gloss=0.0), []
    for end in (92, 200):  # the hair beside the face ends at the ear, or hangs down
        picture = np.full((200, 200, 3), (205, 150, 120), np.uint8)
        picture[(x < 36) & (y < end)] = (40, 30, 26)
        after, _ = draw_glasses(picture, frame, pose, read_scene(picture, pose))
        changed.append(int((after[60:90, :30, 0] > 110).sum()))
    assert changed[0] > 25 > 8 > changed[1]
