"""The weights that come with this package: ONNX files that onnxruntime runs, and torch reads by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cyclegan_glasses.domains import DIRECTIONS, GENERATOR_NAMES
from cyclegan_glasses.files import sha256_of

_FOLDER = Path(__file__).resolve().parent / "weights"
#: Names the model that ships where others are named by their folder or file; its files are `generator_file`.
SHIPPED = _FOLDER / "glasses"
SHIPPED_NAME = "shipped"
CLASSIFIER = _FOLDER / "judge.onnx"
FRAME_READER = _FOLDER / "frames.onnx"
#: An algebra of faces, which torch runs.
FACEMATH = _FOLDER / "facemath.pt"


def generator_file(direction: str) -> Path:
    """The file of the generator of `AtoB` (removes) or `BtoA` (adds)."""
    return SHIPPED.with_name(f"{SHIPPED.name}_{direction}.onnx")


@cache
def shipped_digest() -> str:
    """SHA-256 of the generators, hexadecimal and one after the other: another one, another model."""
    return "".join(sha256_of(generator_file(direction)) for direction in DIRECTIONS)


def network_files() -> dict[str, Path]:
    """Each file by the name that its network has in training."""
    return {GENERATOR_NAMES[way]: generator_file(way) for way in DIRECTIONS} | {"judge": CLASSIFIER}


def is_shipped(where: str | Path | None, runs: Path) -> bool:
    """Whether `where` is the model that ships: None, `SHIPPED`, or the word `shipped`, where no file, folder
    or run in the folder `runs` is called so."""
    if where is None or Path(where) == SHIPPED:
        return True
    return str(where) == SHIPPED_NAME and not (runs / where).exists() and not Path(where).exists()
