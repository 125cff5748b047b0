"""The scene of a face that moves: read in one picture, used in the next ones."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from cyclegan_glasses.overlays.scene import Camera, Light, Scene

_LAYERS = ("skin", "cover", "hair", "shade")


def carried(scene: Scene, motion: np.ndarray) -> Scene:
    """The scene where the head has moved since: its layers move along, light and camera stay.

    Args:
        motion: (2, 3), a similarity, from the picture that `scene` was read in to the one that it is for, in
            pixels from the corner of the first one.
    """
    layers = {name: getattr(scene, name) for name in _LAYERS}
    known = [name for name in _LAYERS if layers[name] is not None]
    if not known:
        return scene
    height, width = layers[known[0]].shape
    edges = np.array([[0, 0], [width, 0], [width, height], [0, height]]) * scene.step + scene.corner
    there = edges @ motion[:, :2].T + motion[:, 2]
    step = scene.step * math.hypot(motion[0, 0], motion[1, 0])
    corner = np.floor(there.min(0)).astype(int)
    size = np.maximum(1, np.ceil((there.max(0) - corner) / step)).astype(int)
    # From pixels of the old layers to pixels of the new ones, counted from their centres.
    half = np.full(2, 0.5)
    linear = motion[:, :2] * (scene.step / step)
    shift = linear @ half + (motion[:, :2] @ scene.corner + motion[:, 2] - corner) / step - half
    matrix = np.column_stack([linear, shift])
    stack = np.dstack([layers[name] for name in known])
    moved = cv2.warpAffine(stack, matrix, size.tolist(), borderMode=cv2.BORDER_REPLICATE)
    moved = moved.reshape(*moved.shape[:2], len(known))
    layers |= {name: np.ascontiguousarray(moved[:, :, place]) for place, name in enumerate(known)}
    x, y = corner.tolist()
    return replace(scene, corner=(x, y), step=step, **layers)


def mixed(old: Scene, new: Scene, fraction: float) -> Scene:
    """`new`, whose light and camera have come only so far from those of `old`: neither jumps.

    Args:
        fraction: of `new`, 0 to 1.
    """

    def mean(before: float, after: float) -> float:
        return before + fraction * (after - before)

    def means(before: tuple[float, ...], after: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(map(mean, before, after))

    a, b = old.light, new.light
    light = Light(
        means(a.direction, b.direction),
        means(a.colour, b.colour),
        mean(a.ambient, b.ambient),
        mean(a.penumbra, b.penumbra),
    )
    one, other = old.camera, new.camera
    camera = Camera(
        mean(one.blur, other.blur),
        mean(one.grain, other.grain),
        one.seed,
        means(one.black, other.black),
        mean(one.saturation, other.saturation),
    )
    return replace(new, light=light, camera=camera)
