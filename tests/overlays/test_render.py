"""Glasses drawn on a picture: if these fail, pairs have wrong masks or glasses that sit beside the eyes."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from cyclegan_glasses.overlays.frames import Frame, random_frame, worn_frame
from cyclegan_glasses.overlays.geometry import model_of
from cyclegan_glasses.overlays.outlines import SHAPES, outline
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.render import draw_glasses, draw_layers, draw_window
from cyclegan_glasses.overlays.scene import Camera, Light, Scene, Wearer

SIZE = 160
LEFT, RIGHT = (0.31 * SIZE, 0.4 * SIZE), (0.69 * SIZE, 0.4 * SIZE)


def grainy(level: int = 170) -> np.ndarray:
    """A picture on which any change shows."""
    return np.random.default_rng(0).integers(level - 40, level + 40, (SIZE, SIZE, 3)).astype(np.uint8)


def worn(yaw: float = 0.0, **changes: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Before, after and mask of a black frame."""
    before = grainy()
    frame = dataclasses.replace(Frame(), **changes)  # type: ignore[arg-type]
    after, mask = draw_glasses(before, frame, Pose.from_eyes(LEFT, RIGHT, yaw=yaw))
    return before, after, mask


def test_there_are_at_least_nine_shapes() -> None:
    named = "round oval rectangle square aviator cat-eye browline half-rim rimless"
    assert set(named.split()) <= set(SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mask_is_exact(shape: str) -> None:
    """A pair is used as ground truth: outside its mask nothing may differ, inside everything does."""
    for number in range(3):
        frame = random_frame(np.random.default_rng(number), shape)
        before, pose = grainy(), Pose.from_eyes(LEFT, RIGHT, yaw=9 * number)
        kept = before.copy()
        after, mask = draw_glasses(before, frame, pose)
        assert (before == kept).all()
        assert ((after != before).any(axis=2) == (mask > 0)).all()
        assert mask.dtype == np.uint8 and 0.04 < (mask > 127).mean() < 0.35


@pytest.mark.parametrize("shape", SHAPES)
def test_each_lens_is_closed_around_its_eye(shape: str) -> None:
    """Rims beside the eyes or with gaps are no glasses: the mask around each eye is one whole lens."""
    frame = random_frame(np.random.default_rng(3), shape)
    _, mask = draw_glasses(grainy(), frame, Pose.from_eyes(LEFT, RIGHT))
    scale = (RIGHT[0] - LEFT[0]) / 63
    for x, y in (LEFT, RIGHT):
        assert mask[round(y), round(x)] > 200
        row = np.nonzero(mask[round(y + frame.drop * scale)] > 127)[0]
        mine = row[(row > x - 40) & (row < x + 40)]
        assert frame.lens_width * scale * 0.9 < mine.max() - mine.min()


def test_a_full_rim_is_dark_all_round_and_clear_within() -> None:
    before, after, _ = worn(
        shape="round",
        lens_width=48.0,
        lens_height=48.0,
        rim=4.0,
        gloss=0.0,
        reflection=0.0,
        tint_strength=0.02,
    )
    scale = (RIGHT[0] - LEFT[0]) / 63
    middle = np.array([(18 + 48) / 2, 3.0])
    angle = np.linspace(0, 2 * np.pi, 60)
    for side in (-1, 1):
        ring = (np.stack([np.cos(angle), np.sin(angle)], 1) * 26 + middle) * (side, 1) * scale
        ring = np.round(np.add(ring, ((LEFT[0] + RIGHT[0]) / 2, LEFT[1]))).astype(int)
        assert after[ring[:, 1], ring[:, 0]].max() < 90
        assert before[ring[:, 1], ring[:, 0]].min() > 120
    x, y = round(RIGHT[0]), round(RIGHT[1])
    assert after[y - 3 : y + 4, x - 3 : x + 4].mean() > 0.85 * before[y - 3 : y + 4, x - 3 : x + 4].mean()


def test_temples_are_seen_at_the_side_that_is_turned_to_the_camera() -> None:
    """Otherwise turned heads wear temples through the face."""
    for yaw in (-22.0, 22.0):
        _, _, mask = worn(yaw)
        front = worn(0.0)[2]
        solid, ahead = np.nonzero((mask > 200).any(axis=0))[0], np.nonzero((front > 200).any(axis=0))[0]
        near, far = (solid[0], solid[-1]) if yaw > 0 else (SIZE - 1 - solid[-1], SIZE - 1 - solid[0])
        edge = ahead[0] if yaw > 0 else SIZE - 1 - ahead[-1]
        assert near <= max(0, edge - 8)
        assert far < SIZE - 1 - edge


def test_hair_and_ears_hide_the_temples_only() -> None:
    """Long hair lies over the near temple, and the face over the far one; the front stays as it was."""
    frame, pose, before = Frame(), Pose.from_eyes(LEFT, RIGHT, yaw=20), grainy()
    full = np.full((SIZE, SIZE), 255, np.uint8)
    open_, visible = draw_glasses(before, frame, pose)
    hidden, without = draw_glasses(before, frame, pose, Scene(cover=full))
    behind, _ = draw_glasses(before, frame, pose, Scene(skin=full))
    changed, far = ((open_ != other).any(axis=2) for other in (hidden, behind))
    assert 80 < changed.sum() < 1500
    assert 20 < far.sum() < changed.sum() and far[:, : SIZE // 2].sum() == 0
    assert (without[:, round(LEFT[0]) : round(RIGHT[0])] > 0).sum() == (
        visible[:, round(LEFT[0]) : round(RIGHT[0])] > 0
    ).sum()


def test_shadow_falls_on_skin_only_and_away_from_the_lamp() -> None:
    frame, pose, before = Frame(), Pose.from_eyes(LEFT, RIGHT), np.full((SIZE, SIZE, 3), 200, np.uint8)
    none, _ = draw_glasses(before, frame, pose, Scene(skin=np.zeros((SIZE, SIZE), np.uint8)))
    high, _ = draw_glasses(before, frame, pose, Scene(Light((0.0, -0.9, -0.7), ambient=0.3)))
    below = slice(int(LEFT[1] + 30), int(LEFT[1] + 42))
    assert (none[below] == 200).all()
    assert (high[below].min(axis=(0, 2)) < 185).sum() > 20


def test_sunglasses_take_light_and_plain_ones_hardly() -> None:
    rng = np.random.default_rng
    pose, before = Pose.from_eyes(LEFT, RIGHT), grainy()
    x, y = round(LEFT[0]), round(LEFT[1])
    for dark, low, high in ((True, 0.1, 0.75), (False, 0.85, 1.25)):
        frame = dataclasses.replace(random_frame(rng(1), "square", sunglasses=dark), reflection=0.1)
        after, _ = draw_glasses(before, frame, pose, Scene(Light(ambient=0.9)))
        assert (
            low
            < after[y - 4 : y + 5, x - 4 : x + 5].mean() / before[y - 4 : y + 5, x - 4 : x + 5].mean()
            < high
        )


def test_a_head_outside_the_picture_changes_nothing() -> None:
    before = grainy()
    after, mask = draw_glasses(before, Frame(), Pose.from_eyes((-900, -900), (-850, -900)))
    assert (after == before).all() and not mask.any()


def test_other_pictures_and_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8 RGB"):
        draw_glasses(np.zeros((8, 8), np.uint8), Frame(), Pose.from_eyes(LEFT, RIGHT))
    with pytest.raises(ValueError, match="unknown frame shape 'heart'"):
        Frame(shape="heart")
    with pytest.raises(ValueError, match="longer than nothing"):
        Frame(lens_width=0)


def test_frames_are_as_wide_as_those_in_shops() -> None:
    """Sizes out of range would teach a model glasses that nobody wears."""
    frames = [random_frame(np.random.default_rng(k)) for k in range(200)]
    widths = [2 * frame.lens_width + frame.bridge for frame in frames]
    assert min(widths) > 100 and max(widths) < 140
    assert random_frame(np.random.default_rng(5)) == random_frame(np.random.default_rng(5))
    assert model_of(Frame(), Wearer()) is model_of(Frame(), Wearer())


def test_a_deep_picture_is_drawn_in_its_window_without_rounding() -> None:
    """The editor keeps 16 bits, and never draws on the whole of a large photo."""
    pose, before = Pose.from_eyes(LEFT, RIGHT), grainy()
    whole, mask = draw_glasses(before, Frame(), pose)
    drawn = draw_window(before.astype(np.uint16) * 257, Frame(), pose)
    assert drawn is not None and drawn.levels.dtype == np.float32
    assert drawn.levels.shape[:2] == drawn.mask.shape < before.shape[:2]
    np.testing.assert_allclose(drawn.levels, whole[drawn.window], atol=0.5001)
    assert ((drawn.mask > 0) >= (mask[drawn.window] > 0)).all()
    with pytest.raises(ValueError, match="float64"):
        draw_window(before.astype(float), Frame(), pose)


def test_layers_may_belong_to_a_part_of_the_picture() -> None:
    """The scene of a large photo is that of a shrunk window around the face."""
    layer = np.random.default_rng(1).integers(0, 2, (SIZE // 8, SIZE // 8), np.uint8) * 255
    layer = cv2.resize(layer, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    pose, before, part = Pose.from_eyes(LEFT, RIGHT), grainy(), (slice(20, 140), slice(4, 156))
    whole, _ = draw_glasses(before, Frame(), pose, Scene(skin=layer))
    window, _ = draw_glasses(before, Frame(), pose, Scene(skin=layer[part], corner=(4, 20)))
    small = cv2.resize(layer, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    coarse, _ = draw_glasses(before, Frame(), pose, Scene(skin=small, step=2.0))
    assert (whole == window).all()
    assert np.abs(coarse.astype(int) - whole).max() < 12 and np.abs(coarse.astype(int) - whole).mean() < 0.3


def test_a_gradient_is_darkest_above() -> None:
    """Fashion lenses fade downwards; a tint that does not is another product."""
    even, fading = (
        worn(tint=(60, 56, 52), tint_strength=0.8, reflection=0.0, power=0.0, gradient=gradient)[1]
        for gradient in (0.0, 0.9)
    )
    x, y = round(LEFT[0]), round(LEFT[1])
    above, below = slice(y - 11, y - 7), slice(y + 16, y + 20)
    across = slice(x - 8, x + 8)
    assert fading[below, across].mean() > 1.7 * even[below, across].mean()
    assert fading[above, across].mean() == pytest.approx(even[above, across].mean(), rel=0.35)


def test_a_mirror_coat_hides_the_eyes_behind_its_colour() -> None:
    after = worn(mirror=0.9, mirror_colour=(40, 90, 220), reflection=0.0)[1]
    x, y = round(LEFT[0]), round(LEFT[1])
    red, green, blue = after[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3).mean(axis=0)
    assert blue > 1.5 * green > 1.5 * red
    assert after[y - 4 : y + 5, x - 4 : x + 5].std(axis=1).max() < 8, "from the sky to the ground it darkens"
    assert after[y - 9, x].mean() > 1.2 * after[y + 9, x].mean()
    with pytest.raises(ValueError, match="0 to 1"):
        Frame(mirror=1.5)


def test_both_lenses_mirror_one_room() -> None:
    """A window stands at its own place in each lens; the same blot in both is a stamp."""
    pose, before = Pose.from_eyes(LEFT, RIGHT), np.full((SIZE, SIZE, 3), 90, np.uint8)
    frame = Frame(reflection=1.0, tint_strength=0.0, power=0.0, wrap=6.0)
    found = 0
    for seed in range(10):
        scene = Scene(skin=np.zeros((SIZE, SIZE), np.uint8), camera=Camera(seed=seed))
        after, _ = draw_glasses(before, frame, pose, scene)
        again, _ = draw_glasses(before, frame, pose, scene)
        assert (after == again).all()
        lenses = [
            after[round(y) - 10 : round(y) + 18, round(x) - 16 : round(x) + 17].astype(int).max(axis=2) - 90
            for x, y in (LEFT, RIGHT)
        ]
        assert all(lens.min() >= 0 and lens.mean() > 4 for lens in lenses)
        found += max(lens.max() for lens in lenses) > 60 and np.abs(lenses[0] - lenses[1]).mean() > 2
    assert found >= 3


def test_frames_in_photos_are_those_that_people_wear() -> None:
    """Most are small, dark and of metal; as many aviators as rectangles are worn nowhere."""
    frames = [worn_frame(np.random.default_rng(k)) for k in range(400)]
    shapes = [frame.shape for frame in frames]
    assert 0.25 < shapes.count("rectangle") / 400 < 0.45 and 0.1 < shapes.count("half-rim") / 400 < 0.3
    assert np.mean([frame.material == "metal" for frame in frames]) > 0.4
    assert np.mean([max(frame.colour) < 100 for frame in frames]) > 0.5
    assert np.median([frame.lens_height for frame in frames]) < 34
    assert np.mean([worn_frame(np.random.default_rng(k), True).tint_strength > 0.7 for k in range(20)]) == 1


def test_a_lens_narrows_downwards_and_rises_outwards() -> None:
    """Rectangles as they are worn: superellipses look like drawings."""
    plain, shaped = outline("rectangle"), outline("rectangle", taper=0.2, slant=0.15)
    for curve in (plain, shaped):
        np.testing.assert_allclose([curve.min(axis=0), curve.max(axis=0)], [(-1, -1), (1, 1)])

    def width(curve: np.ndarray, low: float, high: float) -> float:
        return float(np.ptp(curve[(curve[:, 1] > low) & (curve[:, 1] < high), 0]))

    assert width(shaped, 0.5, 0.9) < 0.95 * width(plain, 0.5, 0.9)
    upper = shaped[shaped[:, 1] < 0]
    assert upper[upper[:, 0] > 0.5, 1].min() < upper[upper[:, 0] < -0.5, 1].min() - 0.1
    with pytest.raises(ValueError, match="taper"):
        Frame(taper=0.8)


def test_the_layers_say_what_was_drawn_where() -> None:
    """What learns to find rims is told by these: lenses are no rims, and nothing lies outside the mask."""
    before, pose = grainy(), Pose.from_eyes(LEFT, RIGHT)
    frame = Frame(rim=4.0, reflection=1.0)
    after, mask, layers = draw_layers(before, frame, pose)
    for one, other in zip(draw_glasses(before, frame, pose), (after, mask), strict=True):
        assert (one == other).all()
    solid, lens, shadow, reflection = np.moveaxis(layers, 2, 0)
    assert layers.dtype == np.uint8 and not layers[mask == 0].any()
    for x, y in (LEFT, RIGHT):
        place = round(y), round(x)
        assert lens[place] == 255 and solid[place] == 0
    assert (solid == 255).any() and (lens[solid == 255] == 255).mean() < 0.1
    assert shadow.any() and reflection.any() and (reflection[lens == 0] == 0).all()
    hidden = draw_layers(before, frame, pose, Scene(hair=np.full((SIZE, SIZE), 255, np.uint8)))[2]
    assert not hidden.any()
    assert not draw_layers(before, frame, Pose.from_eyes((-900, -900), (-850, -900)))[2].any()
