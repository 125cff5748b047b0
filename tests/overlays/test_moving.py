"""A scene that moves with its face is the scene that would be read there."""

import numpy as np

from cyclegan_glasses.overlays.moving import carried, mixed
from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Camera, Light, Scene


def _blob(height: int, width: int) -> np.ndarray:
    """Smooth, so that resampling costs little."""
    y, x = np.mgrid[:height, :width]
    return np.round(127 + 100 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)


def test_hair_over_a_frame_moves_with_the_head() -> None:
    scene = Scene(skin=_blob(60, 80), hair=_blob(60, 80)[::-1].copy(), corner=(30, 20), step=1.5)
    angle, scale = 0.2, 1.3
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    motion = np.array([[cosine, -sine, 12.3], [sine, cosine, -7.7]])
    moved = carried(scene, motion)
    places = np.array([[70.0, 50.0], [90.0, 60.0], [60.0, 70.0], [100.0, 45.0]])
    for name in ("skin", "hair"):
        for place in places:
            there = motion[:, :2] @ (place + 0.5) + motion[:, 2] - 0.5
            before, after = (
                _value(one, getattr(one, name), point) for one, point in ((scene, place), (moved, there))
            )
            assert abs(before - after) < 0.05
    assert moved.cover is None and moved.light == scene.light


def _value(scene: Scene, layer: np.ndarray, place: np.ndarray) -> float:
    x, y = np.round(place).astype(int).tolist()
    return float(scene.layer(layer, Crop(x, y, 1, 1, 1)).item())


def test_a_frame_does_not_flicker_when_the_light_is_read_anew() -> None:
    old = Scene(Light(ambient=0.4), Camera(blur=1.0, grain=2.0))
    new = Scene(Light(ambient=0.8), Camera(blur=2.0, grain=4.0), skin=_blob(4, 4))
    between = mixed(old, new, 0.25)
    assert np.isclose(between.light.ambient, 0.5) and np.isclose(between.camera.blur, 1.25)
    assert between.skin is new.skin
    assert mixed(old, new, 0.0).light == old.light and mixed(old, new, 1.0).camera == new.camera
