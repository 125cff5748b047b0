"""A model's generator that removes glasses and says where the frame was, for any process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.models import Generator, translate
from cyclegan_glasses.editing.trained import module_of
from cyclegan_glasses.editing.trained_models import load_model
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing


@dataclass(frozen=True, slots=True)
class FrameRemover:
    """Removes glasses on the CPU, one face at a time on one thread, so that results repeat in any process.

    It is pickled as the place of its weights, which each process loads once.

    Attributes:
        name: a run, its folder, or a packed model.
        runs: folder of runs.
        sha256: of the weights, hexadecimal.
    """

    name: str
    runs: Path
    sha256: str

    @staticmethod
    def open(name: str, runs: Path = Path("checkpoints")) -> FrameRemover:
        """The one of a run or of a file.

        Raises:
            UserError: there is no such model, or it does not say where frames are.
        """
        return FrameRemover(name, runs, _load(name, runs)[1])

    @property
    def faces(self) -> tuple[int, Framing]:
        """Side in pixels of the aligned faces that it knows, and where the eyes lie in them."""
        generator, _ = _load(self.name, self.runs)
        return generator.size, generator.framing

    def __call__(self, face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """An aligned face, uint8 RGB (size, size, 3), without its glasses, float32 levels of 0 to 255, and
        how much of each pixel the frame takes, float32 (size, size) of 0 to 1.

        Raises:
            UserError: this process finds other weights in the place, as where the model is still trained.
        """
        generator, sha256 = _load(self.name, self.runs)
        if sha256 != self.sha256:
            raise UserError(f"{self.name} has changed meanwhile: give --name a copy that stays as it is")
        with _one_thread():
            (made,) = translate(generator, face[None], generator.passes)
        assert made.frame is not None
        return made.picture, made.frame


@lru_cache(maxsize=1)
def _load(name: str, runs: Path) -> tuple[Generator, str]:
    """The generator that removes, and the SHA-256 of its weights."""
    model = load_model(name, runs=runs)
    generator = model.get(REMOVE)
    if not generator.settings.locates_frame:
        raise UserError(
            f"{model.source} does not say where frames are: give --name one that was trained with --netG"
            " coarse_to_fine and --lambda_frame"
        )
    digest = hashlib.sha256()
    for key, value in sorted(module_of(generator).state_dict().items()):
        digest.update(key.encode() + value.numpy().tobytes())
    return generator, digest.hexdigest()


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
