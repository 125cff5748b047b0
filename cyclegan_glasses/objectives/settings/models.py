"""Every model that `--model` offers, with its settings."""

from __future__ import annotations

from cyclegan_glasses.objectives.settings.base import ObjectiveSettings
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.faces import FacelyzrSettings, FacemathSettings
from cyclegan_glasses.objectives.settings.supervised import IseeTrainingSettings, Mask2FaceSettings

MODELS: dict[str, type[ObjectiveSettings]] = {
    "cyclegan": CycleGANSettings,
    "cycle_gan": CycleGANSettings,
    "mask2face": Mask2FaceSettings,
    "isee": IseeTrainingSettings,
    "facelyzr": FacelyzrSettings,
    "facemath": FacemathSettings,
}
"""The settings of each model, by `--model`."""
ALIASES = {"cycle_gan": "cyclegan"}
"""What the reference implementation calls a model."""
