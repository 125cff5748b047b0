"""Where a photograph shows bare skin, and where hair, a scarf or a hand lies over the face."""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import blur

_SAMPLES = np.array([(-30, 28), (30, 28), (-38, 40), (38, 40), (0, 18), (-18, 44), (18, 44), (0, -32)], float)
"""Where skin is bare on most faces, mm: cheeks, nose, forehead."""
INNER, HEAD = ((0, 28), (50, 62)), ((0, 15), (84, 125))
"""Middle and half axes in mm of an ellipse that is face for certain, and of one that the head is inside."""
_FACE, _TOP = ((0, 25), (66, 90)), ((0, -62), (62, 30))
"""An ellipse that the face fills, and one above the forehead, where most heads have hair."""
_HAIR_SPREAD = np.array((26, 6, 6), np.float32)
"""Deviations of Y, Cr and Cb within one head of hair."""
_BRIGHTER = 15
"""Grey levels: what is brighter than the skin by more is a wall or the sky beside a narrow head."""
_CORE = ((0, 30), (46, 40))
"""An ellipse that hair hardly ever reaches: what is no skin there is a shadow, a mouth or a beard."""
_SIDES = (62.0, 36.0, (8, 14)), (54.0, 8.0, (5, 22))
"""Places beside the cheek and at the temple (x, y, half axes) that hair covers where it hangs into a face."""
_TURNED = 0.2
"""Sine of the angle from which on a face is turned."""
_EYE = ((31, 2), (19, 13))
"""Middle (left and right) and half axes of what is eye, lashes and lids, mm."""


def find_skin(image: np.ndarray, pose: Pose) -> np.ndarray:
    """How likely each pixel is bare skin of the face, uint8 (height, width).

    A normal distribution in YCrCb is fitted to spots that are skin on most faces; what lies far from it, or
    outside of a generous ellipse around the head, is not. The middle of the face is, whatever its colour.

    Args:
        image: uint8 RGB (height, width, 3).
    """
    mm = pose.scale
    colours = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb), (0, 0), max(0.8, 1.5 * mm))
    likely = np.clip(2.2 - _unlikeness(colours, pose) / 8, 0, 1)
    # Never outside of the head, always in the middle of the face.
    inner, head = (filled(image.shape, pose, ring(*oval)) for oval in (INNER, HEAD))
    likely = np.maximum(likely * head, inner)
    return np.round(255 * blur(likely.astype(np.float32), 1.2 * mm)).astype(np.uint8)


def find_cover(skin: np.ndarray, pose: Pose) -> np.ndarray:
    """How much of each pixel lies over the temples, uint8 (height, width): all that is no skin or short hair.

    A temple lies over sideburns and short hair until it goes behind the ear; hair that hangs down beside the
    cheek lies over it. Where it ends it fades, as it does between hairs.

    Args:
        skin: uint8 (height, width), as from `find_skin`.
    """
    free, ahead = np.zeros(skin.shape, np.float32), -pose.towards_camera()[0]
    for side in (-1, 1):
        if side * ahead > _TURNED / 2:  # the far side of the head
            continue
        cheek = np.array([[side * 68.0, y, z] for y in (30.0, 42.0, 54.0) for z in (5.0, 20.0, 35.0)])
        if values_at(skin[..., None], pose.project(cheek)).mean() > 0.45 * 255:
            strip = np.array([(-14.0, -12.0), (66.0, -14.0), (66.0, 8.0), (-14.0, 12.0)])
            strip = np.column_stack([np.full(4, side * 71.0), strip[:, 1], strip[:, 0]])
            free = np.maximum(free, filled(skin.shape, pose, strip))
    free = blur(free, 4 * pose.scale)
    return np.round((255 - blur(skin, 1.5 * pose.scale)) * (1 - free)).astype(np.uint8)


def find_hair(image: np.ndarray, pose: Pose) -> np.ndarray:
    """How much of each pixel is hair, a scarf or a brim that lies over the face, uint8 (height, width).

    What lies above the forehead and is no skin is followed into the face as far as it looks alike; brows and
    eyes, with skin around them, are not reached. How much of a pixel it takes is read off the line between
    its colour and that of the skin beside it. Only the face counts: what lies outside of it may be
    background of the same colour.

    Args:
        image: uint8 RGB (height, width, 3).
    """
    mm, shape = pose.scale, image.shape

    def region(middle: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
        return filled(shape, pose, ring(middle, half)) > 0

    colours = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    colours = cv2.GaussianBlur(colours, (0, 0), max(0.6, 0.35 * mm))
    other, top = _unlikeness(colours, pose) > 10, region(*_TOP)
    seeds = other & top
    if seeds.sum() < max(0.08 * top.sum(), 1):
        return np.zeros(shape[:2], np.uint8)
    # Like what is seen above the forehead; thin links are cut, as from a brow to the hair beside it.
    middle = np.median(colours[seeds], axis=0).astype(np.float32)
    if middle[0] > _skin_colour(colours, pose)[0][0] + _BRIGHTER:
        return np.zeros(shape[:2], np.uint8)
    spread = np.clip(colours[seeds].std(axis=0), _HAIR_SPREAD / 2, _HAIR_SPREAD).astype(np.float32)
    alike = _squared((colours.astype(np.float32) - middle) / spread) < 9
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(0.8 * mm) + 1,) * 2)
    solid = cv2.morphologyEx((other & alike).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    bare = _never_hair(solid, pose)
    solid[bare] = 0
    _, labels = cv2.connectedComponents(solid, connectivity=4)
    reached = np.unique(labels[seeds & (solid > 0)])
    hair = np.isin(labels, reached[reached > 0])
    # The fraction of a pixel that it takes, between the colours of hair and skin around.
    levels = image.astype(np.float32)
    near = (cv2.dilate(hair.astype(np.uint8), kernel, iterations=2) > 0) & ~bare
    inside = filled(shape, pose, ring(*_FACE)) * ~bare
    mine, skin = (_mean_around(levels, mask, 5 * mm) for mask in (hair, ~other & ~near))
    line = mine - skin
    along = np.einsum("ijk,ijk->ij", levels - skin, line) / np.maximum(_squared(line), 400)
    alpha = np.clip((along - 0.2) / 0.5, 0, 1) * near
    # It ends softly where the face or what is never hair begins: the inner half of a blur.
    soft = np.clip(2 * blur(inside, 2.5 * mm) - 1, 0, 1)
    return np.round(255 * alpha * soft).astype(np.uint8)


def _never_hair(other: np.ndarray, pose: Pose) -> np.ndarray:
    """Where what is no skin (`other`, (h, w)) is no hair either: eyes, brows, background."""

    def region(middle: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
        return filled(other.shape, pose, ring(middle, half)) > 0

    bare = region(*_CORE)
    for side in (-1, 1):
        bare |= region((side * _EYE[0][0], _EYE[0][1]), _EYE[1])
        # A brow, unless the forehead above it is covered too.
        forehead = other[region((side * 30.0, -31.0), (17, 5))]
        if not forehead.size or forehead.mean() < 0.5:
            bare |= region((side * 29.0, -15.0), (24, 12))
        # Short hair, sideburns and hair beside the face lie under a frame; what hangs into the face, over it.
        cheek, temple = (other[region((side * x, y), half)] for x, y, half in _SIDES)
        if not cheek.size or not temple.size or cheek.mean() < 0.5 or temple.mean() < 0.4:
            bare |= region((side * 66.0, 12.0), (28, 36))
    # Beyond the cheek of a face that is turned away there is the background.
    ahead = -pose.towards_camera()
    if abs(ahead[0]) > _TURNED:
        away = 1 if ahead[0] > 0 else -1
        bare |= region((away * 110.0, 0.0), (80, 200))
    return bare


def _mean_around(levels: np.ndarray, mask: np.ndarray, sigma: float) -> np.ndarray:
    """The mean of `levels` (h, w, 3) where `mask` (h, w) is true, around each pixel."""
    weight = mask.astype(np.float32)
    total = blur(weight, sigma) + 1e-3
    weighted = levels * weight[..., None]
    mean = np.array(cv2.mean(weighted)[:3], np.float32) / max(float(weight.mean()), 1e-6)
    return (blur(weighted, sigma) + 1e-3 * mean) / total[..., None]


def _unlikeness(colours: np.ndarray, pose: Pose) -> np.ndarray:
    """How far each pixel of `colours`, YCrCb uint8, lies from skin, in squared deviations, float32 (h, w)."""
    middle, spread = _skin_colour(colours, pose)
    return _squared((colours.astype(np.float32) - middle) / spread)


def _squared(values: np.ndarray) -> np.ndarray:
    """Squared length (h, w) of each pixel's vector (h, w, n)."""
    return np.asarray(np.einsum("ijk,ijk->ij", values, values))


def _skin_colour(colours: np.ndarray, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Median and deviation, float32 (3,), of YCrCb where most faces are bare; beard and fringe left out."""
    values = values_at(colours, pose.project(_SAMPLES))
    middle = np.median(values, axis=0)
    near = np.abs(values - middle).sum(axis=1) < 60
    spread = np.maximum(values[near].std(axis=0) if near.sum() > 2 else 0, (22, 5, 5))
    return middle.astype(np.float32), spread.astype(np.float32)


def values_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values (n, channels) of the pixels nearest to `points`, float64; the border where they lie outside."""
    x, y = np.round(points).astype(int).T
    return image[np.clip(y, 0, image.shape[0] - 1), np.clip(x, 0, image.shape[1] - 1)].astype(float)


def ring(middle: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
    """Points (40, 2) in mm of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * half + middle


def filled(shape: tuple[int, ...], pose: Pose, points: np.ndarray) -> np.ndarray:
    """1 inside of a ring (n, 2) in mm, float32 of `shape`."""
    layer = np.zeros(shape[:2], np.float32)
    cv2.fillPoly(layer, [np.round(pose.project(points)).astype(np.int32)], 1)
    return layer
