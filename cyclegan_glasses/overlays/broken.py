"""Glasses that no person would take for glasses: what bad generators draw, and fool plain classifiers with.

A face here is aligned: uint8 RGB (size, size, 3), with `eyes` float (2, 2), the pixels of both eye centres,
the one on the left of the picture first.
"""

from __future__ import annotations

import cv2
import numpy as np

from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import Frame, random_frame, worn_frame
from cyclegan_glasses.overlays.hard_examples import hard_example
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import SHIFT, fixed
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.overlays.scene import Scene

#: Of the frames so many are such as people wear in photos, the others as shops sell them; and so many have
#: reflections, tints or light that make them hard to see.
_WORN, _HARD = 0.6, 0.3
_TRIES = 10
_SEEN = 16.0  # grey levels, the mean over frame and lenses
_GONE = (0.3, 0.7)  # of what glasses change in a picture: less or more missing is not seen


def random_glasses(
    face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator, sunglasses: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """`face` with a whole, random frame in its own light, and the mask of it (see `draw_glasses`).

    Args:
        yaw: of the head in degrees, positive towards the picture's right.
    """
    pose = _pose(eyes, yaw, rng)
    return _worn(face, pose, read_scene(face, pose, int(rng.integers(2**31))), rng, sunglasses)


def half_drawn(face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator) -> np.ndarray:
    """A frame of which only one side, the lower half, or dashes were drawn."""
    worn, mask = _conspicuous(face, eyes, yaw, rng)
    x, y, across = _places(face, eyes)
    keep: np.ndarray
    match int(rng.integers(3)):
        case 0:
            keep = _side(rng) * (x - rng.uniform(-0.25, 0.25)) > 0
        case 1:
            # Below the bridge: half-rims have an upper half, and reading glasses a bridge that holds them.
            keep = y > rng.uniform(0.06, 0.15)
        case _:
            angle = rng.uniform(0, np.pi)
            rows, columns = np.indices(face.shape[:2])
            along = (columns * np.cos(angle) + rows * np.sin(angle)) / across
            keep = np.sin(along * 2 * np.pi / rng.uniform(0.2, 0.5) + rng.uniform(0, 6)) > 0.1
    return _mixed(face, worn, keep * (mask > 0), across)


def lone_lines(face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator) -> np.ndarray:
    """One to three strokes: across the bridge, over the brows, below or beside the eyes."""
    middle, across = eyes.mean(0), float(np.hypot(*(eyes[1] - eyes[0])))
    along = (eyes[1] - eyes[0]) / across
    down = np.array([-along[1], along[0]])
    result: np.ndarray = face.astype(np.float32)
    for number in range(int(rng.integers(1, 4))):
        if number == 0 and rng.random() < 0.6:
            centre, length, slope = np.array([0.0, rng.uniform(-0.15, 0.2)]), rng.uniform(0.25, 1.7), 0.12
        else:
            centre = np.array([rng.uniform(-0.75, 0.75), rng.uniform(-0.35, 0.45)])
            length, slope = rng.uniform(0.25, 0.9), 1.5 if rng.random() < 0.25 else 0.2
        t = np.linspace(-0.5, 0.5, 15)
        x = centre[0] + t * length
        y = centre[1] + t * length * rng.uniform(-slope, slope) + rng.uniform(-0.2, 0.2) * (0.25 - t**2)
        points = middle + across * (x[:, None] * along + y[:, None] * down)
        layer = np.zeros(face.shape[:2], np.uint8)
        width = max(1, round(rng.uniform(0.02, 0.07) * across))
        cv2.polylines(layer, [fixed(points - 0.5)], False, 255, width, cv2.LINE_AA, SHIFT)
        cover = layer[:, :, None].astype(np.float32) / 255 * rng.uniform(0.5, 1)
        colour = rng.uniform(0, 90) + rng.uniform(-15, 15, 3)
        result = result * (1 - cover) + np.clip(colour, 0, 255) * cover
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


def rubbed_out(face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator) -> np.ndarray:
    """A whole frame that was wiped away in blots, or fades into nothing from one end to the other.

    One that is pale all over is none of these: people wear frames of clear plastic.
    """
    worn, mask = _conspicuous(face, eyes, yaw, rng)
    x, y, across = _places(face, eyes)
    if rng.random() < 0.2:
        along = _side(rng) * x + rng.uniform(-0.3, 0.3) * y
        return _mixed(face, worn, np.clip(0.5 + along / rng.uniform(0.5, 1.2), 0, 1), 0.0)
    blots = _noticeable(np.abs(worn.astype(np.float32) - face).mean(2), across, rng)
    return _mixed(face, worn, blots * (mask > 0), across)


def wiped(face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator) -> np.ndarray:
    """Real glasses on `face`, removed in part: smeared in blots or on one side, as bad removals do."""
    x, y, across = _places(face, eyes)
    near = (np.abs(y - 0.08) < 0.4) & (np.abs(x) < 1.15)
    smear = cv2.medianBlur(face, int(0.28 * across) // 2 * 2 + 1)
    if rng.random() < 0.5:
        where: np.ndarray = _side(rng) * (x - rng.uniform(-0.2, 0.2)) > 0
    else:
        where = _noticeable(np.abs(face.astype(np.float32) - smear).mean(2) * near, across, rng)
    smear = cv2.GaussianBlur(smear, (0, 0), 0.05 * across)
    grain = rng.normal(0, float(rng.uniform(0, 4)), smear.shape)
    smear = np.clip(smear + grain, 0, 255).astype(np.uint8)
    return _mixed(face, smear, near & where, across)


def pixel_noise(face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator) -> np.ndarray:
    """Grain, coarse blocks or shuffled pixels round the eyes."""
    x, y, across = _places(face, eyes)
    radius = rng.uniform(0.25, 0.42)
    near: np.ndarray = np.zeros(face.shape[:2], np.float32)
    places = (eyes - eyes.mean(0)) / across
    for right, down in places if rng.random() < 0.8 else places[[int(rng.integers(2))]]:
        apart = np.hypot(x - right, (y - down - 0.05) * rng.uniform(1.0, 1.6))
        ring = rng.random() < 0.4
        near = np.maximum(near, np.abs(apart - radius) < 0.1 if ring else apart < radius)
    block = max(1, round(rng.uniform(0.02, 0.09) * across))
    small = (-(-face.shape[0] // block), -(-face.shape[1] // block))
    channels = 3 if rng.random() < 0.5 else 1
    noise = rng.normal(0, float(rng.uniform(25, 80)), (*small, channels)).astype(np.float32)
    size = (face.shape[1], face.shape[0])
    grains = cv2.resize(noise, size, interpolation=cv2.INTER_NEAREST).reshape(*face.shape[:2], -1)
    return np.clip(np.rint(face + grains * near[:, :, None]), 0, 255).astype(np.uint8)


#: What is done to a bare face, by name.
BROKEN = {way.__name__: way for way in (half_drawn, lone_lines, rubbed_out, pixel_noise)}


def _places(face: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """How far right of and below the eyes' middle each pixel lies, in eye distances, and that in pixels."""
    rows, columns = np.indices(face.shape[:2])
    (x, y), across = eyes.mean(0), float(np.hypot(*(eyes[1] - eyes[0])))
    return (columns - x) / across, (rows - y) / across, across


def _side(rng: np.random.Generator) -> int:
    return 1 if rng.random() < 0.5 else -1


def _pose(eyes: np.ndarray, yaw: float, rng: np.random.Generator) -> Pose:
    """The pose of a head turned by `yaw` degrees, which may look up or down a little."""
    left, right = eyes - 0.5
    return Pose.from_eyes(left, right, float(np.clip(yaw, -40, 40)), rng.uniform(-6, 6))


def _worn(
    face: np.ndarray, pose: Pose, scene: Scene, rng: np.random.Generator, sunglasses: bool
) -> tuple[np.ndarray, np.ndarray]:
    """`face` with a random frame, and the mask of it."""
    chosen = worn_frame if rng.random() < _WORN else random_frame
    frame: Frame | CustomFrame = chosen(rng, sunglasses=sunglasses)
    if rng.random() < _HARD and not sunglasses:
        frame, scene = hard_example(frame, scene, rng)
    return draw_glasses(face, frame, pose, scene)


def _conspicuous(
    face: np.ndarray, eyes: np.ndarray, yaw: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A random frame that stands out from the face: half of a hair-thin golden wire would be no glasses.

    The first that does, or the one that stands out most: on a dark face few do.
    """
    pose = _pose(eyes, yaw, rng)
    scene = read_scene(face, pose, int(rng.integers(2**31)))
    best, most = None, -1.0
    for _ in range(_TRIES):
        worn, mask = _worn(face, pose, scene, rng, bool(rng.random() < 0.15))
        change = np.abs(worn.astype(np.float32) - face).mean(2)
        seen = float(change[mask > 128].mean()) if (mask > 128).any() else 0.0
        if seen > most:
            best, most = (worn, mask), seen
        if seen > _SEEN:
            break
    assert best is not None
    return best


def _noticeable(change: np.ndarray, across: float, rng: np.random.Generator) -> np.ndarray:
    """Blots, bool (height, width), whose fraction of `change` (height, width) lies in `_GONE`, or nearly."""
    best, least = _blots(change.shape, across, rng), np.inf
    for _ in range(_TRIES):
        blots = _blots(change.shape, across, rng)
        missing = change[blots].sum() / max(float(change.sum()), 1e-6)
        off = max(_GONE[0] - missing, missing - _GONE[1], 0.0)
        if off < least:
            best, least = blots, off
        if not off:
            break
    return best


def _blots(shape: tuple[int, ...], across: float, rng: np.random.Generator) -> np.ndarray:
    """Bool (height, width): about half of the picture, in blots of a quarter of the eye distance or more."""
    cell = rng.uniform(0.2, 0.5) * across
    coarse = rng.random((max(2, round(shape[0] / cell)), max(2, round(shape[1] / cell)))).astype(np.float32)
    smooth = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return smooth > rng.uniform(0.45, 0.6)


def _mixed(below: np.ndarray, above: np.ndarray, where: np.ndarray, across: float) -> np.ndarray:
    """`above` over `below` by weights, with a soft edge of a hundredth of the eye distance or more."""
    weight: np.ndarray = where.astype(np.float32)
    if across:
        weight = cv2.GaussianBlur(weight, (0, 0), max(0.5, 0.015 * across))
    weight = weight[:, :, None]
    return np.clip(np.rint(below * (1 - weight) + above * weight), 0, 255).astype(np.uint8)
