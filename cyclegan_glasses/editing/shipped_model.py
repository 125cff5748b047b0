"""The model that ships, run by onnxruntime; torch is not needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses.domains import DIRECTIONS
from cyclegan_glasses.editing.models import EditingModel, Generator
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.networks.settings import GENERATOR_SETTINGS, AnyGeneratorSettings
from cyclegan_glasses.onnx_network import OnnxNetwork
from cyclegan_glasses.shipped import SHIPPED, generator_file

#: Input and outputs of an exported generator.
PHOTO, EDITED, FRAME = "photo", "edited", "frame"
_AT_ONCE = 4
"""Faces in a batch: more need more memory and are not quicker."""


class OnnxGeneratorNetwork:
    """A `models.Network` that onnxruntime runs."""

    def __init__(self, network: OnnxNetwork) -> None:
        self._network = network

    def __call__(self, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        batches = (faces[start : start + _AT_ONCE] for start in range(0, len(faces), _AT_ONCE))
        made = [self._network(np.ascontiguousarray(batch)) for batch in batches]
        edited = np.concatenate([one[EDITED] for one in made])
        frames = np.concatenate([one[FRAME][:, 0] for one in made]) if FRAME in made[0] else None
        return edited, frames


class _Generators(Mapping[str, Generator]):
    """The generators of files, each loaded when it is first asked for."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files, self._lock = files, threading.Lock()
        self._loaded: dict[str, Generator] = {}

    def __getitem__(self, direction: str) -> Generator:
        with self._lock:
            if direction not in self._loaded:
                network = OnnxNetwork.load(self._files[direction])
                settings = _settings_of(network.facts)
                faces = known_faces(network.facts)
                self._loaded[direction] = Generator(OnnxGeneratorNetwork(network), settings, **faces)
            return self._loaded[direction]

    def __contains__(self, direction: object) -> bool:
        return direction in self._files  # what `Mapping` has would load it

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load_shipped() -> EditingModel:
    """The model that ships."""
    return EditingModel(_Generators({way: generator_file(way) for way in DIRECTIONS}), str(SHIPPED))


def check_shipped(label: str, asked: Mapping[str, Any] | None, size: int | None) -> None:
    """Refuse what is asked of the model that ships, and an installation without it.

    Raises:
        UserError: an epoch, an architecture or a size is asked for, or its files are not there.
    """
    if label != "latest" or asked or size:
        flags = "--epoch, --netG, --ngf, --norm and --crop_size"
        raise UserError(f"the model that ships is one model and knows itself: leave {flags} out")
    if not all(generator_file(way).is_file() for way in DIRECTIONS):
        raise UserError("this installation came without its model: give --name a run, or a file of weights")


def facts_of(generator: Generator, direction: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """What an exported generator says of itself, as text; `known_faces` and `load_shipped` read it.

    Args:
        facts: of its model.
    """
    settings = generator.settings
    return {
        "direction": direction,
        "size": str(generator.size),
        "passes": str(generator.passes),
        "framing": json.dumps(asdict(generator.framing)),
        "settings": json.dumps({**asdict(settings), "kind": settings.kind}),
        "facts": json.dumps(dict(facts)),
    }


def known_faces(facts: Mapping[str, str]) -> dict[str, Any]:
    """Size, framing and passes of a generator, of what its file says."""
    framing = Framing(**json.loads(facts["framing"]))
    return {"size": int(facts["size"]), "framing": framing, "passes": int(facts["passes"])}


def _settings_of(facts: Mapping[str, str]) -> AnyGeneratorSettings:
    found = json.loads(facts["settings"])
    kind = GENERATOR_SETTINGS[found["kind"]]
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return kind(**{name: value for name, value in values.items() if name in kind.__dataclass_fields__})
