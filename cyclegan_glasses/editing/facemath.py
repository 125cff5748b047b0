"""The algebra of faces: codes that are added, subtracted and walked between.

Faces are uint8 RGB (n, size, size, 3), aligned; codes are float32 (n, d). A direction (d,) is what is added
to a code for one unit of an attribute: for a word with two values the difference of their mean codes, for a
number its slope. Pairs, the same faces with glasses and without, give better ones: the mean of their
differences holds nothing of who wears glasses, and what a face's own glasses are is read off its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from cyclegan_glasses import weight_files
from cyclegan_glasses.attributes.answers import aligned_batches
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.settings import AutoencoderSettings
from cyclegan_glasses.networks.weights import network_from
from cyclegan_glasses.pixels import to_pixels
from cyclegan_glasses.weight_files import WeightFormat, full, half

FILE = "facemath.pt"  # in the folder of the run that it was learnt from
FORMAT = WeightFormat(
    "cyclegan-glasses facemath", 2, "algebra of faces", "make one with facemath learn", oldest=2
)
_BATCH = 64
_RIDGE = 0.03  # beside the codes' variances, which are 1 at most


@dataclass(frozen=True, eq=False)
class FaceMath:
    """A trained autoencoder with what is known of its codes.

    Attributes:
        network: in evaluation mode.
        mean, deviation: of the codes of the faces that the directions were learnt from, float32 (d,).
        directions: by the attribute's name, float32 (d,).
        removal: see `learn_removal`; None where no pairs were learnt from.
    """

    network: FaceAutoencoder
    mean: np.ndarray
    deviation: np.ndarray
    directions: Mapping[str, np.ndarray]
    removal: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Side of the faces in pixels."""
        return self.network.settings.size

    def encode(self, faces: np.ndarray) -> np.ndarray:
        """The codes of faces of any size."""
        return encode(self.network, faces)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """The faces of codes, with sides of `size`."""
        with torch.inference_mode():
            batches = torch.from_numpy(codes.astype(np.float32)).split(_BATCH)
            return to_pixels(torch.cat([self.network.decode(batch) for batch in batches]))

    def step(self, name: str, way: float = 1) -> np.ndarray:
        """What `move` takes for a step along `name`, forth (`way` 1) or back (-1).

        A step back along `glasses` is that of each face where pairs were learnt from.

        Raises:
            UserError: it was not learnt.
        """
        if name not in self.directions:
            known = ", ".join(sorted(self.directions)) or "none"
            raise UserError(f"there is no direction {name!r} ({known}): learn it with facemath learn")
        if name == "glasses" and way < 0 and self.removal is not None:
            return self.removal
        return np.float32(way) * self.directions[name]


def encode(network: FaceAutoencoder, faces: np.ndarray) -> np.ndarray:
    """The mean codes (n, d) that `network` gives `faces`."""
    codes = [np.empty((0, network.settings.latent), np.float32)]
    for batch in aligned_batches(faces, network.settings.size):
        with torch.inference_mode():
            mean, _ = network.encode(torch.from_numpy(batch))
        codes.append(mean.numpy())
    return np.concatenate(codes)


def learn_direction(codes: np.ndarray, values: np.ndarray, name: str) -> np.ndarray:
    """The direction of an attribute from labelled codes: least squares, exact for two values.

    Args:
        codes: (n, d).
        values: (n,), NaN where the attribute is not known.
        name: of the attribute, for the message.

    Raises:
        UserError: fewer than two different values are known.
    """
    known = np.isfinite(values)
    if len(np.unique(values[known])) < 2:
        raise UserError(f"{name!r} has fewer than two values among the faces: there is no way between them")
    centred = values[known] - values[known].mean()
    return (centred @ codes[known] / (centred @ centred)).astype(np.float32)


def learn_removal(worn: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """What the codes of faces with glasses lose when these come off: ridge regression of the difference.

    Args:
        worn, bare: codes (n, d) of the same faces with glasses and without.

    Returns:
        float32 (d + 1, d): `[code, 1] @ removal` is the difference that is expected of `code`.
    """
    mean, lost = worn.mean(0), bare - worn
    centred = worn - mean
    spread = centred.T @ centred / len(worn) + _RIDGE * np.eye(worn.shape[1])
    slope = np.linalg.solve(spread, centred.T @ lost / len(worn))
    return np.concatenate([slope, (lost.mean(0) - mean @ slope)[None]]).astype(np.float32)


def move(codes: np.ndarray, direction: np.ndarray, strength: float) -> np.ndarray:
    """`codes` (n, d) moved by `strength` units of an attribute: a direction (d,), or a removal (d + 1, d)."""
    step = direction if direction.ndim == 1 else codes @ direction[:-1] + direction[-1]
    return codes + np.float32(strength) * step


def interpolate(codes: np.ndarray, steps: int) -> np.ndarray:
    """From each of `codes` (n, d) to the next in a straight line of `steps`: ((n − 1) · steps + 1, d)."""
    if len(codes) < 2 or steps < 1:
        raise ValueError("a way needs two codes and one step at least")
    shares = np.arange(steps, dtype=np.float32)[:, None] / steps
    ways = [a * (1 - shares) + b * shares for a, b in pairwise(codes)]
    return np.concatenate([*ways, codes[-1:]])


def walk(
    start: np.ndarray, math: FaceMath, steps: int, stride: float, rng: np.random.Generator
) -> np.ndarray:
    """A random walk (steps, d) from the code `start` (d,) that stays among faces (Ornstein-Uhlenbeck).

    `stride` is the share of a code that each step draws anew, 0 to 1.
    """
    codes, keep = [start], np.sqrt(1 - stride**2)
    for _ in range(steps - 1):
        drawn = rng.standard_normal(len(start)) * math.deviation
        codes.append(math.mean + keep * (codes[-1] - math.mean) + stride * drawn)
    return np.stack(codes).astype(np.float32)


def random_codes(math: FaceMath, count: int, rng: np.random.Generator, spread: float = 0.8) -> np.ndarray:
    """Codes (count, d) of faces that nobody has; a small `spread` keeps them near the mean face."""
    apart = rng.standard_normal((count, len(math.mean)))
    return (math.mean + spread * math.deviation * apart).astype(np.float32)


def nearest(code: np.ndarray, codes: np.ndarray, math: FaceMath, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the `count` codes (n, d) nearest to `code` (d,), and their distances in deviations."""
    apart = np.sqrt((((codes - code) / np.maximum(math.deviation, 1e-6)) ** 2).mean(1))
    order = np.argsort(apart, kind="stable")[:count]
    return order, apart[order]


def sharpen(faces: np.ndarray, strength: float) -> np.ndarray:
    """An unsharp mask over uint8 faces (n, size, size, 3); 0 leaves them as they are."""
    if strength == 0:
        return faces
    radius = faces.shape[1] / 64
    soft = np.stack([cv2.GaussianBlur(face, (0, 0), radius) for face in faces]).astype(np.float32)
    return np.clip(np.rint(faces + strength * (faces - soft)), 0, 255).astype(np.uint8)


def save_facemath(path: Path, math: FaceMath) -> None:
    """Write what `load_facemath` reads."""
    content = {
        "settings": asdict(math.network.settings) | {"channels": list(math.network.settings.channels)},
        "network": half(math.network.state_dict()),
        "mean": torch.from_numpy(math.mean),
        "deviation": torch.from_numpy(math.deviation),
        "directions": {name: torch.from_numpy(value) for name, value in math.directions.items()},
        "removal": None if math.removal is None else torch.from_numpy(math.removal),
    }
    weight_files.save(path, FORMAT, content)


def load_facemath(path: Path) -> FaceMath:
    """Read an algebra of faces.

    Raises:
        UserError: the file is not there, cut off, of a newer version, or holds something else.
    """

    def build(content: dict[str, Any]) -> FaceMath:
        settings = content["settings"] | {"channels": tuple(content["settings"]["channels"])}
        build = partial(FaceAutoencoder, AutoencoderSettings(**settings))
        network = network_from(build, full(content["network"]), str(path))
        directions = {name: value.numpy() for name, value in content["directions"].items()}
        removal = None if content["removal"] is None else content["removal"].numpy()
        mean, deviation = content["mean"].numpy(), content["deviation"].numpy()
        return FaceMath(network.eval(), mean, deviation, directions, removal)

    return weight_files.load(path, FORMAT, build)
