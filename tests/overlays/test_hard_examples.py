"""Glasses that are hard to take off: if these fail, a remover meets its worst cases in use alone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import Frame, worn_frame
from cyclegan_glasses.overlays.hard_examples import hard_example
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.render import draw_layers
from cyclegan_glasses.overlays.scene import Camera, Light, Scene

EYES = (50.0, 64.0), (110.0, 64.0)
FACE = np.full((128, 160, 3), 120, np.uint8)
HAIR = np.full((128, 160), 255, np.uint8)


def examples(count: int) -> list[tuple[Frame, Scene]]:
    """Hard examples of as many worn frames, each by its own number."""
    made = []
    for number in range(count):
        rng = np.random.default_rng(number)
        frame, scene = hard_example(worn_frame(rng), Scene(cover=HAIR, camera=Camera(seed=number)), rng)
        assert isinstance(frame, Frame)
        made.append((frame, scene))
    return made


def test_they_are_what_few_photos_have() -> None:
    made = examples(300)
    counts = {
        "dazzling": sum(scene.dazzle > 0.5 for _, scene in made),
        "shadows": sum(scene.light.penumbra < 1 for _, scene in made),
        "arms over hair": sum(scene.cover is None for _, scene in made),
        "tinted": sum(frame.tint_strength > 0.15 for frame, _ in made),
        "mirrors": sum(frame.mirror > 0.1 for frame, _ in made),
        "strong": sum(frame.power < -5 for frame, _ in made),
        "thick and pale": sum(frame.rim > 3.5 and min(frame.colour) > 90 for frame, _ in made),
        "thick and low on the nose": sum(frame.rim > 3 and frame.drop < 2.9 for frame, _ in made),
        "veiled": sum(scene.veil > 0.15 for _, scene in made),
        "two tones": sum(frame.pattern == "two-tone" for frame, _ in made),
    }
    assert min(counts.values()) > 5 and max(counts.values()) < 150, counts
    again = examples(20)
    assert [frame for frame, _ in again] == [frame for frame, _ in made[:20]]


def test_some_lenses_hide_the_eye_and_most_do_not() -> None:
    """A remover that never saw an opaque lens leaves it; one that sees nothing else invents eyes."""
    hidden = []
    for seed in range(60):
        scene = Scene(camera=Camera(seed=seed), dazzle=1.0)
        after, _, layers = draw_layers(FACE, Frame(reflection=0.0), Pose.from_eyes(*EYES), scene)
        lens = layers[..., 1] == 255
        assert (after[(layers[..., 3] > 230) & (layers[..., 0] == 0)].mean(axis=1) > 150).all()
        hidden.append((layers[..., 3][lens] > 230).mean())
    assert max(hidden) > 0.5 and np.median(hidden) < 0.2


def test_a_veil_takes_contrast_and_adds_light_and_blurs_nothing() -> None:
    """A truth softer or sharper than what the lens shows would teach a remover to blur eyes."""
    stripes = np.where(np.arange(160)[None, :, None] % 8 < 4, 60, 160).astype(np.uint8)
    stripes = np.broadcast_to(stripes, (128, 160, 3)).copy()
    pose, frame = Pose.from_eyes(*EYES), Frame(reflection=0.0, power=0.0, tint_strength=0.0)
    light = Light(colour=(1.0, 1.0, 1.0))
    for seed in range(5):
        camera = Camera(seed=seed, saturation=0.0)
        before = draw_layers(stripes, frame, pose, Scene(light, camera))[0].astype(float)
        after, _, layers = draw_layers(stripes, frame, pose, Scene(light, camera, veil=0.5))
        lens = (layers[..., 1] == 255) & (layers[..., 0] == 0) & (layers[..., 2] == 0)
        after = after.astype(float)
        lit = (after - before)[lens]
        assert lit.min() >= 0 and 20 < lit.max() <= 0.5 * (255 - 60) + 1
        beyond = cv2.dilate(layers[..., 1], np.ones((3, 3), np.uint8)) == 0
        assert (after == before)[beyond].all()
        across = lens[:, 1:] & lens[:, :-1]
        steps = [np.abs(np.diff(picture[..., 1], axis=1))[across] for picture in (before, after)]
        sharp = steps[0] > 50
        assert sharp.sum() > 20 and (steps[1][sharp] > 0.4 * steps[0][sharp]).mean() > 0.9


def test_a_small_lamp_casts_a_sharp_shadow_and_two_tones_are_two() -> None:
    pose, lamp = Pose.from_eyes(*EYES), Light((0.0, -0.8, -0.8), ambient=0.1)
    steps = []
    for penumbra in (0.3, 3.0):
        scene = Scene(light=replace(lamp, penumbra=penumbra))
        shadow = draw_layers(FACE, Frame(rim=4.0), pose, scene)[2][..., 2].astype(int)
        steps.append(np.abs(np.diff(shadow, axis=0)).max())
    assert steps[0] > 1.5 * steps[1]
    colours = {"colour": (200, 0, 0), "wire": (0, 0, 200)}
    frame = Frame("square", lens_height=44.0, rim=6.0, pattern="two-tone", **colours)  # type: ignore[arg-type]
    after, _, layers = draw_layers(FACE, frame, pose, Scene())
    rim = (layers[..., 0] == 255) & (np.arange(160) < 70) & (np.arange(160) > 30)
    redder = (after[..., 0].astype(int) - after[..., 2])[rim]
    assert (redder > 60).any() and (redder < -60).any()


def test_a_custom_frame_keeps_its_picture() -> None:
    custom = CustomFrame("own.png", np.zeros((8, 20, 4), np.uint8), 130.0, Frame())
    made = [hard_example(custom, Scene(), np.random.default_rng(number)) for number in range(20)]
    assert {scene.dazzle > 0 for _, scene in made} == {True, False}
    assert all(isinstance(frame, CustomFrame) and frame.texture is custom.texture for frame, _ in made)


def test_points_of_light_lie_on_the_rims() -> None:
    pose, frame = Pose.from_eyes(*EYES), Frame(reflection=0.0, rim=3.0)
    plain, _, before = draw_layers(FACE, frame, pose, Scene())
    near = cv2.dilate(before[..., 0], np.ones((7, 7), np.uint8)) > 0
    lit = 0
    for seed in range(30):
        scene = Scene(camera=Camera(seed=seed), dazzle=1.0)
        after, _, layers = draw_layers(FACE, frame, pose, scene)
        beside = layers[..., 1] == 0  # not on a lens
        points = beside & (layers[..., 3] > 40)
        assert near[points].all() and points.sum() < 200
        assert (after[points].mean(axis=1) > plain[points].mean(axis=1)).all()
        lit += points.any()
    assert 5 <= lit <= 25
