"""Generators that translate aligned faces, whoever runs them, and the models that they make up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from cyclegan_glasses.domains import ADD, DIRECTIONS, REMOVE
from cyclegan_glasses.editing.rims import PRESENT
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.faces.eye_region import at_the_eyes
from cyclegan_glasses.networks.settings import AnyGeneratorSettings
from cyclegan_glasses.shipped import SHIPPED, shipped_digest
from cyclegan_glasses.values import luminance, to_levels, to_values

MOST_PASSES, MOST_SIZE, MOST_ZOOM = 20, 4096, 8


class Network(Protocol):
    """The network of a generator, run by onnxruntime or by torch. Threads may share it."""

    def __call__(self, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What it makes of faces.

        Args:
            faces: float32 (n, channels, height, width) in [-1, 1]; of a conditioned generator the second
                picture lies behind the first.

        Returns:
            The pictures, float32 (n, channels, height, width), and how much of each pixel the frame takes,
            float32 (n, height, width), 0 to 1; None where the generator does not say.
        """


@dataclass(frozen=True, slots=True)
class Generator:
    """One direction.

    Attributes:
        size: side in pixels of the aligned faces that it was trained on.
        framing: where the eyes lie in them.
        passes: how often it best goes over a face.

    Raises:
        UserError: a size, framing or number that no generator has.
    """

    network: Network
    settings: AnyGeneratorSettings
    size: int = 256
    framing: Framing = field(default_factory=Framing)
    passes: int = 1

    def __post_init__(self) -> None:
        if not 8 <= self.size <= MOST_SIZE:
            raise UserError(f"faces of {self.size} pixels: 8 to {MOST_SIZE} are known")
        if not (abs(self.framing.eye_height) < MOST_ZOOM and 0 < self.framing.eye_distance < MOST_ZOOM):
            raise UserError(f"the eyes lie in no picture ({self.framing}): it is damaged")
        if not 1 <= self.passes <= MOST_PASSES:
            raise UserError(f"{self.passes} passes: 1 to {MOST_PASSES} are of use")


@dataclass(frozen=True, slots=True)
class EditingModel:
    """Generators and the faces that they know.

    Attributes:
        generators: by direction, `AtoB` (removes) and `BtoA` (adds); one may be missing.
        source: the file or folder that they are from.
        facts: how they were trained, to tell.

    Raises:
        UserError: a direction that no model has.
    """

    generators: Mapping[str, Generator]
    source: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := self.generators.keys() - set(DIRECTIONS):
            raise UserError(f"{self.source} names the direction {min(map(str, unknown))!r}: no such way")

    @property
    def identity(self) -> str:
        """What a journal knows it by: `source`; of the model that ships, which updates replace, a hash."""
        return shipped_digest() if self.source == str(SHIPPED) else self.source

    @property
    def conditioned(self) -> bool:
        """Whether the generator that adds makes a drawn frame real, which it must be shown."""
        return ADD in self.generators and self.generators[ADD].settings.conditioned

    def get(self, direction: str) -> Generator:
        """The generator of `AtoB` or `BtoA`.

        Raises:
            UserError: it is not there.
        """
        if direction not in self.generators:
            verb = "removes" if direction == REMOVE else "adds"
            message = f"holds no generator that {verb} glasses: give --name another model"
            raise UserError(f"{self.source} {message}")
        return self.generators[direction]


@dataclass(frozen=True, slots=True, eq=False)
class Translated:
    """What a generator made of one aligned face.

    Attributes:
        picture: float32 (size, size, 3), levels of 0 to 255.
        frame: float32 (size, size), 0 to 1: how much of a pixel the frame that was there takes, its arms
            included; None where the generator does not say.
    """

    picture: np.ndarray
    frame: np.ndarray | None = None


def translate(
    generator: Generator, crops: np.ndarray, passes: int, *, flip: bool = False
) -> list[Translated]:
    """What `generator` makes of `crops`, uint8 RGB (n, size, size, 3), each by itself.

    Args:
        passes: how often it goes over them; the frame is what the first pass saw.
        flip: take the mean with what it makes of the mirrored crops, as test-time augmentation.
    """
    if not len(crops):
        return []
    photo = to_values(crops)
    grey = generator.settings.input_nc == 1
    network = _mirrored_mean(generator.network) if flip else generator.network
    edited, frames = apply_generator(network, luminance(photo) if grey else photo, passes)
    if edited.shape[1] == 1:  # a model of grey faces: the photo keeps its colours
        edited = (photo + edited - luminance(photo)).clip(-1, 1)
    pictures = to_levels(edited)
    if frames is None:
        return [Translated(picture) for picture in pictures]
    covers = [np.where(at_the_eyes(one > PRESENT), one, np.float32(0)) for one in frames]
    return [Translated(picture, cover) for picture, cover in zip(pictures, covers, strict=True)]


def _mirrored_mean(network: Network) -> Network:
    """The mean of what a network makes of faces, and of the mirrored faces, mirrored back."""

    def both(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        edited, frames = network(faces)
        mirrored, others = network(np.ascontiguousarray(faces[..., ::-1]))
        if frames is not None and others is not None:
            frames = (frames + others[..., ::-1]) / 2
        return (edited + mirrored[..., ::-1]) / 2, frames

    return both


def apply_generator(
    network: Network, faces: np.ndarray, passes: int = 1
) -> tuple[np.ndarray, np.ndarray | None]:
    """What a generator makes of `faces`, then of its own results, in [-1, 1]; the frames as the first pass
    saw them; see `Network`."""
    edited, frames = network(faces)
    edited = edited.clip(-1, 1)
    for _ in range(passes - 1):
        edited = network(edited)[0].clip(-1, 1)
    return edited, frames
