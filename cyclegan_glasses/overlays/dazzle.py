"""Strong reflections: windows, lamps, screens and veils that hide what lies behind a lens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cyclegan_glasses.overlays.scene import Scene

_COATS = np.array(
    [(1.0, 1.0, 1.0), (0.45, 1.0, 0.65), (0.5, 0.55, 1.0), (0.9, 0.5, 1.0), (1.0, 0.8, 0.45)], np.float32
)
"""What white light looks like on a bare lens, and on green, blue, purple and golden coats."""
_VEILS = np.array(
    [(1.0, 1.0, 1.0), (0.72, 0.87, 1.0), (0.35, 1.0, 0.55), (0.7, 0.45, 1.0), (1.0, 0.82, 0.55)], np.float32
)
"""White, a sky, green and violet antireflective coats, a warm room: colours of a whole scene in a lens."""
_STREAM = 1  # keeps these random numbers apart from those of faint reflections


def dazzle(right: np.ndarray, below: np.ndarray, scene: Scene) -> np.ndarray:
    """What a lens mirrors of strong sources, (h, w, 3), 0 for nothing; from 1 on it hides what lies behind.

    One to three sources, from faint to opaque and from sharp to soft, and on some lenses a veil. They depend
    on the camera's seed alone, so that both lenses show one room.

    Args:
        right, below: directions in degrees that the points of the lens mirror, (h, w).
        scene: how strong (`Scene.dazzle`), and the colours of the camera.
    """
    rng = np.random.default_rng([scene.camera.seed, _STREAM])
    light = np.zeros((*right.shape, 3), np.float32)
    veil, thickness = rng.random(2)
    coat = _COATS[int(rng.choice(len(_COATS), p=(0.5, 0.17, 0.15, 0.1, 0.08)))]
    if veil < 0.4:  # a bright day all around, white or in the colour of the coat
        light += (0.05 + 0.6 * thickness) * scene.camera.tone(coat if veil < 0.15 else _COATS[0])
    for _ in range(int(rng.integers(1, 4))):
        shape = _SOURCES[int(rng.choice(len(_SOURCES), p=(0.4, 0.25, 0.15, 0.2)))]
        strength = np.exp(rng.uniform(np.log(0.15), np.log(2.5)))
        colour = scene.camera.tone(coat if rng.random() < 0.7 else _COATS[0])
        light = np.maximum(light, (strength * shape(right, below, rng))[..., None] * colour)
    return (scene.dazzle * light).astype(np.float32)


def bright_scene(right: np.ndarray, below: np.ndarray, scene: Scene) -> np.ndarray:
    """What whole lenses mirror of a bright day or room, (h, w, 3), 0 for nothing, at most `Scene.veil`.

    It takes contrast and adds light, and what lies behind stays as sharp as it is. It is an even veil that
    fades to one side, a sky above a horizon with roofs or trees, or bright and dark parts of a room. It
    depends on the camera's seed alone, so that both lenses show one scene.

    Args:
        right, below: directions in degrees that the points of the lens mirror, (h, w).
        scene: how strong (`Scene.veil`), and the colours of the camera.
    """
    rng = np.random.default_rng([scene.camera.seed, _STREAM, 2])
    kind = _BRIGHT[int(rng.choice(len(_BRIGHT), p=(0.4, 0.35, 0.25)))]
    colour = _VEILS[int(rng.choice(len(_VEILS), p=(0.4, 0.2, 0.16, 0.12, 0.12)))]
    light = scene.veil * np.clip(kind(right, below, rng), 0, 1)[..., None] * scene.camera.tone(colour)
    return light.astype(np.float32)


def glints(rims: Sequence[np.ndarray], mm: float, scene: Scene) -> list[tuple[np.ndarray, float, float]]:
    """Points of light on some frames: the place of each (2,), its width, and its strength of 0 to 1.

    Args:
        rims: outlines of the solid parts, (n, 2) pixels each.
        mm: pixels a mm; widths are in pixels.
        scene: how strong (`Scene.dazzle`), and the seed.
    """
    rng = np.random.default_rng([scene.camera.seed, _STREAM, 1])
    count = int(rng.integers(2, 9)) if rng.random() < 0.5 else 0
    found = []
    for _ in range(count):
        rim = rims[int(rng.integers(len(rims)))]
        width = max(0.4, mm * float(np.exp(rng.uniform(np.log(0.2), np.log(1.2)))))
        found.append((rim[int(rng.integers(len(rim)))], width, scene.dazzle * float(rng.uniform(0.5, 1.3))))
    return found


def edge(distance: np.ndarray, soft: float) -> np.ndarray:
    """0 outside, 1 inside of an edge at the distance 0, over about `soft` to each side."""
    t = np.clip(0.5 + distance / (2 * soft), 0, 1)
    return t * t * (3 - 2 * t)


def _window(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A window, a screen or a softbox: four straight edges, at times with bars across."""
    u, v = _turned(right, below, rng.normal(0, 12), rng.normal(4, 9), rng.uniform(-0.3, 0.3))
    width, height, soft = rng.uniform(5, 24), rng.uniform(5, 22), _softness(rng)
    u = u * (1 + rng.uniform(-0.02, 0.02) * v)  # the far side of a window is narrower
    inside = edge(width / 2 - np.abs(u), soft) * edge(height / 2 - np.abs(v), soft)
    if rng.random() < 0.4:
        inside = inside * edge(np.abs(u - rng.uniform(-0.2, 0.2) * width) - 0.6, 0.4)
        inside = inside * (edge(np.abs(v) - 0.6, 0.4) if rng.random() < 0.5 else 1)
    return inside


def _spot(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A flash or a bare lamp: a small disc with an edge, or one that fades away in a halo."""
    u, v = _turned(right, below, rng.normal(0, 8), rng.uniform(-8, 18), 0.0)
    away = np.square(u) + np.square(v)
    if rng.random() < 0.5:
        return 1.6 * edge(rng.uniform(0.6, 3.5) - np.sqrt(away), _softness(rng, 1.0))
    return 1.6 * np.exp(-away / rng.uniform(0.6, 9)) + rng.uniform(0, 0.4) * np.exp(-away / 60)


def _tube(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tube on the ceiling, or the bright line of an edge: long and thin."""
    u, v = _turned(right, below, rng.normal(0, 10), rng.normal(-2, 9), rng.uniform(-1.2, 1.2))
    length, width = rng.uniform(10, 50), rng.uniform(0.7, 3.5)
    return edge(length / 2 - np.abs(u), 1.5) * edge(width / 2 - np.abs(v), _softness(rng, 1.0))


def _wall(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sky or a bright wall: all to one side of a line."""
    _, v = _turned(right, below, rng.normal(0, 10), rng.normal(0, 8), rng.uniform(-np.pi, np.pi))
    return 0.6 * edge(v, _softness(rng, 8.0)) * np.clip(1 - v / 60, 0.4, 1)


_SOURCES = (_window, _spot, _tube, _wall)


def _veil(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light from everywhere, less of it to one side."""
    _, v = _turned(right, below, rng.normal(0, 10), rng.normal(0, 10), rng.uniform(-np.pi, np.pi))
    return 1 - rng.uniform(0, 0.7) * edge(v, 25.0)


def _horizon(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bright sky above roofs or trees, and a darker ground."""
    line = rng.normal(4, 8) + rng.uniform(0, 4) * _waves(right, np.zeros_like(right), rng, (6, 30))
    roofs = rng.uniform(0, 5, 64) * (rng.random() < 0.5)
    line = line + roofs[(np.floor(right / rng.uniform(2, 8)) % 64).astype(int)]
    ground = rng.uniform(0.05, 0.6) * (0.7 + 0.3 * _waves(right, below, rng, (3, 15)))
    sky = np.clip(1 - rng.uniform(0, 0.02) * np.abs(line - below), 0.4, 1)
    return ground + (sky - ground) * edge(line - below, _softness(rng))


def _room(right: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bright and dark parts without a pattern."""
    return 0.5 + 0.5 * _waves(right, below, rng, (8, 45))


_BRIGHT = (_veil, _horizon, _room)


def _waves(
    right: np.ndarray, below: np.ndarray, rng: np.random.Generator, lengths: tuple[float, float]
) -> np.ndarray:
    """The mean of five waves in any directions, of lengths between two in degrees; about -1 to 1."""
    total = np.zeros(np.broadcast_shapes(right.shape, below.shape))
    for _ in range(5):
        along, _ = _turned(right, below, 0.0, 0.0, rng.uniform(-np.pi, np.pi))
        total += np.sin(2 * np.pi * (along / rng.uniform(*lengths) + rng.random()))
    return total / 2.5


def _turned(
    right: np.ndarray, below: np.ndarray, x: float, y: float, angle: float
) -> tuple[np.ndarray, np.ndarray]:
    """Directions as seen from (x, y), along and across a line at `angle`."""
    across, down = right - x, below - y
    return (
        across * np.cos(angle) + down * np.sin(angle),
        down * np.cos(angle) - across * np.sin(angle),
    )


def _softness(rng: np.random.Generator, most: float = 3.0) -> float:
    """Degrees over which an edge is soft, sharp ones as often as soft ones."""
    return float(np.exp(rng.uniform(np.log(0.3), np.log(most))))
