"""Sends losses and pictures to Weights & Biases."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.training.progress import Monitor, Progress, Run


class WeightsAndBiases(Monitor):
    """A run of `wandb` with the options, the losses and the newest pictures.

    Args:
        project: that the run belongs to.

    Raises:
        UserError: `wandb` is not installed.
    """

    def __init__(self, project: str) -> None:
        try:
            self._wandb: Any = importlib.import_module("wandb")
        except ImportError:
            raise UserError("--use_wandb needs wandb: pip install wandb, or leave the option out") from None
        self._project = project
        self._run: Any = None

    def start(self, run: Run) -> None:
        """Begin a run under the experiment's name."""
        self._run = self._wandb.init(project=self._project, name=run.name, config=run.options)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Log the losses, the learning rate and the epoch at the number of pictures seen."""
        values = {**losses, "learning_rate": progress.rate, "epoch": progress.position}
        self._run.log(values, step=progress.seen)

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Log the pictures at the number of pictures seen."""
        images = {label: self._wandb.Image(picture, caption=label) for label, picture in pictures.items()}
        self._run.log(images, step=progress.seen)

    def close(self) -> None:
        """End the run."""
        if self._run is not None:
            self._run.finish()
