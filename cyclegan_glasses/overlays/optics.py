"""What a lens does to the picture: it bends what lies behind it and mirrors what lies in front."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cyclegan_glasses.overlays.dazzle import bright_scene, dazzle, edge
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Camera, Scene

_GAP = 0.016
"""Metres from the lens to the skin behind it."""
_RADIUS = 118.0
"""Of the front of a lens in mm: a base curve of 4.5 dioptres of glass with an index of 1.53."""
_FLASH = 0.4
"""The fraction of photos with a spot of light in the lenses."""
_COATS = np.array([(1.0, 1.0, 1.0), (0.5, 1.0, 0.72), (0.66, 0.62, 1.0)], np.float32)
"""Colours of what is mirrored: by a bare lens, and by green and blue antireflective coats."""


def refract(picture: np.ndarray, centre: np.ndarray, cover: np.ndarray, power: float) -> np.ndarray:
    """A part of the picture as seen through a thin lens.

    What lies `d` behind a thin lens of power `F` looks 1 / (1 - dF) as large to a distant eye.

    Args:
        picture: float32 (h, w, 3), levels of 0 to 255.
        centre: of the lens (2,), in pixels of the part.
        cover: float32 (h, w, 1), how much of a pixel is lens.
        power: in dioptres.

    Returns:
        float32 (h, w, 3), 0 … 255.
    """
    larger = 1 / (1 - _GAP * power)
    if abs(larger - 1) < 0.003:
        return picture
    # Each pixel looks towards the middle of the lens.
    matrix = np.column_stack([np.eye(2) / larger, centre * (1 - 1 / larger)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    bent = cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return picture + cover * (bent - picture)


def light_through(
    crop: Crop, lens: np.ndarray, lenses: Sequence[np.ndarray], frame: Frame, camera: Camera
) -> np.ndarray:
    """The fraction of red, green and blue that one lens lets through, float32 (h or 1, w or 1, 3) of `crop`.

    A gradient fades evenly from the upper rim of the lens ((n, 2) pixels, as `lenses`) to the lower one.
    """
    taken = frame.tint_strength * (1 - camera.tone(np.array(frame.tint, np.float32)) / 255)
    if not frame.gradient:
        return (1 - taken)[None, None]
    # Down is across the line from lens to lens, so that the gradient leans with the head.
    across = lenses[1].mean(axis=0) - lenses[0].mean(axis=0)
    down = np.array([-across[1], across[0]]) / max(float(np.hypot(*across)), 1e-6)
    heights = lens @ down
    low, high = float(heights.min()), float(heights.max())
    y, x = np.ogrid[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    height = ((x * down[0] + y * down[1] - low) / max(high - low, 1e-6)).astype(np.float32)
    left = 1 - frame.gradient * np.clip(height, 0, 1)
    return 1 - left[..., None] * taken


def reflections(crop: Crop, lens: np.ndarray, frame: Frame, pose: Pose, scene: Scene) -> np.ndarray:
    """How much of the surroundings one lens ((n, 2) pixels) mirrors, float32 (h, w, 3) of the crop, 0 … 1.

    The front of a lens is a sphere's, so that it mirrors some 40 degrees of what lies behind the camera: a
    sky or ceiling, a darker ground, and a few windows and lamps, which both lenses show at their own places.
    """
    # Millimetres from the middle of the lens, along the head's axes.
    axes = (pose.scale * pose.rotation[:2, :2]).astype(np.float32)
    inverse = np.linalg.pinv(axes)
    offset = np.array([crop.x, crop.y]) - (lens.min(axis=0) + lens.max(axis=0)) / 2
    across = (np.arange(crop.width) + offset[0]).astype(np.float32)[None]
    down = (np.arange(crop.height) + offset[1]).astype(np.float32)[:, None]
    x = inverse[0, 0] * across + inverse[0, 1] * down
    y = inverse[1, 0] * across + inverse[1, 1] * down
    # The direction that each point mirrors into the camera, in degrees to the right and down.
    side = np.sign(pose.rotation[:2, 0] @ (lens.mean(axis=0) - pose.origin))
    normal = np.stack([
        x / _RADIUS + side * np.tan(np.radians(frame.wrap)),
        y / _RADIUS + np.float32(np.tan(np.radians(frame.tilt))),
        np.full_like(x, -1),
    ])  # fmt: skip
    seen = np.tensordot(pose.rotation.astype(np.float32), normal.astype(np.float32), 1)
    right, below = (np.degrees(2 * np.arctan2(seen[axis], -seen[2])) for axis in (0, 1))
    radiance, colour = _surroundings(right, below, frame, scene)
    mirrored = frame.reflection * radiance[..., None] * scene.camera.tone(colour)
    if scene.dazzle:
        mirrored = mirrored + dazzle(right, below, scene)
    if scene.veil:
        mirrored = mirrored + bright_scene(right, below, scene)
    return np.minimum(mirrored, 1)


def mirror_coat(crop: Crop, lens: np.ndarray, colour: np.ndarray, glare: np.ndarray) -> np.ndarray:
    """What a mirror coat shows, levels (h, w, 3): the sky above, the ground below, and what shines.

    Args:
        lens: outline (n, 2) in pixels of the picture.
        colour: of the coat, levels (3,).
        glare: of this lens, see `reflections`.
    """
    low, high = float(lens[:, 1].min()), float(lens[:, 1].max())
    height = (np.arange(crop.height, dtype=np.float32) + crop.y - low) / max(high - low, 1e-6)
    sky = 0.95 / (1 + np.exp((np.clip(height, 0, 1) - 0.45) / 0.12))
    return colour * (0.28 + sky[:, None, None] + 3 * glare)


def _surroundings(
    right: np.ndarray, below: np.ndarray, frame: Frame, scene: Scene
) -> tuple[np.ndarray, np.ndarray]:
    """What comes from directions (h, w) in degrees, 0 … 1, and the colour (3,) of the lens coat."""
    rng = np.random.default_rng([scene.camera.seed, round(100 * frame.lens_width)])
    lamp = scene.light.unit()
    middle = np.degrees(np.arctan2(lamp[:2], max(0.3, -lamp[2])))
    light = 0.05 + 0.26 / (1 + np.exp((below + rng.uniform(-5, 12)) / 5))
    for _ in range(int(rng.integers(1, 4))):
        width, height = rng.uniform(5, 18), rng.uniform(6, 18)
        at = np.array([0.5, 0.3]) * middle + rng.normal(0, (16, 10)) + (0, 12)
        strength, soft = rng.uniform(0.3, 0.9), rng.uniform(2.0, 5.0)
        lean = rng.uniform(-0.25, 0.25)
        if rng.random() < 0.3:  # a bright wall or a window front
            width, height, strength, soft = 3 * width, 1.6 * height, 0.5 * strength, 3 * soft
        u, v = right - at[0] - lean * (below - at[1]), below - at[1]
        inside = edge(width / 2 - np.abs(u), soft) * edge(height / 2 - np.abs(v), soft)
        inside = inside * np.clip(0.75 - 0.5 * v / height, 0.4, 1)  # brightest above
        light = np.maximum(light, strength * inside)
    if rng.random() < _FLASH:
        # A flash or a bare lamp near the camera: a dazzling spot with a halo.
        away = np.square(right - rng.normal(0, 5)) + np.square(below - rng.uniform(2, 22))
        light = light + 1.6 * np.exp(-away / rng.uniform(2, 9)) + 0.3 * np.exp(-away / 60)
    return light.astype(np.float32), _COATS[int(rng.choice(3, p=(0.6, 0.22, 0.18)))]
